import { ADOPTION_FILE } from "../adoption/entries.js"
import type { Finding, Severity } from "../run/finding.js"
import { fingerprint } from "../run/fingerprint.js"
import type { StageReport } from "../run/verdict.js"
import { clip, wellFormed } from "../text/escape.js"
import { logPath } from "./place.js"

const MESSAGE_LENGTH = 1000
const RULE_LENGTH = 250
const URL_LENGTH = 2000
/** Linux has no longer paths. */
const PATH_LENGTH = 4096

/**
 * GitHub refuses uploads of more results, or of more bytes once compressed.
 * https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads
 */
export const SARIF_LIMITS = Object.freeze({ results: 25_000, bytes: 10_000_000 })
/** Left for the log around results and rules. */
const FRAME_BYTES = 10_000

/** GitHub's security severity: from 9 critical, from 7 high, from 4 medium, above 0 low. */
const SCORES: Record<Severity, string | undefined> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.0",
  unknown: undefined,
}

/** SARIF 2.1.0 log with one run for a stage, within code scanning's limits; says how many findings it leaves out. */
export function sarif(report: StageReport, toolVersion: string): string {
  const all = results(report)
  const kept = fitting(all)
  const byRule = grouped(kept.map(({ finding }) => finding))
  const ruleIds = [...byRule.keys()].sort()
  const indices = new Map(ruleIds.map((id, index) => [id, index]))
  const run = {
    // The trailing slash makes all of it the category; without it the last part would be a run id.
    automationDetails: { id: `slipway/${report.name}/` },
    tool: {
      driver: {
        name: report.name,
        version: toolVersion,
        rules: ruleIds.map((id) => ruleOf(id, byRule.get(id))),
      },
    },
    invocations: [invocation(report, all.length - kept.length)],
    columnKind: "unicodeCodePoints",
    results: kept.map(({ result }) => ({ ...result, ruleIndex: indices.get(result.ruleId) })),
  }
  const log = { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
  return `${JSON.stringify(log)}\n`
}

interface Result {
  finding: Finding
  /** True for one that the service's baseline knows. */
  known: boolean
  result: object & { ruleId: string }
}

/** Results within the limits: if they aren't all, those that block first, then by level. */
function fitting(all: readonly Result[]): readonly Result[] {
  const weight = ({ finding, known }: Result) =>
    (known ? 6 : 0) + (finding.advisory ? 3 : 0) + LEVELS.indexOf(finding.level)
  const within = firstWithin(all)
  return within.length === all.length ? all : firstWithin(all.toSorted((a, b) => weight(a) - weight(b)))
}

const LEVELS: Finding["level"][] = ["error", "warning", "note"]

function firstWithin(all: readonly Result[]): readonly Result[] {
  const known = new Map<string, { url: boolean }>()
  let left = SARIF_LIMITS.bytes - FRAME_BYTES
  const end = all.slice(0, SARIF_LIMITS.results).findIndex(({ finding, result }) => {
    const rule = known.get(result.ruleId)
    const added = rule === undefined || (!rule.url && finding.url !== undefined)
    if (added) known.set(result.ruleId, { url: finding.url !== undefined })
    left -= bytes(result) + MORE_BYTES + (added ? bytes(ruleOf(result.ruleId, [finding])) + MORE_BYTES : 0)
    return left < 0
  })
  return all.slice(0, end < 0 ? SARIF_LIMITS.results : end)
}

const bytes = (value: object): number => Buffer.byteLength(JSON.stringify(value))
/** For the index of a rule in a result, and the score that another finding may give a rule. */
const MORE_BYTES = 100

function grouped(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const rule = ruleIdOf(finding)
    const group = groups.get(rule)
    if (group === undefined) groups.set(rule, [finding])
    else group.push(finding)
  }
  return groups
}

/** Rule with the score of its worst finding. */
function ruleOf(id: string, own: readonly Finding[] = []): object {
  const scores = own.flatMap(({ severity = "unknown" }) => SCORES[severity] ?? [])
  const helpUri = own.map(({ url = "" }) => clean(url)).find((url) => url !== "" && url.length <= URL_LENGTH)
  return {
    id,
    ...(helpUri === undefined ? {} : { helpUri }),
    ...(scores.length === 0
      ? {}
      : { properties: { tags: ["security"], "security-severity": scores.sort().at(-1) } }),
  }
}

/** Invocation; unsuccessful if the tool could not run. Notes what is left out. */
function invocation(report: StageReport, hidden: number): object {
  const { status, reason } = report
  const executionSuccessful = status === "passed" || status === "failed"
  const said = (level: string, text: string) => ({
    level,
    message: { text: clean(clip(text, MESSAGE_LENGTH)) },
  })
  const left = `${hidden} more findings are left out, since code scanning refuses more; see ${logPath(report)}`
  const notifications = [
    ...(executionSuccessful ? [] : [said(status === "error" ? "error" : "note", reason)]),
    ...(hidden === 0 ? [] : [said("warning", left)]),
  ]
  return {
    executionSuccessful,
    ...(notifications.length === 0 ? {} : { toolExecutionNotifications: notifications }),
  }
}

const ruleIdOf = ({ rule }: Finding): string => clean(clip(rule, RULE_LENGTH))

/** Results of a stage: with a baseline, each says if it is new. */
function results({ findings, known }: StageReport): Result[] {
  const seen = new Map<string, number>()
  const result = (finding: Finding, state: object, isKnown: boolean): Result => {
    const likeness = fingerprint(finding)
    const before = seen.get(likeness) ?? 0
    seen.set(likeness, before + 1)
    const made = {
      ruleId: ruleIdOf(finding),
      level: finding.level,
      message: { text: clean(clip(finding.message, MESSAGE_LENGTH)) },
      ...location(finding),
      partialFingerprints: { "slipway/v1": `${likeness}:${before + 1}` },
      ...state,
    }
    return { finding, known: isKnown, result: made }
  }
  const fresh = known === undefined ? {} : { baselineState: "new" }
  return [
    ...findings.map((finding) => result(finding, fresh, false)),
    ...(known?.findings ?? []).map((finding) => result(finding, KNOWN, true)),
  ]
}

/** Properties of a result that the service's baseline knows. */
const KNOWN = {
  baselineState: "unchanged",
  suppressions: [{ kind: "external", status: "accepted", justification: `known to ${ADOPTION_FILE}` }],
}

function location({ file, line, column }: Finding): object {
  if (file === undefined || file.length > PATH_LENGTH) return {}
  const region = line === undefined ? {} : { region: { startLine: line, ...startColumn(column) } }
  return {
    locations: [
      { physicalLocation: { artifactLocation: { uri: uri(file), uriBaseId: "%SRCROOT%" }, ...region } },
    ],
  }
}

const startColumn = (column: number | undefined): object =>
  column === undefined ? {} : { startColumn: column }

/** File path as a percent-encoded relative reference (RFC 3986). */
const uri = (file: string): string => clean(file).split("/").map(encodeURIComponent).join("/")

const clean = wellFormed
