/** Tests of the alert rules, for promtool. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
import { stringify } from "yaml"
import { type AlertRule, alertRules, type Thresholds } from "./rules.js"

interface Series {
  series: string
  values: string
}

/** Input series of a test case and the alerts that they raise, with the value shown in each. */
interface Situation {
  name: string
  series: Series[]
  raises: Record<string, string>
}

/** Value of the labels that a cluster would set. */
const VALUE = "tried"

/** Content of a promtool test file: each alert fires in its situation and in no other. */
export function rulesTestFile(thresholds: Thresholds, rules: string): string {
  const made = alertRules(thresholds)
  // Long enough for every `for` duration, with full rate windows.
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

/** Value of a label; a rule for one namespace judges only that. */
const valueOf = (label: string, namespace: string): string =>
  label === "namespace" && namespace !== "" ? namespace : VALUE

const ABSENT = "is gone"

function expected(
  { alert, labels, annotations }: AlertRule,
  { by, job, probeJob, namespace }: Thresholds,
  situation: string,
  value: string,
) {
  const own = by.map((label) => [label, valueOf(label, namespace)] as const)
  const absent = { job: alert === "Unreachable" ? probeJob : job, ...(namespace !== "" && { namespace }) }
  const shown = Object.entries(annotations).map(
    ([name, text]) => [name, text.replace(/\{\{[^{}]*\}\}/, value)] as const,
  )
  return {
    // absent() has only the labels of its selector.
    exp_labels: { ...labels, ...(situation === ABSENT ? absent : Object.fromEntries(own)) },
    exp_annotations: Object.fromEntries(shown),
  }
}

function situations(thresholds: Thresholds, minutes: number): Situation[] {
  const { counter, histogram, latency, status } = thresholds
  const { by, namespace } = thresholds
  // A rule for one namespace selects by it, whatever it judges separately.
  const shared = [...new Set([...by, ...(namespace === "" ? [] : ["namespace"])])]
  const labelsOf = (job: string, more: [string, string][]) =>
    [["job", job] as const, ...shared.map((label) => [label, valueOf(label, namespace)] as const), ...more]
      .map(([name, value]) => `${name}="${value}"`)
      .join(",")
  const labels = (...more: [string, string][]) => labelsOf(thresholds.job, more)
  const probe = (value: 0 | 1): Series[] =>
    thresholds.probes
      ? [{ series: `probe_success{${labelsOf(thresholds.probeJob, [])}}`, values: `${value}x${minutes}` }]
      : []
  const [reached, unreached] = [probe(1), probe(0)]
  const up = (value: 0 | 1): Series => ({ series: `up{${labels()}}`, values: `${value}x${minutes}` })
  const answers = (code: string): Series => ({
    series: `${counter}{${labels([status, code])}}`,
    values: `0+60x${minutes}`,
  })
  /** All samples in one bucket, so that the quantile is at 95 % of it. */
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
    { name: "is well", series: [up(1), ...reached, answers("200"), ...taking(0, latency)], raises: {} },
    {
      name: "answers with errors",
      series: [up(1), ...reached, answers("500")],
      raises: { HighErrorRate: "100.0" },
    },
    {
      name: "is slow",
      series: [up(1), ...reached, answers("200"), ...taking(latency, 2 * latency)],
      raises: { HighLatency: (1.95 * latency).toFixed(2) },
    },
    { name: "doesn't answer", series: [up(0), ...reached], raises: { LowUptime: "0.0", Down: "" } },
    ...(thresholds.probes
      ? [
          {
            name: "isn't reached from outside",
            series: [up(1), ...unreached, answers("200")],
            raises: { Unreachable: "" },
          },
        ]
      : []),
    { name: ABSENT, series: [], raises: { Down: "", ...(thresholds.probes && { Unreachable: "" }) } },
  ]
}
