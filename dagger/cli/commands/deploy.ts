import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import { environmentsOf, lastEnvironment } from "../../../src/lib/config/environments.js"
import { clusterNames } from "../../../src/lib/config/previews.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { promotionGate } from "../../../src/lib/deploy/promotion.js"
import {
  CLUSTER_SECRETS,
  DEPLOYMENT_SECRETS,
  environmentSecretsOf,
  NOTIFICATION_SECRETS,
  variablesOf,
} from "../../../src/lib/pipeline/deliverySecrets.js"
import type { Group } from "../../../src/lib/pipeline/stages.js"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import { findHolder, KUBECONFIG } from "../../lib/clusterHolder.js"
import { callModule, daggerHere, serviceArguments } from "../../module/call.js"
import { loginRecipient, type Recipient, registryArguments, type RegistryOptions } from "./credentials.js"
import { readSettings } from "./environment.js"
import { givenKubeconfig } from "./kubeconfig.js"
import { whileLoggedIn } from "./acrLogin.js"
import { actorArguments } from "./actor.js"
import { optionalArgument } from "../../module/arguments.js"
import { secretAddress, secretAddresses } from "../../module/secretAddress.js"
import { absoluteSource, oneService, originOf } from "./sourceFolder.js"
import { policyArguments } from "./policy.js"
import { originArguments } from "./verify.js"

/** Options of a deployment. */
export interface DeployOptions {
  /** A service of the source, by its name or folder. */
  service?: string
  environment?: string
  /** A tag, a digest or a full reference. */
  tag?: string
  /** The version to roll back to. */
  version?: string
  rollback?: boolean
  /** Addresses of secrets, in addition to those in the environment. */
  deploySecret?: string[]
  /** Address of the cluster's API, such as tcp://127.0.0.1:6443. */
  cluster?: string
  /** Use the embedded cluster. */
  embedded?: boolean
  /** Factor for the duration of load tests. */
  scale?: string
}

/** The module's arguments for a deployment's target, and the secrets that these groups use in its environment. */
export const deployArguments = (
  options: DeployOptions,
  groups: readonly Group[],
  environment = options.environment,
  deploy: Config["deploy"] = DEFAULTS.deploy,
): string[] => [
  "with-deploy",
  ...environmentArguments(options, {
    clusters: clustersOf(options, groups, environment, deploy),
    secrets: variablesOf(environmentSecretsOf(groups), testedBy(groups, environment, deploy), isSet),
  }),
  ...optionalArgument("environment", options.environment),
  ...optionalArgument("reference", options.tag ?? options.version),
  ...(options.rollback ? ["--rollback"] : []),
  ...optionalArgument("scale", options.scale),
]

/** The environments whose clusters these groups ask: a promotion reads the ledger of the one before. */
function clustersOf(
  { rollback }: DeployOptions,
  groups: readonly Group[],
  environment: string | undefined,
  deploy: Config["deploy"],
): readonly string[] {
  const last = environment === undefined || environment === lastEnvironment(deploy)
  // A cleanup asks every environment what it runs; one after a deployment to staging holds nothing of production's.
  if (groups.includes("cleanup") && last) return clusterNames(deploy)
  const promotes = groups.includes("deploy") && rollback !== true && environment !== undefined
  const gate = promotes ? promotionGate(deploy, environment) : undefined
  return [...listOf(environment), ...listOf(gate?.before)]
}

/** The environments whose secrets these groups use: a scheduled run tests all. */
const testedBy = (
  groups: readonly Group[],
  environment: string | undefined,
  deploy: Config["deploy"],
): readonly string[] =>
  environment === undefined && ["stress", "dast"].some((test) => groups.some((group) => group === test))
    ? environmentsOf(deploy)
    : listOf(environment)

/** The arguments for access to an environment's cluster, database and ledger, and for `more` secrets. */
export const accessArguments = (options: DeployOptions, more: readonly string[] = []): string[] =>
  environmentArguments(options, {
    clusters: listOf(options.environment),
    secrets: variablesOf([...DEPLOYMENT_SECRETS, ...more], listOf(options.environment), isSet),
  })

/** The arguments for access to the clusters of all environments, and of previews. */
export const clusterArguments = (options: DeployOptions, deploy: Config["deploy"]): string[] =>
  environmentArguments(options, { clusters: clusterNames(deploy), secrets: [] })

const listOf = (environment: string | undefined): string[] => (environment === undefined ? [] : [environment])

