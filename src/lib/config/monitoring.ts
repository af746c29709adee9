import { ENVIRONMENTS } from "./environments.js"
import {
  dashboardUidRule,
  durationRule,
  hostPortRule,
  httpUrlRule,
  kubeLabelRule,
  kubeLabelValueRule,
  labelNameRule,
  labelValueRule,
  latencyRule,
  latencySeconds,
  noCredentialsRule,
  pathRules,
  percentageRule,
  durationSeconds,
} from "./rules.js"

/** The reactions to an unhealthy version during a watch. */
export const WATCH_POLICIES = ["alert", "rollback"] as const

/** How alert rules reach a cluster's Prometheus at a deployment. */
export const RULE_LOADS = ["auto", "operator", "configmap", "never"] as const

/** Percentages that YAML reads as numbers if they are not quoted. */
const PERCENTAGES = [...Array.from({ length: 100 }, (_, index) => index), 99.5, 99.9, 99.95, 99.99]

/** The section `monitoring`. */
export const monitoringSection = {
  kind: "section",
  doc: "The alerts, annotations and watch of a deployed service.",
  fields: {
    grafana: {
      kind: "map",
      doc: "An environment's Grafana, where deployments are annotated; the secret GRAFANA_TOKEN is its token.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [noCredentialsRule, httpUrlRule] },
      default: {},
    },
    dashboard: {
      kind: "text",
      doc: "The uid of the dashboard to annotate. Default: annotations of the organization, which any dashboard can show.",
      rules: [dashboardUidRule],
    },
    job: {
      kind: "text",
      doc: "The job of the service's metrics in Prometheus. Default: the service's name.",
      rules: [labelValueRule],
    },
    by: {
      kind: "list",
      doc: "The labels that distinguish instances of the service, each of which is judged by itself.",
      item: { kind: "text", rules: [labelNameRule] },
      default: ["namespace"],
    },
    status: {
      kind: "text",
      doc: "The label with the status of a response.",
      rules: [labelNameRule],
      default: "status",
    },
    alerts: {
      kind: "section",
      doc: "The alert rules for Prometheus.",
      fields: {
        file: {
          kind: "text",
          doc: "The file to write the rules to.",
          rules: pathRules,
          default: "monitoring/alerts.yaml",
        },
        load: {
          kind: "choice",
          doc: "How a deployment loads the rules into the service's namespace: as objects of the Prometheus operator, as a ConfigMap, as the one where the cluster has the operator and the other where not (auto), or never.",
          values: RULE_LOADS,
          default: "auto",
        },
        labels: {
          kind: "named",
          doc: "Labels of these objects, by which a Prometheus selects them: { release: kube-prometheus-stack }.",
          name: kubeLabelRule,
          item: { kind: "text", rules: [kubeLabelValueRule] },
          default: [],
        },
        errors: {
          kind: "integer",
          doc: "The maximum error rate in per cent. Default: deploy.errors.maxPercent.",
          minimum: 0,
          maximum: 99,
        },
        latency: {
          kind: "text",
          doc: 'The maximum 95th percentile of response times, such as "500ms" or "2s". Default: deploy.latencyP95.',
          rules: [latencyRule],
          convert: latencySeconds,
        },
        uptime: {
          kind: "text",
          doc: "Per cent of the last hour during which the service must be up.",
          rules: [percentageRule],
          numbers: PERCENTAGES,
          convert: Number,
          default: "99.5",
        },
        for: {
          kind: "text",
          doc: "The time that a condition must last before its alert is raised.",
          rules: [durationRule],
          convert: durationSeconds,
          default: "5m",
        },
        runbook: {
          kind: "text",
          doc: "The URL of the runbook for whoever gets the alert.",
          rules: [noCredentialsRule, httpUrlRule],
        },
      },
    },
    probe: {
      kind: "section",
      doc: "The probe of deploy.url's health from outside, by a blackbox exporter.",
      fields: {
        prober: {
          kind: "text",
          doc: 'Host and port of the blackbox exporter, such as "blackbox-exporter.monitoring:9115". Without it nothing is probed.',
          rules: [hostPortRule],
        },
        module: { kind: "text", doc: "Its module.", rules: [labelNameRule], default: "http_2xx" },
      },
    },
    watch: {
      kind: "section",
      doc: "The watch of a deployed version by `slipway watch`.",
      fields: {
        policy: {
          kind: "choice",
          doc: "The reaction to a version with errors or bad health: an alert alone, or a rollback too. Slow responses only raise an alert.",
          values: WATCH_POLICIES,
          default: "rollback",
        },
        duration: {
          kind: "text",
          doc: "The duration of the watch.",
          rules: [durationRule],
          convert: durationSeconds,
          default: "30m",
        },
      },
    },
  },
} as const
