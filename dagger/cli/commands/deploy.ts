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
  /** A tag, a digest or a whole reference. */
  tag?: string
  /** The version to roll back to. */
  version?: string
  rollback?: boolean
  /** Addresses of secrets, in addition to those in the environment. */
  deploySecret?: string[]
  /** Where the cluster's API answers, such as tcp://127.0.0.1:6443. */
  cluster?: string
  /** Use the embedded cluster. */
  embedded?: boolean
  /** Factor for the duration of load tests. */
  scale?: string
}

/** What a deployment takes from the environment, each also with an environment's name before it. */
const NAMES = ["KUBECONFIG", "DATABASE_URL"] as const

/** Where and as whom the ledger is mirrored to git notes. */
const LEDGER = ["LEDGER_REMOTE", "LEDGER_TOKEN"]

/** Who gets a kubeconfig from Azure; a password goes before a token, as for Terraform. */
const AZURE = [
  "AZURE_CREDENTIALS",
  "AZURE_CLIENT_ID",
  "AZURE_TENANT_ID",
  "AZURE_SUBSCRIPTION_ID",
  "AZURE_CLIENT_SECRET",
  "AZURE_OIDC_TOKEN",
]
const ENVIRONMENTS = ["STAGING_", "PRODUCTION_", ""] as const

/** The arguments of the module that say where to deploy, and as whom. Secrets are only named. */
export const deployArguments = (options: DeployOptions): string[] => [
  "with-deploy",
  ...accessArguments(options, [...NOTIFICATION_SECRETS, ...TEST_SECRETS]),
  ...optionalArgument("environment", options.environment),
  ...optionalArgument("reference", options.tag ?? options.version),
  ...(options.rollback ? ["--rollback"] : []),
  ...optionalArgument("scale", options.scale),
]

/** Those that say how its cluster is reached, and what else a deployment needs. */
export const accessArguments = (options: DeployOptions, more: readonly string[] = []): string[] =>
  clusterArguments(options, [NAMES[1], ...LEDGER, ...more])

/** Those that say how its cluster is reached; of these names too, what the environment holds. */
export function clusterArguments(
  { deploySecret = [], cluster, embedded }: DeployOptions,
  besides: readonly string[] = [],
): string[] {
  const own = embedded && embeddedCluster()
  const clusters = own ? [] : [...kubeconfigAddresses(), ...addressesOf(AZURE)]
  const secrets = [...new Set([...clusters, ...addressesOf(besides), ...deploySecret])]
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

/** A kubeconfig is mostly told by its path, and in CI hosts by its text, which is what the module takes. */
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

/** What a watch is done with. */
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
