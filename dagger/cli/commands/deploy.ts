import { ENVIRONMENTS } from "../../../src/lib/config/deploy.js"
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
): string[] => [
  "with-deploy",
  ...environmentArguments(options, {
    // A cleanup asks every environment what it runs; one after a deployment to staging holds nothing of production's.
    clusters: groups.includes("cleanup") && environment !== "staging" ? ENVIRONMENTS : listOf(environment),
    secrets: variablesOf(environmentSecretsOf(groups), testedBy(groups, environment), isSet),
  }),
  ...optionalArgument("environment", options.environment),
  ...optionalArgument("reference", options.tag ?? options.version),
  ...(options.rollback ? ["--rollback"] : []),
  ...optionalArgument("scale", options.scale),
]

/** The environments whose secrets these groups use: a scheduled run tests all. */
const testedBy = (groups: readonly Group[], environment: string | undefined): readonly string[] =>
  environment === undefined && ["stress", "dast"].some((test) => groups.some((group) => group === test))
    ? ENVIRONMENTS
    : listOf(environment)

/** The arguments for access to an environment's cluster, database and ledger, and for `more` secrets. */
export const accessArguments = (options: DeployOptions, more: readonly string[] = []): string[] =>
  environmentArguments(options, {
    clusters: listOf(options.environment),
    secrets: variablesOf([...DEPLOYMENT_SECRETS, ...more], listOf(options.environment), isSet),
  })

/** The arguments for access to the clusters of all environments. */
export const clusterArguments = (options: DeployOptions): string[] =>
  environmentArguments(options, { clusters: ENVIRONMENTS, secrets: [] })

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
  return whileLoggedIn(recipient, () =>
    daggerHere([
      "--silent",
      ...calledFor(folder, service),
      ...watchArguments({ ...options, origin }, recipient),
    ]),
  )
}

/** The arguments of `dagger` that watch an environment, after the call of the module. */
export function watchArguments(
  options: Omit<WatchOptions, "source"> & { origin: string },
  recipient: Recipient,
): string[] {
  const { environment = "production" } = options
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

/** Calls a function of the module that inspects or reconciles an environment. */
export async function callDeploy(
  what: "status" | "logs" | "events" | "finish" | "history" | "ledger",
  { source, ...options }: DeployOptions & { source: string },
  more: readonly string[] = [],
): Promise<number> {
  const folder = absoluteSource(source)
  const service = oneService(folder, options.service)
  const environment = options.environment ?? "production"
  const args = [
    "deploy",
    `--environment=${environment}`,
    ...accessArguments({ ...options, environment }),
    what,
    ...more,
  ]
  const end = what === "ledger" ? ["contents"] : []
  return daggerHere(["--silent", ...calledFor(folder, service), ...args, ...end])
}

/** The call of the module for a service, with the invocation that repeats it. */
function calledFor(folder: string, service: string | undefined): string[] {
  const [call, chosen] = [callModule(folder), serviceArguments(service)]
  return [...call, `--invocation=${shellQuote(["dagger", ...call, ...chosen])}`, ...chosen]
}
