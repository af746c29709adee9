import { type Risk, RISKS } from "../config/dast.js"
import type { Finding, Severity } from "../run/finding.js"
import { clip } from "../text/escape.js"
import { fields, objects, parseJson } from "../text/json.js"

/** One kind of alert, with where it was raised. */
export interface Alert {
  plugin: string
  /** The case of the plug-in's that it is, such as `10038-1`; the plug-in's number where it has but one. */
  reference: string
  name: string
  risk: Risk
  solution: string
  instances: { url: string; method: string; param: string; evidence: string }[]
}

const URL_LENGTH = 300
const PART_LENGTH = 100
/** ZAP's confidence in what somebody has marked as no finding. */
const FALSE_POSITIVE = "0"

const SEVERITIES: Record<Risk, Severity> = {
  high: "high",
  medium: "medium",
  low: "low",
  informational: "unknown",
}

/** The alerts in a report of the template `traditional-json`, worst first; undefined for what is none. */
export function readAlerts(text: string): Alert[] | undefined {
  const { site } = fields(parseJson(text))
  if (!Array.isArray(site)) return undefined
  const alerts = objects(site).flatMap(({ alerts: own }) => objects(own).flatMap(alert))
  return alerts.sort((a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk))
}

function alert(from: Record<string, unknown>): Alert[] {
  const plugin = value(from.pluginid)
  if (value(from.confidence) === FALSE_POSITIVE) return []
  return [
    {
      plugin,
      reference: value(from.alertRef) || plugin,
      name: words(from.name) || words(from.alert),
      // What can't be read is no reason to pass.
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

/** Templates write numbers as texts, and may not always do so. */
const value = (raw: unknown): string =>
  typeof raw === "string" || typeof raw === "number" ? String(raw) : ""

/** A text on one line, without the paragraphs that ZAP puts around it. */
const words = (raw: unknown): string =>
  value(raw)
    .replace(/<\/?p>/g, " ")
    .replace(/\s+/g, " ")
    .trim()

/** One finding for each place; what is below the gate is only advice. */
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

/** A URL's path as reports take a file's: without the slash before it. */
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
