import { type Risk, RISKS } from "../config/dast.js"
import type { Finding, Severity } from "../run/finding.js"
import { versionIn } from "../run/toolVersion.js"
import { clip } from "../text/escape.js"
import { fields, objects, parseJson } from "../text/json.js"

/** A kind of alert, with the places where it was raised. */
export interface Alert {
  plugin: string
  /** The plug-in's id, with the number of its case if it has several, such as `10038-1`. */
  reference: string
  name: string
  risk: Risk
  solution: string
  instances: { url: string; method: string; param: string; evidence: string }[]
}

const URL_LENGTH = 300
const PART_LENGTH = 100
/** ZAP's confidence of an alert that was marked as a false positive. */
const FALSE_POSITIVE = "0"

const SEVERITIES: Record<Risk, Severity> = {
  high: "high",
  medium: "medium",
  low: "low",
  informational: "unknown",
}

/** Reads the alerts in a report of the template `traditional-json`, worst first; undefined if it isn't one. */
export function readAlerts(text: string): Alert[] | undefined {
  const { site } = fields(parseJson(text))
  if (!Array.isArray(site)) return undefined
  const alerts = objects(site).flatMap(({ alerts: own }) => objects(own).flatMap(alert))
  return alerts.sort((a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk))
}

/** The version of ZAP that wrote a report, by its own word; `unknown` without one. */
export const reportVersion = (text: string): string => versionIn(value(fields(parseJson(text))["@version"]))

function alert(from: Record<string, unknown>): Alert[] {
  const plugin = value(from.pluginid)
  if (value(from.confidence) === FALSE_POSITIVE) return []
  return [
    {
      plugin,
      reference: value(from.alertRef) || plugin,
      name: words(from.name) || words(from.alert),
      // An unreadable risk is no reason to pass.
      risk: RISKS[Number(value(from.riskcode) || NaN)] ?? "high",
      solution: words(from.solution),
      instances: objects(from.instances).map((instance) => ({
        url: value(instance.uri),
        method: words(instance.method),
        param: words(instance.param),
        evidence: words(instance.evidence),
      })),
    },
  ]
}

/** Converts a value to text: templates write numbers as texts, but not reliably. */
const value = (raw: unknown): string =>
  typeof raw === "string" || typeof raw === "number" ? String(raw) : ""

/** Puts a text on one line, without ZAP's paragraphs. */
const words = (raw: unknown): string =>
  value(raw)
    .replace(/<\/?p>/g, " ")
    .replace(/\s+/g, " ")
    .trim()

/** Converts alerts to findings, one for each place. Those below the gate are only advice. */
export const findingsOf = (alerts: readonly Alert[], gate: Risk): Finding[] =>
  alerts.flatMap((alert) => {
    const fails = RISKS.indexOf(alert.risk) >= RISKS.indexOf(gate)
    const level = fails ? "error" : alert.risk === "informational" ? "note" : "warning"
    return alert.instances.map((instance): Finding => ({
      tool: "zap",
      rule: alert.reference,
      ...(alert.reference !== alert.plugin && { within: alert.plugin }),
      level,
      severity: SEVERITIES[alert.risk],
      file: pathOf(instance.url),
      message: messageOf(alert, instance),
      ...(/^\d+$/.test(alert.plugin) && { url: `https://www.zaproxy.org/docs/alerts/${alert.plugin}/` }),
      ...(!fails && { advisory: true }),
    }))
  })

/** Path of a URL without its leading slash, as reports expect a file's path. */
function pathOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url
  return path.replace(/^\/+/, "") || "."
}

function messageOf(
  { name, risk }: Alert,
  { url, method, param, evidence }: Alert["instances"][number],
): string {
  const details = [
    param === "" ? "" : `, parameter ${clip(param, PART_LENGTH)}`,
    evidence === "" ? "" : `: ${clip(evidence, PART_LENGTH)}`,
  ]
  return `${name} (${risk}): ${method} ${clip(url, URL_LENGTH)}${details.join("")}`
}