/** The arguments for access to the clusters of these environments, and for these secrets. */
function environmentArguments(
  { deploySecret = [], cluster, embedded }: DeployOptions,
  { clusters, secrets }: { clusters: readonly string[]; secrets: readonly string[] },
): string[] {
  const own = embedded && embeddedCluster()
  const access = own ? [] : variablesOf(CLUSTER_SECRETS, clusters, isSet).flatMap(clusterAddress)
  const addresses = new Set([...access, ...secretAddresses(secrets), ...deploySecret])
  return [
    ...[...addresses].map((address) => `--secrets=${address}`),
    ...(own
      ? [`--secrets=${kubeconfig("KUBECONFIG", KUBECONFIG)}`, `--cluster=${own}`]
      : optionalArgument("cluster", cluster)),
  ]
}

const isSet = (name: string): boolean => secretAddress(name) !== undefined

/** Address of the embedded cluster, if it runs. */
function embeddedCluster(): string | undefined {
  const holder = findHolder()
  return holder === undefined ? undefined : `tcp://127.0.0.1:${holder.api}`
}

/** The address of a secret for a cluster; a kubeconfig's path is replaced by the file's text, which the module takes. */
const clusterAddress = (name: string): string[] =>
  name.endsWith("KUBECONFIG") ? [kubeconfig(name, process.env[name] ?? "")] : secretAddresses([name])

function kubeconfig(name: string, value: string): string {
  const text = givenKubeconfig(value)
  if (text !== value) process.env[name] = text
  return `env://${name}`
}

/**
 * Fails with NO_CLUSTER if nothing says how to reach the environment's cluster, before the engine is asked: `dagger` ends
 * with 1 for whatever a function of the module fails with.
 */
function requireCluster(
  deploy: Config["deploy"] | undefined,
  access: readonly string[],
  environment: string,
): void {
  // Settings that only the module can read may name a cluster of AKS; what is wrong with others is for it to say.
  if (deploy === undefined || deploy.aks[environment] !== undefined) return
  if (!access.some((word) => /^--secrets=[^?]*KUBECONFIG/.test(word))) throw fail("NO_CLUSTER", [environment])
}

/** Options of `watch`. */
export interface WatchOptions extends DeployOptions, RegistryOptions {
  source: string
  duration?: string
  /** The floor of releases. */
  policy?: string
  runId?: string
}

/** Watches an environment, with the secrets for a rollback and notifications. */
export async function watchDeployment(options: WatchOptions): Promise<number> {
  const folder = absoluteSource(options.source)
  const service = oneService(folder, options.service)
  const origin = await originOf(folder)
  const recipient = loginRecipient(options, folder, service)
  return whileLoggedIn(recipient, () => {
    const watch = watchArguments({ ...options, origin }, recipient)
    requireCluster(readSettings(folder, service), watch, watchedEnvironment(options))
    return daggerHere(["--silent", ...calledFor(folder, service), ...watch])
  })
}

/** The arguments of `dagger` that watch an environment, after the call of the module. */
export function watchArguments(
  options: Omit<WatchOptions, "source"> & { origin: string },
  recipient: Recipient,
): string[] {
  const environment = watchedEnvironment(options)
  return [
    "with-notify",
    ...actorArguments(),
    ...originArguments(options.origin),
    ...registryArguments(options, recipient),
    ...policyArguments(options.policy),
    "deploy",
    `--environment=${environment}`,
    ...accessArguments({ ...options, environment }, NOTIFICATION_SECRETS),
    "watch",
    ...optionalArgument("duration", options.duration),
    ...optionalArgument("run-id", options.runId),
  ]
}

const watchedEnvironment = ({ environment }: DeployOptions): string =>
  environment ?? lastEnvironment(DEFAULTS.deploy)

/** Calls a function of the module that inspects or reconciles an environment. */
export async function callDeploy(
  what: "status" | "logs" | "events" | "finish" | "history" | "ledger" | "down",
  { source, ...options }: DeployOptions & { source: string },
  more: readonly string[] = [],
): Promise<number> {
  const folder = absoluteSource(source)
  const service = oneService(folder, options.service)
  const deploy = readSettings(folder, service)
  const environment = options.environment ?? lastEnvironment(deploy ?? DEFAULTS.deploy)
  const access = accessArguments({ ...options, environment })
  requireCluster(deploy, access, environment)
  const args = ["deploy", `--environment=${environment}`, ...access, what, ...more]
  const end = what === "ledger" ? ["contents"] : []
  return daggerHere(["--silent", ...calledFor(folder, service), ...args, ...end])
}

/** The call of the module for a service, with the invocation that repeats it. */
function calledFor(folder: string, service: string | undefined): string[] {
  const [call, chosen] = [callModule(folder), serviceArguments(service)]
  return [...call, `--invocation=${shellQuote(["dagger", ...call, ...chosen])}`, ...chosen]
}
