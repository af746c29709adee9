import type { Finding, ToolRun } from "../run/finding.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { graded, severityOutcome, type GradedScan, severityOf } from "./severity.js"
import { byPlace, type TrivyFields, remarks, results, targetFile } from "./trivy.js"
import { trivyFinding, type TrivyOptions, withoutReport } from "./trivy.js"

const NOUN = { one: "secret", many: "secrets" }

/** Fields of a secret that may leave Trivy's container: `Match` and `Code` hold its line and those around. */
const HARMLESS = ["RuleID", "Category", "Severity", "Title", "StartLine", "EndLine"]

/** Reads the findings of `trivy fs --scanners secret`. Every secret fails, whatever its severity. */
export function secrets(run: ToolRun, options: Pick<TrivyOptions, "prefix"> = {}): GradedScan {
  const all = results(run)
  if (all === undefined) return withoutReport(run)
  const findings = all.flatMap((result) => secretsOf(result, options)).sort(byPlace)
  return {
    findings,
    outcome: (kept) => severityOutcome(findings, kept, { noun: NOUN, clean: "no secret found" }),
  }
}

function secretsOf(result: TrivyFields, options: Pick<TrivyOptions, "prefix">): Finding[] {
  const file = targetFile(result, options)
  return objects(result.Secrets).map(({ RuleID, Severity, Title, StartLine }) => {
    const severity = severityOf(text(Severity))
    const message = `${text(Title) || text(RuleID)}${remarks([severity], "")}`
    const from = { rule: text(RuleID), file, line: Number(StartLine), message, url: "" }
    return trivyFinding(from, graded(severity, "unknown"))
  })
}

const harmless = (secret: TrivyFields): TrivyFields =>
  Object.fromEntries(Object.entries(secret).filter(([key]) => HARMLESS.includes(key)))

/**
 * Removes the source's lines from a report of Trivy, so that it can be kept; undefined for any other text.
 */
export function withoutMatches(report: string): string | undefined {
  const parsed = parseJson(report)
  if (typeof fields(parsed).SchemaVersion !== "number") return undefined
  return `${JSON.stringify(parsed, withoutLines, 2)}\n`
}

function withoutLines(key: string, value: unknown): unknown {
  if (["Match", "Code", "RenderedCause"].includes(key)) return undefined
  if (key === "Secrets") return objects(value).map(harmless)
  // Ignored findings stand elsewhere in the report.
  return "RuleID" in fields(value) ? harmless(fields(value)) : value
}
