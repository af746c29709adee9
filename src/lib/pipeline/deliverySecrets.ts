import type { Config } from "../config/config.js"
import { type Environment, ENVIRONMENTS } from "../config/deploy.js"
import { type Channel, CHANNELS } from "../config/notify.js"
import type { PolicyGroup } from "./policy.js"

/** Through what people are told. */
export const NEWS_SECRETS = [
  "SLACK_WEBHOOK",
  "TEAMS_WEBHOOK",
  "NOTIFY_WEBHOOK",
  "NOTIFY_WEBHOOK_SECRET",
  "GRAFANA_TOKEN",
] as const
/** What trials ask the service with, and where their figures go. */
export const TRIAL_SECRETS = [
  "LOAD_AUTHORIZATION",
  "DAST_AUTH_HEADER",
  "INFLUXDB_TOKEN",
  "PROMETHEUS_TOKEN",
] as const
export type DeliverySecretName = (typeof NEWS_SECRETS | typeof TRIAL_SECRETS)[number]

/** By which secret each channel is reached. */
export const WEBHOOKS: Readonly<Record<Channel, DeliverySecretName>> = {
  slack: "SLACK_WEBHOOK",
  teams: "TEAMS_WEBHOOK",
  webhook: "NOTIFY_WEBHOOK",
}

/** A secret that telling of a deployment, or trying it, takes where there is one. */
export interface DeliverySecret {
  name: DeliverySecretName
  /** The key of `slipway.yaml` that it is for; empty where none is. */
  setting: string
  /** Whether that key stands there, and asks for it. */
  asked: boolean
  /** Groups of stages that take it. */
  groups: readonly PolicyGroup[]
  environments: readonly Environment[]
}

/** The secrets that people are told and trials are made with, by these settings. */
export function deliverySecrets(config: Config): DeliverySecret[] {
  const all = [...news(config), ...trials(config)]
  return all.filter(({ environments }) => environments.length > 0)
}

function news({ notify, monitoring }: Config): DeliverySecret[] {
  const channels = notify.channels ?? CHANNELS
  const told = {
    groups: ["tell"],
    environments: notify.events.length === 0 ? [] : notify.environments,
  } as const
  return [
    ...channels.map((channel) => ({
      name: WEBHOOKS[channel],
      setting: "notify.channels",
      asked: notify.channels !== undefined,
      ...told,
    })),
    ...(channels.includes("webhook")
      ? [{ name: "NOTIFY_WEBHOOK_SECRET" as const, setting: "", asked: false, ...told }]
      : []),
    {
      name: "GRAFANA_TOKEN" as const,
      setting: "monitoring.grafana",
      asked: true,
      groups: told.groups,
      environments: ENVIRONMENTS.filter((environment) => monitoring.grafana[environment] !== undefined),
    },
  ]
}

function trials({ load, dast }: Config): DeliverySecret[] {
  const loaded = { groups: ["load", "stress"], environments: ENVIRONMENTS } as const
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
      environments: ENVIRONMENTS,
    },
  ]
}
