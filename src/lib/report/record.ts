import type { Finding } from "../run/finding.js"
import { fingerprint } from "../run/fingerprint.js"
import type { RecordedFinding, RecordedKind, RunRecord, StageRecord } from "../run/record.js"
import type { StageReport, StageStatus } from "../run/verdict.js"
import { clip } from "../text/escape.js"
import { redact } from "../text/redact.js"
import { withoutFailedTests } from "./testFindings.js"

/** Limits for each stage, so that a verdict stays a file that people can open; what has more isn't recorded at all. */
export const RECORD_LIMITS = Object.freeze({ findings: 5000, tests: 10_000 })
const MESSAGE_LENGTH = 200

/** True for a stage whose results are complete, so that what another run lacks of them is gone. */
export const hasResults = (status: StageStatus): boolean => status === "passed" || status === "failed"

/** What a later run is compared with, of all stages that could run. */
export const recordOf = (reports: readonly StageReport[]): RunRecord =>
  Object.fromEntries(
    reports.filter(({ status }) => hasResults(status)).map((report) => [report.name, stageRecord(report)]),
  )

function stageRecord({ findings, suppressed = [], known, tests, coverage }: StageReport): StageRecord {
  const open = withoutFailedTests(findings, tests ?? [])
  const hidden = [...suppressed.map(({ finding }) => finding), ...(known?.findings ?? [])]
  const tooMany: RecordedKind[] = [
    ...(open.length + hidden.length > RECORD_LIMITS.findings ? ["findings" as const] : []),
    ...((tests ?? []).length > RECORD_LIMITS.tests ? ["tests" as const] : []),
  ]
  return {
    ...(tooMany.length > 0 && { tooMany }),
    ...(!tooMany.includes("findings") && {
      findings: open.map(recordedFinding),
      ...(hidden.length > 0 && { hidden: hidden.map(hiddenFingerprint) }),
    }),
    ...(tests !== undefined &&
      !tooMany.includes("tests") && {
        tests: tests.map(({ id, status, seconds }) => ({ id, status, seconds })),
      }),
    ...(coverage && { coverage: { covered: coverage.covered, total: coverage.total } }),
  }
}

function recordedFinding(finding: Finding): RecordedFinding {
  const { tool, rule, file, line, message, advisory } = finding
  return {
    fingerprint: fingerprint(finding),
    tool,
    rule,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    message: clip(message, MESSAGE_LENGTH),
    ...(advisory && { advisory }),
  }
}

/** Fingerprint as of an open finding, in whose message secrets are replaced. */
const hiddenFingerprint = (finding: Finding): string =>
  fingerprint({ ...finding, message: redact(finding.message) })
