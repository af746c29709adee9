import type { Finding, Outcome, Severity, ToolRun } from "../run/finding.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { broken, finding } from "../run/outcome.js"
import { oneLine } from "../text/words.js"
import { downloadFailure, fatal } from "./download.js"
import { noScan, type GradedScan, worstFirst } from "./severity.js"

export type TrivyFields = Record<string, unknown>

export interface TrivyOptions {
  /** Least severity that fails. */
  gate: Severity
  /** Folder of the source below the scan's root, for example `src`. */
  prefix?: string
}

/** Reads the results of a run; undefined if it left no report. */
export function results(run: ToolRun): TrivyFields[] | undefined {
  const report = fields(parseJson(run.stdout))
  if (run.exitCode !== 0 || typeof report.SchemaVersion !== "number") return undefined
  return objects(report.Results)
}

/** Scan without a report, with Trivy's own message as the reason. */
export const withoutReport = (run: ToolRun): GradedScan => noScan(brokenTrivy(run))

function brokenTrivy(run: ToolRun): Outcome {
  const message = fatal(run.stderr)
  if (message === undefined) return broken("trivy", run)
  const reason = downloadFailure(run.stderr) ?? `trivy failed: ${message}`
  return { status: "error", reason: oneLine(reason), findings: [] }
}

/** Returns a target's path relative to the source. */
export function targetFile({ Target }: TrivyFields, { prefix }: Pick<TrivyOptions, "prefix">): string {
  const target = text(Target).replace(/^\/+/, "")
  return prefix !== undefined && target.startsWith(`${prefix}/`) ? target.slice(prefix.length + 1) : target
}

/** Creates a finding of Trivy. */
export function trivyFinding(
  from: { rule: string; file?: string; line?: number; message: string; url: string },
  grade: Pick<Finding, "level" | "advisory" | "severity">,
): Finding {
  const { url, ...rest } = from
  return {
    ...finding({ tool: "trivy", ...rest, level: grade.level }),
    ...grade,
    ...(isUrl(url) ? { url } : {}),
  }
}

const isUrl = (url: string): boolean => /^https?:\/\/[!-~]{1,2000}$/.test(url)

/** Returns the end of a message: ` (critical, fixed in 5.4; https://…)`. */
export const remarks = (words: readonly string[], url: string): string =>
  ` (${[words.join(", "), ...(isUrl(url) ? [url] : [])].join("; ")})`

/** Sorts findings: the worst first, then by place. */
export const byPlace = (a: Finding, b: Finding): number =>
  worstFirst(a.severity, b.severity) ||
  order(a.file, b.file) ||
  (a.line ?? 0) - (b.line ?? 0) ||
  order(a.rule, b.rule)

/** Compares by code units; what is absent comes last. */
export function order(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1
  return a < b ? -1 : 1
}
