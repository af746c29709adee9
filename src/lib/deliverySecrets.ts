import type { Config } from "./config/config.js"
import { type Environment, ENVIRONMENTS } from "./config/deploy.js"
import { type Channel, CHANNELS } from "./config/notify.js"
import type { PolicyGroup } from "./policy.js"

/** By which secret each channel is reached. */
export const WEBHOOKS: Readonly<Record<Channel, string>> = {
  slack: "SLACK_WEBHOOK",
  teams: "TEAMS_WEBHOOK",
  webhook: "NOTIFY_WEBHOOK",
}

/** A secret that telling of a deployment, or trying it, takes where there is one. */
export interface DeliverySecret {
  name: string
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
      ...{ name: WEBHOOKS[channel], setting: "notify.channels", asked: notify.channels !== undefined },
      ...told,
    })),
    ...(channels.includes("webhook")
      ? [{ name: "NOTIFY_WEBHOOK_SECRET", setting: "", asked: false, ...told }]
      : []),
    {
      ...{ name: "GRAFANA_TOKEN", setting: "monitoring.grafana", asked: true, groups: ["tell"] },
      environments: ENVIRONMENTS.filter((environment) => monitoring.grafana[environment] !== undefined),
    },
  ]
}

function trials({ load, dast }: Config): DeliverySecret[] {
  const loaded = { groups: ["load", "stress"], environments: ENVIRONMENTS } as const
  const token = (name: string, setting: string) => ({ name, setting, asked: true, ...loaded })
  return [
    { name: "LOAD_AUTHORIZATION", setting: "", asked: false, ...loaded },
    ...(load.influxdb === undefined ? [] : [token("INFLUXDB_TOKEN", "load.influxdb")]),
    ...(load.prometheus === undefined ? [] : [token("PROMETHEUS_TOKEN", "load.prometheus")]),
    {
      ...{ name: "DAST_AUTH_HEADER", setting: "dast.header", asked: dast.header !== undefined },
      ...{ groups: ["dast"], environments: ENVIRONMENTS },
    },
  ]
}
