/** Alert rules for Prometheus. https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
import { stringify } from "yaml"
import type { Config } from "../config/config.js"

export interface AlertRule {
  alert: string
  expr: string
  for: string
  labels: Record<string, string>
  annotations: Record<string, string>
}

/** Settings of the alert rules, with defaults from `deploy` filled in. */
export interface Thresholds {
  service: string
  job: string
  by: readonly string[]
  status: string
  counter: string
  histogram: string
  /** Per cent. */
  errors: number
  /** Seconds. */
  latency: number
  /** Per cent of the last hour. */
  uptime: number
  /** Seconds. */
  lasting: number
  runbook: string | undefined
  /** The namespace whose series alone are judged, for rules that a deployment loads; empty for any. */
  namespace: string
  /** The job of the probe from outside. */
  probeJob: string
  /** True if there is such a probe. */
  probes: boolean
  /** The label of alerts on errors and on a service that is down, for Alertmanager's routes, as monitoring.watch.policy says. */
  action: "rollback" | "person"
}

/** Range of the rates: four times what Prometheus' usual interval of 15 s and a lost sample need. */
export const WINDOW = "5m"

/** Thresholds from the configuration of a service. */
export function thresholdsOf({ deploy, monitoring }: Config, service: string, namespace = ""): Thresholds {
  const { alerts, job = service, by, status, probe, watch } = monitoring
  const { errors, latencyP95 } = deploy
  return {
    service,
    job,
    by,
    status,
    counter: errors.counter,
    histogram: errors.histogram,
    errors: alerts.errors ?? errors.maxPercent,
    latency: alerts.latency ?? latencyP95,
    uptime: alerts.uptime,
    lasting: alerts.for,
    runbook: alerts.runbook,
    namespace,
    probeJob: `${job}-health`,
    probes: probe.prober !== undefined && Object.keys(deploy.url).length > 0,
    action: watch.policy === "rollback" ? "rollback" : "person",
  }
}

/** Alert rules for error rate, latency, uptime and a service that is down. */
export function alertRules(thresholds: Thresholds): AlertRule[] {
  const { counter, histogram, status, errors, latency, uptime, job, by } = thresholds
  const of = (name: string) =>
    `job="${name}"${thresholds.namespace === "" ? "" : `,namespace="${thresholds.namespace}"`}`
  const own = of(job)
  const rate = (series: string, matchers: string) => `rate(${series}{${matchers}}[${WINDOW}])`
  const sum = (labels: readonly string[], expression: string) => `sum${byText(labels)} (${expression})`
  return [
    rule(thresholds, "HighErrorRate", "critical", {
      expr: `100 * ${sum(by, rate(counter, `${own},${status}=~"5.."`))} / ${sum(by, rate(counter, own))} > ${errors}`,
      summary: `more than ${errors} % of the answers are errors`,
      description: `{{ $value | printf "%.1f" }} % of the answers of the last 5 minutes are errors.`,
    }),
    rule(thresholds, "HighLatency", "warning", {
      expr: `histogram_quantile(0.95, ${sum(["le", ...by], rate(`${histogram}_bucket`, own))}) > ${latency}`,
      summary: `95 of 100 answers take more than ${latency} s`,
      description: `95 of 100 answers of the last 5 minutes take up to {{ $value | printf "%.2f" }} s.`,
    }),
    rule(thresholds, "LowUptime", "warning", {
      expr: `100 * avg${byText(by)} (avg_over_time(up{${own}}[1h])) < ${uptime}`,
      summary: `less than ${uptime} % of uptime within an hour`,
      description: `Of the last hour it was up for {{ $value | printf "%.1f" }} %.`,
    }),
    rule(thresholds, "Down", "critical", {
      expr: `sum${byText(by)} (up{${own}}) == 0 or absent(up{${own}})`,
      summary: "no instance answers",
      description: "Prometheus reaches no instance, or knows of none any more.",
    }),
    ...(thresholds.probes ? [unreachable(thresholds, of(thresholds.probeJob))] : []),
  ]
}

/** Alert for a public URL whose health isn't good from outside; what is between may be at fault, so it asks a person. */
const unreachable = (thresholds: Thresholds, probe: string): AlertRule =>
  rule({ ...thresholds, action: "person" }, "Unreachable", "critical", {
    expr: `min${byText(thresholds.by)} (probe_success{${probe}}) == 0 or absent(probe_success{${probe}})`,
    summary: "its public URL isn't healthy",
    description:
      "The probe from outside gets no good answer of the health path, or there is no probe any more.",
  })

const byText = (labels: readonly string[]): string =>
  labels.length === 0 ? "" : ` by (${labels.join(", ")})`

function rule(
  { service, lasting, runbook, action }: Thresholds,
  alert: string,
  severity: "critical" | "warning",
  { expr, summary, description }: { expr: string; summary: string; description: string },
): AlertRule {
  return {
    alert,
    expr,
    for: `${lasting}s`,
    labels: { severity, service, action: severity === "critical" ? action : "person" },
    annotations: {
      summary: `${service}: ${summary}`,
      description,
      ...(runbook !== undefined && { runbook_url: runbook }),
    },
  }
}

const HEADER = "# Made by `slipway alerts` of slipway.yaml. Change it there, and make this anew.\n"

/** Content of the Prometheus rule file. */
export const rulesFile = (thresholds: Thresholds): string =>
  HEADER +
  stringify({ groups: [{ name: thresholds.service, rules: alertRules(thresholds) }] }, { lineWidth: 0 })
