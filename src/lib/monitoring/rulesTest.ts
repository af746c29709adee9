/** Tests of the alert rules, for promtool. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
import { stringify } from "yaml"
import { type AlertRule, alertRules, type Thresholds } from "./rules.js"

interface Series {
  series: string
  values: string
}

/** What an instance shows, and which alerts are raised of it, each with the value that it shows. */
interface Situation {
  name: string
  series: Series[]
  raises: Record<string, string>
}

/** The labels of what is tested, in the place of what a cluster gives. */
const VALUE = "tried"

/** A file that shows that each alert is raised when it has to be, and not otherwise. */
export function rulesTestFile(thresholds: Thresholds, rules: string): string {
  const made = alertRules(thresholds)
  // Everything has lasted for as long as it must, and the windows of the rates are full.
  const minutes = Math.ceil(thresholds.lasting / 60) + 10
  const tests = situations(thresholds, minutes).map(({ name, series, raises }) => ({
    name,
    interval: "1m",
    input_series: series,
    alert_rule_test: made.map((rule) => ({
      eval_time: `${minutes}m`,
      alertname: rule.alert,
      exp_alerts:
        raises[rule.alert] === undefined ? [] : [expected(rule, thresholds, name, raises[rule.alert] ?? "")],
    })),
  }))
  return stringify({ rule_files: [rules], evaluation_interval: "1m", tests }, { lineWidth: 0 })
}

const ABSENT = "is gone"

function expected(
  { labels, annotations }: AlertRule,
  { by, job }: Thresholds,
  situation: string,
  value: string,
) {
  const own = by.map((label) => [label, VALUE] as const)
  const shown = Object.entries(annotations).map(
    ([name, text]) => [name, text.replace(/\{\{.*?\}\}/, value)] as const,
  )
  return {
    // Of what isn't there Prometheus knows what was asked for, and no more.
    exp_labels: { ...labels, ...(situation === ABSENT ? { job } : Object.fromEntries(own)) },
    exp_annotations: Object.fromEntries(shown),
  }
}

function situations(thresholds: Thresholds, minutes: number): Situation[] {
  const { counter, histogram, latency, status } = thresholds
  const labels = (...more: [string, string][]) =>
    [["job", thresholds.job] as const, ...thresholds.by.map((label) => [label, VALUE] as const), ...more]
      .map(([name, value]) => `${name}="${value}"`)
      .join(",")
  const up = (value: 0 | 1): Series => ({ series: `up{${labels()}}`, values: `${value}x${minutes}` })
  const answers = (code: string): Series => ({
    series: `${counter}{${labels([status, code])}}`,
    values: `0+60x${minutes}`,
  })
  /** All within one bucket, so that the quantile lies at 95 % of it. */
  const bucket = (bound: string, step: number): Series => ({
    series: `${histogram}_bucket{${labels(["le", bound])}}`,
    values: `0+${step}x${minutes}`,
  })
  const taking = (from: number, to: number): Series[] => [
    bucket(String(from), 0),
    bucket(String(to), 60),
    bucket("+Inf", 60),
  ]
  return [
    { name: "is well", series: [up(1), answers("200"), ...taking(0, latency)], raises: {} },
    { name: "answers with errors", series: [up(1), answers("500")], raises: { HighErrorRate: "100.0" } },
    {
      name: "is slow",
      series: [up(1), answers("200"), ...taking(latency, 2 * latency)],
      raises: { HighLatency: (1.95 * latency).toFixed(2) },
    },
    { name: "doesn't answer", series: [up(0)], raises: { LowUptime: "0.0", Down: "" } },
    { name: ABSENT, series: [], raises: { Down: "" } },
  ]
}
