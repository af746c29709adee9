/** Names of variables that hold a secret of one environment alone. */
import { sharedName } from "./previews.js"

/** The variable with an environment's own secret: `PRE_PROD_KUBECONFIG`; of a preview `PREVIEW_KUBECONFIG`. */
export const ownVariable = (environment: string, name: string): string =>
  `${sharedName(environment).toUpperCase().replaceAll("-", "_")}_${name}`

/** The environment that a secret belongs to by its name, the longest first; undefined for one of all. */
export const ownerOf = (secret: string, environments: readonly string[]): string | undefined =>
  [...environments]
    .sort((a, b) => b.length - a.length)
    .find((environment) => secret.startsWith(ownVariable(environment, "")))
