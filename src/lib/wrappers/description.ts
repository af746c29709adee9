import type { Config } from "../config/config.js"
import { entryEnvironments, type Entry, environmentsOf } from "../config/environments.js"
import { manifestsSecret } from "../deploy/commitTarget.js"
import { fail } from "../errors/catalogue.js"
import {
  CLUSTER_SECRETS,
  deliverySecrets,
  NOTIFICATION_SECRETS,
  TEST_SECRETS,
} from "../pipeline/deliverySecrets.js"
import { isIndexSecret } from "../python/indexSecrets.js"
import { declaredServices } from "../services/places.js"
import { forTool } from "../secrets/credentials.js"
import { PREVIEWS } from "../text/previews.js"
import { ownerOf, ownVariable } from "../text/variables.js"

/** The content of a wrapper, independent of the host. */
export interface Description {
  /** The git repository and commit of Slipway. */
  repository: string
  commit: string
  /** The environments that are deployed to, in order of promotion, and what enters each by itself. */
  environments: readonly string[]
  entries: Readonly<Record<Entry, string>>
  /** The branch that versions are tagged on, and that which is deployed by each push. */
  main: string
  develop: string
  /** Names of secrets, which are also the names of their variables. */
  secrets: readonly string[]
  /** Names of variables that aren't secret. */
  variables: readonly string[]
  /** Schedule of the drift check: five fields of cron, UTC. */
  schedule: string
  /** True if pushes to hotfix/* are delivered. */
  hotfixes: boolean
  /** True if pull requests are planned, since the repository has Terraform's files. */
  plans: boolean
  /** True if pull requests have previews. */
  previews: boolean
  /** The services of the repository by name; none for a repository that is one. */
  services: readonly string[]
  /** The service connection of Azure Pipelines. */
  connection?: string
}

/**
 * Versions that all wrappers pin in addition to Slipway, and the digests of Dagger's archives for Linux. Dagger's version
 * is also that of the engine that Slipway makes; a test compares the files that can't read it here.
 */
export const PINNED = Object.freeze({
  node: "20.20.2",
  dagger: "0.21.8",
  digests: {
    amd64: "53e226c7da8fb75171e58c35759d736d961ce8b3a12db0baa7b7107954fccc5a",
    arm64: "cd0df4885f2050082932b4abc5a6aad9a733f6aa4e7d8474740558517ffec4af",
  },
})

/** The branches that pull requests target. */
export const basesOf = ({ main, develop }: Pick<Description, "main" | "develop">): string[] => [main, develop]

/** The branches of the branching policy; a name that ends with a slash stands for all below it. */
export const branchesOf = (description: Pick<Description, "main" | "develop">): string[] => [
  ...basesOf(description),
  "feature/",
  "hotfix/",
]

/** Time limit: longer than any stage's default, and shorter than a host's limit for a run that hangs. */
export const LIMIT_MINUTES = 120

/** Actions that a user can start by hand at the host. */
export const ACTIONS = ["checks", "drift", "deploy", "rollback"] as const
export type Action = (typeof ACTIONS)[number]

/** Labels of the inputs in every host's form. */
export const QUESTIONS = {
  SLIPWAY_ACTION: "What to do",
  SLIPWAY_ENVIRONMENT: "Where to deploy, or to go back",
  SLIPWAY_SERVICE: "Which service to deploy, or to take back",
  SLIPWAY_VERSION: "What to deploy: a tag or digest; to go back, by default the last good one",
} as const

/** A text with the services' names, in forms of repositories that have several; else empty. */
export const ofServices = (
  { services }: Pick<Description, "services">,
  text: (names: string, first: string) => string,
): string => (services.length === 0 ? "" : text(services.join(", "), services[0] ?? ""))

export const HEADER = "Written by `slipway wrappers` from slipway.yaml: change that, and write it again."

/**
 * The environments of a host, each with its own secrets and protection: one for the plans of pull requests, one for
 * what runs on schedule, and those that are deployed to.
 */
export const scopesOf = ({ environments }: Pick<Description, "environments">): string[] => [
  "plan",
  ...environments,
  "maintenance",
]

type Held = Pick<Description, "environments" | "secrets">

/**
 * The secrets of a scope: staging's job never holds production's, nor one for plans or previews the key that signs.
 */
export function secretsIn(scope: string, { environments, secrets }: Held): string[] {
  if (scope === "plan") return secrets.filter((name) => isTool(name) || isReview(name))
  if (scope === "maintenance")
    return secrets.filter((name) => isTool(name) || isCluster(name) || isRegistry(name) || isTest(name))
  if (scope === PREVIEWS)
    return secrets.filter(
      (name) =>
        isPreview(name, environments) || isRegistry(name) || isIndexSecret(name) || name.startsWith("AZURE_"),
    )
  const index = environments.indexOf(scope)
  return secrets.filter((name) => {
    const owner = ownerOf(name, environments)
    const other = owner === undefined ? index : environments.indexOf(owner)
    // The job asks the clusters of earlier environments: for a promotion, and a version's cleanup what they run, as
    // previews do.
    if (isPreview(name, environments)) return isCluster(name) && index === environments.length - 1
    return isDeployed(name) && (other === index || (other < index && isCluster(name)))
  })
}

