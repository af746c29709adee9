/** Previews of pull requests: their section, and what holds in them. */
import { without } from "../text/json.js"
import { previewNumber, PREVIEWS } from "../text/previews.js"
import type { Config } from "./config.js"
import { type Environment, environmentOf, environmentsOf } from "./environments.js"
import { previewNamespaceRule, previewUrlRule } from "./rules.js"

/** The section `deploy.preview`. */
export const previewSection = {
  kind: "section",
  doc: 'The previews of pull requests, the environments `preview-1` and so on; [previews](previews.md). "{number}" stands for the number of the pull request.',
  fields: {
    namespace: {
      kind: "text",
      doc: "A preview's own namespace, which is created and deleted with it. Without it, there are no previews.",
      rules: [previewNamespaceRule],
    },
    url: {
      kind: "text",
      doc: "A preview's public URL, whose health is checked after the switch.",
      rules: [previewUrlRule],
    },
  },
} as const

type ByEnvironment<T> = Readonly<Record<Environment, T>>

/** Returns a text of settings or manifests with the number of a preview in it. */
export const numbered = (text: string, environment: Environment): string =>
  text.replaceAll("{number}", previewNumber(environment) ?? "{number}")

/**
 * Returns the settings as they hold in an environment: a preview is named besides the others, in a namespace of its own.
 *
 * It is no step on the way to production: it takes what nobody has reviewed or promoted. Its soak ends at once, as
 * without users' traffic there is nothing to judge.
 */
export function configIn(config: Config, environment: Environment): Config {
  const { deploy, monitoring } = config
  const { namespace = "", url } = deploy.preview
  if (previewNumber(environment) === undefined) return config
  const own = <T>(map: ByEnvironment<T>, value: NoInfer<T> | undefined): ByEnvironment<T> =>
    value === undefined ? map : { ...map, [environment]: value }
  return {
    ...config,
    deploy: {
      ...deploy,
      environments: [environment, ...deploy.environments],
      promotion: own(deploy.promotion, "ignore"),
      verify: own(deploy.verify, "warn"),
      drift: own(deploy.drift, "ignore"),
      review: own(deploy.review, "ignore"),
      releases: own(deploy.releases, "any"),
      namespace: own(deploy.namespace, numbered(namespace, environment)),
      url: own(deploy.url, url && numbered(url, environment)),
      errors: { ...without(deploy.errors, "prometheus"), samples: 0, maxPercent: 100 },
      soak: 0,
      hold: 0,
    },
    // Nobody is called for what nobody uses.
    monitoring: { ...monitoring, alerts: { ...monitoring.alerts, load: "never" } },
  }
}

/** The environment of this name, and the settings as they hold in it. Fails with UNKNOWN_ENVIRONMENT and NO_PREVIEWS. */
export function inEnvironment(config: Config, name: string): { environment: Environment; config: Config } {
  const environment = environmentOf(name, config.deploy)
  return { environment, config: configIn(config, environment) }
}

/** The names whose clusters a cleanup asks: every environment, and one for all previews if there may be any. */
export const clusterNames = (deploy: Config["deploy"]): readonly string[] => [
  ...environmentsOf(deploy),
  ...(deploy.preview.namespace === undefined ? [] : [PREVIEWS]),
]
