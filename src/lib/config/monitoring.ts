import { ENVIRONMENTS } from "./deploy.js"
import {
  dashboardUid,
  duration,
  httpUrl,
  labelName,
  labelValue,
  latency,
  latencySeconds,
  noCredentials,
  path,
  percentage,
  seconds,
} from "./rules.js"

/** What is done about a version that isn't well while it is watched. */
export const WATCH_POLICIES = ["alert", "rollback"] as const

/** Percentages that YAML reads as such where the quotes are left out. */
const PERCENTAGES = [...Array.from({ length: 100 }, (_, index) => index), 99.5, 99.9, 99.95, 99.99]

/** How a deployed service is watched. */
export const monitoring = {
  kind: "section",
  doc: "How a deployed service is watched.",
  fields: {
    grafana: {
      kind: "map",
      doc: "An environment's Grafana, where deployments are marked; GRAFANA_TOKEN is a secret.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [noCredentials, httpUrl] },
      default: {},
    },
    dashboard: {
      kind: "text",
      doc: "The uid of the dashboard to mark them on. Left out, they are marks of the organization, for any dashboard.",
      rules: [dashboardUid],
    },
    job: {
      kind: "text",
      doc: "The job of the service's metrics in Prometheus. Left out, the service's name.",
      rules: [labelValue],
    },
    by: {
      kind: "list",
      doc: "The labels that tell instances of the service apart, each of which is judged by itself.",
      item: { kind: "text", rules: [labelName] },
      default: ["namespace"],
    },
    status: {
      kind: "text",
      doc: "The label that holds the status of an answer.",
      rules: [labelName],
      default: "status",
    },
    alerts: {
      kind: "section",
      doc: "When Prometheus raises an alert.",
      fields: {
        file: {
          kind: "text",
          doc: "Where the rules are written to.",
          rules: path,
          default: "monitoring/alerts.yaml",
        },
        errors: {
          kind: "integer",
          doc: "Per cent of the answers above which there are too many errors. Left out, deploy.errors.maxPercent.",
          minimum: 0,
          maximum: 99,
        },
        latency: {
          kind: "text",
          doc: 'What 95 of 100 answers may take, such as "500ms" or "2s". Left out, deploy.latencyP95.',
          rules: [latency],
          convert: latencySeconds,
        },
        uptime: {
          kind: "text",
          doc: "Per cent of the last hour that the service has to be up.",
          rules: [percentage],
          numbers: PERCENTAGES,
          convert: Number,
          default: "99.5",
        },
        for: {
          kind: "text",
          doc: "How long it has to last before the alert is raised.",
          rules: [duration],
          convert: seconds,
          default: "5m",
        },
        runbook: {
          kind: "text",
          doc: "What to do, for whoever gets the alert.",
          rules: [noCredentials, httpUrl],
        },
      },
    },
    watch: {
      kind: "section",
      doc: "What `slipway watch` does.",
      fields: {
        policy: {
          kind: "choice",
          doc: "What becomes of a version with errors or bad health: an alert for people, or the way back too. Slow answers only raise an alert.",
          values: WATCH_POLICIES,
          default: "rollback",
        },
        duration: { kind: "text", doc: "For how long.", rules: [duration], convert: seconds, default: "30m" },
      },
    },
  },
} as const
