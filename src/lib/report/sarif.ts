import { createHash } from "node:crypto"
import type { Finding } from "../finding.js"
import type { StageReport } from "../verdict.js"
import { clip, wellFormed } from "./escape.js"

const MESSAGE_LENGTH = 1000

/** Returns a SARIF 2.1.0 log with one run: this stage's. */
export function sarif(report: StageReport, toolVersion: string): string {
  const rules = [...new Set(report.findings.map(({ rule }) => clean(rule)))].sort()
  const run = {
    // The slash at the end makes all of it the category; without it the last part would be a run's id.
    automationDetails: { id: `slipway/${report.name}/` },
    tool: { driver: { name: report.name, version: toolVersion, rules: rules.map((id) => ({ id })) } },
    invocations: [invocation(report)],
    columnKind: "unicodeCodePoints",
    results: results(report.findings, rules),
  }
  const log = { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** A tool that could not do its work says nothing of what it would have found. */
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

/** Tells findings apart without their lines, which move: the like of it in one file are numbered from the top. */
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

/** Returns a file's path as a relative reference of RFC 3986: a colon or a space in it is no part of the syntax. */
const uri = (file: string): string => clean(file).split("/").map(encodeURIComponent).join("/")

const clean = wellFormed
