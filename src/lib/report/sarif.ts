import { createHash } from "node:crypto"
import type { Finding, Severity } from "../run/finding.js"
import type { StageReport } from "../run/verdict.js"
import { clip, wellFormed } from "../text/escape.js"

const MESSAGE_LENGTH = 1000

/** GitHub's security severity: from 9 critical, from 7 high, from 4 medium, above 0 low. */
const SCORES: Record<Severity, string | undefined> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.0",
  unknown: undefined,
}

/** SARIF 2.1.0 log with one run for a stage. */
export function sarif(report: StageReport, toolVersion: string): string {
  const byRule = grouped(report.findings)
  const rules = [...byRule.keys()].sort()
  const run = {
    // The trailing slash makes all of it the category; without it the last part would be a run id.
    automationDetails: { id: `slipway/${report.name}/` },
    tool: {
      driver: {
        name: report.name,
        version: toolVersion,
        rules: rules.map((id) => ruleOf(id, byRule.get(id))),
      },
    },
    invocations: [invocation(report)],
    columnKind: "unicodeCodePoints",
    results: results(report.findings, rules),
  }
  const log = { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
  return `${JSON.stringify(log, null, 2)}\n`
}

function grouped(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const rule = clean(finding.rule)
    const group = groups.get(rule)
    if (group === undefined) groups.set(rule, [finding])
    else group.push(finding)
  }
  return groups
}

/** Rule with the score of its worst finding. */
function ruleOf(id: string, own: readonly Finding[] = []): object {
  const scores = own.flatMap(({ severity = "unknown" }) => SCORES[severity] ?? [])
  const [helpUri] = own.flatMap(({ url }) => (url === undefined ? [] : [clean(url)]))
  return {
    id,
    ...(helpUri === undefined ? {} : { helpUri }),
    ...(scores.length === 0
      ? {}
      : { properties: { tags: ["security"], "security-severity": scores.sort().at(-1) } }),
  }
}

/** Invocation; unsuccessful if the tool could not run. */
function invocation({ status, reason }: StageReport): object {
  const executionSuccessful = status === "passed" || status === "failed"
  if (executionSuccessful) return { executionSuccessful }
  const level = status === "error" ? "error" : "note"
  return {
    executionSuccessful,
    toolExecutionNotifications: [{ level, message: { text: clean(clip(reason, MESSAGE_LENGTH)) } }],
  }
}

function results(findings: readonly Finding[], rules: readonly string[]): object[] {
  const seen = new Map<string, number>()
  return findings.map((finding) => {
    const likeness = fingerprint(finding)
    const before = seen.get(likeness) ?? 0
    seen.set(likeness, before + 1)
    const ruleId = clean(finding.rule)
    return {
      ruleId,
      ruleIndex: rules.indexOf(ruleId),
      level: finding.level,
      message: { text: clean(clip(finding.message, MESSAGE_LENGTH)) },
      ...location(finding),
      partialFingerprints: { "slipway/v1": `${likeness}:${before + 1}` },
    }
  })
}

/** Fingerprint of a finding without its line, which moves; equal ones in a file are numbered. */
function fingerprint({ tool, rule, file, message }: Finding): string {
  const lasting = message.replace(/\bline \d+/g, "line")
  return createHash("sha256")
    .update(JSON.stringify([tool, rule, file ?? "", lasting]))
    .digest("hex")
    .slice(0, 32)
}

function location({ file, line, column }: Finding): object {
  if (file === undefined) return {}
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
