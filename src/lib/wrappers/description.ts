import type { Config } from "../config/config.js"
import { ENVIRONMENTS } from "../config/deploy.js"
import { deliverySecrets } from "../pipeline/deliverySecrets.js"
import { fail } from "../errors/catalogue.js"

/** What a wrapper is made of. */
export interface Description {
  /** Where Slipway is fetched from, and in which commit. */
  repository: string
  commit: string
  /** Names of secrets, each the name of the variable that the run finds it in. */
  secrets: readonly string[]
  /** Names of settings that aren't secret, in the same way. */
  variables: readonly string[]
  /** When to look for drift: five fields of cron, UTC. */
  schedule: string
  /** The service connection of Azure Pipelines. */
  connection?: string
}

/** What all wrappers pin, beside Slipway itself. */
export const PINNED = Object.freeze({ node: "20.20.2", dagger: "0.21.8" })

/** The branches that policy knows; a pull request goes to the first two. */
export const BASES = ["main", "develop"] as const
export const BRANCHES = [...BASES, "feature/", "hotfix/"] as const

/** Longer than any stage may take by default, and shorter than what a host would give a run that hangs. */
export const LIMIT_MINUTES = 120

/** What somebody may ask a host to do by hand, and where. */
export const ACTIONS = ["checks", "drift", "deploy", "rollback"] as const
export type Action = (typeof ACTIONS)[number]

/** The questions that every host's form has, in the words that people read. */
export const QUESTIONS = {
  SLIPWAY_ACTION: "What to do",
  SLIPWAY_ENVIRONMENT: "Where to deploy, or to go back",
  SLIPWAY_VERSION: "What to deploy: a tag or digest; to go back, by default the last good one",
} as const

export const HEADER = "Written by `slipway wrappers` from slipway.yaml: change that, and write it again."

/** Who logs in to Azure; no secrets. */
const AZURE = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"]

/**
 * Describes a service's wrappers, by its settings. What is given as `pin` goes before what they name. Fails with
 * WRAPPERS_UNPINNED.
 */
export function describeWrappers(config: Config, pin = ""): Description {
  const [, repository, commit] = /^(.+)@([0-9a-f]{40})$/.exec(pin || (config.wrappers.slipway ?? "")) ?? []
  if (repository === undefined || commit === undefined) throw fail("WRAPPERS_UNPINNED", [pin])
  const { schedule, secrets, connection } = config.wrappers
  return {
    repository,
    commit,
    schedule,
    variables: AZURE,
    secrets: [...new Set([...secretsOf(config), ...secrets])].sort(),
    ...(connection !== undefined && { connection }),
  }
}

/**
 * The secrets that follow from what the service does: where it is published, how that is signed, where it runs, who is
 * told, with what it is tried.
 */
function secretsOf(config: Config): string[] {
  const { release, deploy, wrappers } = config
  if (release.registry === undefined) return []
  const signer = release.identity === undefined ? ["COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD"] : []
  const clusters = ENVIRONMENTS.filter((environment) => deploy.aks[environment] === undefined)
  const databases = deploy.migrate.command === "none" ? [] : ENVIRONMENTS
  const named = (environment: string, name: string) => `${environment.toUpperCase()}_${name}`
  const listed = (name: string) => (environment: string) =>
    wrappers.secrets.includes(named(environment, name))
  return [
    "REGISTRY_USERNAME",
    "REGISTRY_PASSWORD",
    ...signer,
    ...clusters.map((environment) => named(environment, "KUBECONFIG")),
    ...databases.map((environment) => named(environment, "DATABASE_URL")),
    // Jenkins fails for a secret that it doesn't have: nothing that isn't asked for, nor what environments have of their own.
    ...deliverySecrets(config)
      .filter(({ asked, name, environments }) => asked && !environments.every(listed(name)))
      .map(({ name }) => name),
  ]
}