/** True for a secret of previews alone. */
const isPreview = (name: string, environments: readonly string[]): boolean =>
  ownerOf(name, [...environments, PREVIEWS]) === PREVIEWS

/** True for a secret of Terraform's. */
const isTool = (name: string): boolean => forTool({ [name]: "set" }).length > 0
const isCluster = (name: string): boolean =>
  CLUSTER_SECRETS.some((secret) => name === secret || name.endsWith(`_${secret}`))
const isRegistry = (name: string): boolean => /^(?:REGISTRY|ACR)_/.test(name)
/** True for a secret of tests of deployed services, and of notifications of what they find. */
const isTest = (name: string): boolean =>
  [...NOTIFICATION_SECRETS, ...TEST_SECRETS].some((secret) => name === secret || name.endsWith(`_${secret}`))
/** True for the key of plans, and tokens that comment on pull requests. */
const isReview = (name: string): boolean =>
  ["SLIPWAY_PLAN_KEY", "GITHUB_TOKEN", "GITLAB_TOKEN"].includes(name)
/** Terraform's are among them: before a deployment its infrastructure is compared with the state. */
const isDeployed = (name: string): boolean => isCluster(name) || !isReview(name)

/** The secrets of all jobs but that for plans. */
export function deliverySecretsIn(description: Held): string[] {
  const scopes = scopesOf(description).filter((scope) => scope !== "plan")
  const held = new Set(scopes.flatMap((scope) => secretsIn(scope, description)))
  return description.secrets.filter((name) => held.has(name))
}

/** The environments before that of a secret, whose jobs don't ask for it even if it is there by mistake. */
export function notAskedIn(name: string, { environments }: Pick<Description, "environments">): string[] {
  const owner = ownerOf(name, environments)
  return owner === undefined ? [] : environments.slice(0, environments.indexOf(owner))
}

/** The secrets of the job for checks: credentials of package indexes, which `wrappers.secrets` lists. */
export const checkSecretsIn = (secrets: readonly string[]): string[] => secrets.filter(isIndexSecret)

/** True if pull requests have previews, whose images need a registry. */
const hasPreviews = ({ release, deploy }: Config): boolean =>
  release.registry !== undefined && deploy.preview.namespace !== undefined

/** Registries of Azure, in all its clouds. */
const AZURE_REGISTRY = /\.azurecr\.(?:io|cn|us)\b/i

/** Variables of the Azure identity; some keep them as secrets, under the same names. */
const AZURE = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"]

/**
 * Describes a service's wrappers by its settings. Fails with WRAPPERS_UNPINNED.
 *
 * `pin` takes precedence over the pinned commit in the settings; `plans` if the repository has Terraform's files.
 */
export function describeWrappers(config: Config, pin = "", plans = false): Description {
  const [, repository, commit] = /^(.+)@([0-9a-f]{40})$/.exec(pin || (config.wrappers.slipway ?? "")) ?? []
  if (repository === undefined || commit === undefined) throw fail("WRAPPERS_UNPINNED", [pin])
  const { schedule, secrets, connection, hotfixes } = config.wrappers
  return {
    repository,
    commit,
    ...config.branches,
    environments: environmentsOf(config.deploy),
    entries: entryEnvironments(config.deploy),
    schedule,
    hotfixes,
    plans,
    previews: hasPreviews(config),
    services: declaredServices(config).map(({ name }) => name),
    variables: AZURE,
    secrets: [...new Set([...secretsOf(config), ...secrets])].sort(),
    ...(connection !== undefined && { connection }),
  }
}

/**
 * The secrets that follow from the settings: for registry, signer, clusters, databases, notifications, load tests and
 * scans.
 */
function secretsOf(config: Config): string[] {
  const { release, deploy, wrappers } = config
  if (release.registry === undefined) return []
  const signer = release.identity === undefined ? ["COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD"] : []
  const clusters = deploy.environments.filter((environment) => deploy.aks[environment] === undefined)
  const databases = deploy.migrate.command === "none" ? [] : deploy.environments
  const listed = (name: string) => (environment: string) =>
    wrappers.secrets.includes(ownVariable(environment, name))
  const azure = AZURE_REGISTRY.test(release.registry) || clusters.length < deploy.environments.length
  return [
    "REGISTRY_USERNAME",
    "REGISTRY_PASSWORD",
    ...(AZURE_REGISTRY.test(release.registry) ? ["ACR_USERNAME", "ACR_PASSWORD"] : []),
    ...(azure ? ["AZURE_CREDENTIALS", "AZURE_CLIENT_SECRET"] : []),
    ...signer,
    ...clusters.map((environment) => ownVariable(environment, "KUBECONFIG")),
    ...databases.map((environment) => ownVariable(environment, "DATABASE_URL")),
    ...(hasPreviews(config) ? [ownVariable(PREVIEWS, "KUBECONFIG")] : []),
    ...(hasPreviews(config) && databases.length > 0 ? [ownVariable(PREVIEWS, "DATABASE_URL")] : []),
    ...manifestsSecret(deploy.commit.repository),
    // Without those that aren't asked for or that environments have of their own.
    ...deliverySecrets(config)
      .filter(({ asked, name, environments }) => asked && !environments.every(listed(name)))
      .map(({ name }) => name),
  ]
}
