import { existsSync, readFileSync } from "node:fs"

/** The text of a kubeconfig, given as text or by its path. */
export const givenKubeconfig = (given: string): string =>
  !given.includes("\n") && existsSync(given) ? readFileSync(given, "utf8") : given
