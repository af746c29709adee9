import type { Config } from "../config/config.js"
import { type Environment, environmentsOf } from "../config/environments.js"
import { type Channel, CHANNELS } from "../config/notify.js"
import type { Group } from "./stages.js"
import { previewNumber } from "../text/previews.js"
import { ownVariable } from "../text/variables.js"

/** Secrets of notifications. */
export const NOTIFICATION_SECRETS = [
  "SLACK_WEBHOOK",
  "TEAMS_WEBHOOK",
  "NOTIFY_WEBHOOK",
  "NOTIFY_WEBHOOK_SECRET",
  "GRAFANA_TOKEN",
] as const
/** Secrets of load tests and dynamic scans. */
export const TEST_SECRETS = [
  "LOAD_AUTHORIZATION",
  "DAST_AUTH_HEADER",
  "INFLUXDB_TOKEN",
  "PROMETHEUS_TOKEN",
] as const
/** Secrets for access to an environment's cluster; a password of Azure takes precedence over a token, as in Terraform. */
export const CLUSTER_SECRETS = [
  "KUBECONFIG",
  "AZURE_CREDENTIALS",
  "AZURE_CLIENT_ID",
  "AZURE_TENANT_ID",
  "AZURE_SUBSCRIPTION_ID",
  "AZURE_CLIENT_SECRET",
  "AZURE_OIDC_TOKEN",
] as const
/** Secrets of a deployment itself: its database, the git notes that mirror the ledger, reviews, and manifests. */
export const DEPLOYMENT_SECRETS = [
  "DATABASE_URL",
  "LEDGER_REMOTE",
  "LEDGER_TOKEN",
  "REVIEW_TOKEN",
  "MANIFESTS_TOKEN",
  "MANIFESTS_SSH_KEY",
] as const
/** Secrets that reach a service's code, or what its settings name. */
const FOR_CODE: readonly string[] = ["DATABASE_URL", ...TEST_SECRETS]

/**
 * The variables that may hold an environment's secret, its own first.
 *
 * Nobody has reviewed the code and the settings of a preview: it is given none that other environments have too.
 */
export const variablesFor = (environment: Environment, name: string): string[] => [
  ownVariable(environment, name),
  ...(previewNumber(environment) !== undefined && FOR_CODE.includes(name) ? [] : [name]),
]

export type DeliverySecretName = (typeof NOTIFICATION_SECRETS | typeof TEST_SECRETS)[number]

/** The secret of each channel. */
export const WEBHOOKS: Readonly<Record<Channel, DeliverySecretName>> = {
  slack: "SLACK_WEBHOOK",
  teams: "TEAMS_WEBHOOK",
  webhook: "NOTIFY_WEBHOOK",
}

const USED_BY: readonly { names: readonly string[]; groups: readonly Group[] }[] = [
  { names: DEPLOYMENT_SECRETS, groups: ["deploy"] },
  { names: NOTIFICATION_SECRETS, groups: ["notify"] },
  { names: TEST_SECRETS.filter((name) => name !== "DAST_AUTH_HEADER"), groups: ["load", "stress"] },
  { names: ["DAST_AUTH_HEADER"], groups: ["dast"] },
]

/** The secrets that these groups use in an environment, apart from those for its cluster. */
export const environmentSecretsOf = (groups: readonly Group[]): string[] =>
  USED_BY.filter((used) => used.groups.some((group) => groups.includes(group))).flatMap(({ names }) => names)

/**
 * The variables that hold these secrets for these environments.
 *
 * An environment's own variable precedes the one for all, which is left out where each has its own.
 */
export function variablesOf(
  names: readonly string[],
  environments: readonly string[],
  isSet: (variable: string) => boolean,
): string[] {
  const own = environments.flatMap((environment) => names.map((name) => ownVariable(environment, name)))
  const lacking = (name: string) =>
    environments.length === 0 ||
    environments.some(
      (environment) =>
        !isSet(ownVariable(environment, name)) && variablesFor(environment, name).includes(name),
    )
  return [...own, ...names.filter(lacking)].filter(isSet)
}

/** A secret that notifications, load tests or scans of a deployment use if it is set. */
export interface DeliverySecret {
  name: DeliverySecretName
  /** The key of `slipway.yaml` that needs it; empty for none. */
  setting: string
  /** True if that key is set. */
  asked: boolean
  /** The groups of stages that use it. */
  groups: readonly Group[]
  environments: readonly Environment[]
}

/** The secrets that notifications, load tests and scans use with this configuration. */
export function deliverySecrets(config: Config): DeliverySecret[] {
  const all = [...notificationSecrets(config), ...testSecrets(config)]
  return all.filter(({ environments }) => environments.length > 0)
}

function notificationSecrets({ notify, monitoring, deploy }: Config): DeliverySecret[] {
  const channels = notify.channels ?? CHANNELS
  const notified = {
    groups: ["notify"],
    environments: notify.events.length === 0 ? [] : notify.environments,
  } as const
  return [
    ...channels.map((channel) => ({
      name: WEBHOOKS[channel],
      setting: "notify.channels",
      asked: notify.channels !== undefined,
      ...notified,
    })),
    ...(channels.includes("webhook")
      ? [{ name: "NOTIFY_WEBHOOK_SECRET" as const, setting: "", asked: false, ...notified }]
      : []),
    {
      name: "GRAFANA_TOKEN" as const,
      setting: "monitoring.grafana",
      asked: true,
      groups: notified.groups,
      environments: environmentsOf(deploy).filter(
        (environment) => monitoring.grafana[environment] !== undefined,
      ),
    },
  ]
}

function testSecrets({ load, dast, deploy }: Config): DeliverySecret[] {
  const environments = environmentsOf(deploy)
  const loaded = { groups: ["load", "stress"], environments } as const
  const token = (name: DeliverySecretName, setting: string) => ({ name, setting, asked: true, ...loaded })
  return [
    { name: "LOAD_AUTHORIZATION" as const, setting: "", asked: false, ...loaded },
    ...(load.influxdb === undefined ? [] : [token("INFLUXDB_TOKEN", "load.influxdb")]),
    ...(load.prometheus === undefined ? [] : [token("PROMETHEUS_TOKEN", "load.prometheus")]),
    {
      name: "DAST_AUTH_HEADER" as const,
      setting: "dast.header",
      asked: dast.header !== undefined,
      groups: ["dast"] as const,
      environments,
    },
  ]
}
