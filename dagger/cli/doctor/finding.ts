import { ExitCode, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { overall } from "../../../src/lib/run/command.js"
import { jsonText } from "../../../src/lib/text/json.js"

/** The result of one check. */
export interface DoctorFinding {
  name: string
  status: "ok" | "warning" | "failed"
  value: string
  /** Remedy for a problem. */
  remedy?: string
  /** The exit code that a run would have. */
  exitCode: ExitCode
}

export const ok = (name: string, value: string): DoctorFinding => ({
  name,
  status: "ok",
  value,
  exitCode: ExitCode.passed,
})

/** A problem that doesn't stop a run. */
export const warning = (name: string, value: string, remedy: string): DoctorFinding => ({
  name,
  status: "warning",
  value,
  remedy,
  exitCode: ExitCode.passed,
})

/** A problem that stops a run. */
export const failure = (
  name: string,
  value: string,
  remedy: string,
  exitCode: ExitCode = ExitCode.infrastructure,
): DoctorFinding => ({ name, status: "failed", value, remedy, exitCode })

/** Converts an error of the catalogue to a finding; rethrows others. */
export function errorFinding(name: string, error: unknown): DoctorFinding {
  if (!(error instanceof SlipwayError)) throw error
  const [value = ""] = error.message.split("\n→ ")
  return failure(name, value.replaceAll("\n", "; "), `${error.remedy} [${error.code}]`, error.exitCode)
}

const SIGNS: Record<DoctorFinding["status"], string> = { ok: "✓", warning: "!", failed: "✗" }

/** Formats findings for people, with a line for each and one for its remedy. */
export function findingsText(findings: readonly DoctorFinding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  return findings
    .map(({ name, status, value, remedy }) => {
      const line = `${SIGNS[status]} ${name.padEnd(width)}  ${value}\n`
      return remedy === undefined ? line : `${line}  → ${remedy}\n`
    })
    .join("")
}

/** Formats findings as JSON. */
export function findingsJson(findings: readonly DoctorFinding[]): string {
  const exitCode = doctorExitCode(findings)
  const status = exitCode === ExitCode.passed ? "passed" : "failed"
  return jsonText({ status, exitCode, findings })
}

export const doctorExitCode = (findings: readonly DoctorFinding[]): ExitCode =>
  overall(findings.map(({ exitCode }) => exitCode))
