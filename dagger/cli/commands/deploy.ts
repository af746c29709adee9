import { existsSync, readFileSync } from "node:fs"
import { NOTIFICATION_SECRETS, TEST_SECRETS } from "../../../src/lib/pipeline/deliverySecrets.js"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import { findHolder, KUBECONFIG } from "../../lib/clusterHolder.js"
import { callModule, daggerHere } from "../../module/call.js"
import { configuredRecipient, registryArguments, type RegistryOptions } from "./credentials.js"
import { actorArguments } from "./actor.js"
import { optionalArgument } from "../../module/arguments.js"
import { secretAddresses } from "../../module/secretAddress.js"
import { absoluteSource } from "./sourceFolder.js"

/** Options of a deployment. */
export interface DeployOptions {
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

/** Variables that a deployment reads, each also with an environment's name as its prefix. */
const NAMES = ["KUBECONFIG", "DATABASE_URL"] as const

/** Remote and token for mirroring the ledger to git notes. */
const LEDGER = ["LEDGER_REMOTE", "LEDGER_TOKEN"]

/** Variables for fetching a kubeconfig from Azure; a password takes precedence over a token, as in Terraform. */
const AZURE = [
  "AZURE_CREDENTIALS",
  "AZURE_CLIENT_ID",
  "AZURE_TENANT_ID",
  "AZURE_SUBSCRIPTION_ID",
  "AZURE_CLIENT_SECRET",
  "AZURE_OIDC_TOKEN",
]
const ENVIRONMENTS = ["STAGING_", "PRODUCTION_", ""] as const

/** The module's arguments for a deployment's target and credentials. Names the secrets only. */
export const deployArguments = (options: DeployOptions): string[] => [
  "with-deploy",
  ...accessArguments(options, [...NOTIFICATION_SECRETS, ...TEST_SECRETS]),
  ...optionalArgument("environment", options.environment),
  ...optionalArgument("reference", options.tag ?? options.version),
  ...(options.rollback ? ["--rollback"] : []),
  ...optionalArgument("scale", options.scale),
]

/** The arguments for access to the cluster, database and ledger, and for `more` secrets. */
export const accessArguments = (options: DeployOptions, more: readonly string[] = []): string[] =>
  clusterArguments(options, [NAMES[1], ...LEDGER, ...more])

/** The arguments for access to the cluster, and for the other secrets that are set. */
export function clusterArguments(
  { deploySecret = [], cluster, embedded }: DeployOptions,
  others: readonly string[] = [],
): string[] {
  const own = embedded && embeddedCluster()
  const clusters = own ? [] : [...kubeconfigAddresses(), ...addressesOf(AZURE)]
  const secrets = [...new Set([...clusters, ...addressesOf(others), ...deploySecret])]
  return [
    ...secrets.map((address) => `--secrets=${address}`),
    ...(own
      ? [`--secrets=${kubeconfig(NAMES[0], KUBECONFIG)}`, `--cluster=${own}`]
      : optionalArgument("cluster", cluster)),
  ]
}

/** Address of the embedded cluster, if it runs. */
function embeddedCluster(): string | undefined {
  const holder = findHolder()
  return holder === undefined ? undefined : `tcp://127.0.0.1:${holder.api}`
}

/** Addresses of the kubeconfigs; a path is replaced by the file's text, which the module takes. */
const kubeconfigAddresses = (): string[] =>
  ENVIRONMENTS.map((prefix) => `${prefix}${NAMES[0]}`).flatMap((name) => {
    const value = process.env[name]
    return value ? [kubeconfig(name, value)] : []
  })

function kubeconfig(name: string, value: string): string {
  if (!value.includes("\n") && existsSync(value)) process.env[name] = readFileSync(value, "utf8")
  return `env://${name}`
}

const addressesOf = (names: readonly string[]): string[] =>
  secretAddresses(ENVIRONMENTS.flatMap((prefix) => names.map((name) => `${prefix}${name}`)))

/** Options of `watch`. */
export interface WatchOptions extends DeployOptions, RegistryOptions {
  source: string
  duration?: string
  runId?: string
}

/** Watches an environment, with the secrets for a rollback and notifications. */
export async function watchDeployment(options: WatchOptions): Promise<number> {
  const folder = absoluteSource(options.source)
  const call = callModule(folder)
  const { environment = "production" } = options
  return daggerHere([
    "--silent",
    ...call,
    `--invocation=${shellQuote(["dagger", ...call])}`,
    "with-notify",
    ...actorArguments(),
    ...registryArguments(options, configuredRecipient(folder)),
    "deploy",
    `--environment=${environment}`,
    ...accessArguments(options, NOTIFICATION_SECRETS),
    "watch",
    ...optionalArgument("duration", options.duration),
    ...optionalArgument("run-id", options.runId),
  ])
}

/** Calls a function of the module that inspects or reconciles an environment. */
export async function callDeploy(
  what: "status" | "logs" | "events" | "finish" | "history" | "ledger",
  { source, ...options }: DeployOptions & { source: string },
  more: readonly string[] = [],
): Promise<number> {
  const folder = absoluteSource(source)
  const call = callModule(folder)
  const environment = options.environment ?? "production"
  const args = ["deploy", `--environment=${environment}`, ...accessArguments(options), what, ...more]
  const end = what === "ledger" ? ["contents"] : []
  return daggerHere(["--silent", ...call, `--invocation=${shellQuote(["dagger", ...call])}`, ...args, ...end])
}
