import { ExitCode, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { overall } from "../../../src/lib/run/command.js"

/** What was looked at, and what was seen. */
export interface DoctorFinding {
  name: string
  status: "ok" | "warning" | "failed"
  value: string
  /** What to do, where something is wrong. */
  remedy?: string
  /** What a run would end with for it. */
  exitCode: ExitCode
}

export const ok = (name: string, value: string): DoctorFinding => ({
  name,
  status: "ok",
  value,
  exitCode: ExitCode.passed,
})

/** Something that a run can do without, or may stumble over. */
export const warning = (name: string, value: string, remedy: string): DoctorFinding => ({
  name,
  status: "warning",
  value,
  remedy,
  exitCode: ExitCode.passed,
})

/** Something that stops a run. */
export const failure = (
  name: string,
  value: string,
  remedy: string,
  exitCode: ExitCode = ExitCode.infrastructure,
): DoctorFinding => ({ name, status: "failed", value, remedy, exitCode })

/** The finding of an error of the catalogue; others are thrown on. */
export function errorFinding(name: string, error: unknown): DoctorFinding {
  if (!(error instanceof SlipwayError)) throw error
  const [value = ""] = error.message.split("\n→ ")
  return failure(name, value.replaceAll("\n", "; "), `${error.remedy} [${error.code}]`, error.exitCode)
}

const SIGNS: Record<DoctorFinding["status"], string> = { ok: "✓", warning: "!", failed: "✗" }

/** Findings for people, a line each and one for what to do. */
export function findingsText(findings: readonly DoctorFinding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  return findings
    .map(({ name, status, value, remedy }) => {
      const line = `${SIGNS[status]} ${name.padEnd(width)}  ${value}\n`
      return remedy === undefined ? line : `${line}  → ${remedy}\n`
    })
    .join("")
}

/** The same for programs. */
export function findingsJson(findings: readonly DoctorFinding[]): string {
  const exitCode = doctorExitCode(findings)
  const status = exitCode === ExitCode.passed ? "passed" : "failed"
  return `${JSON.stringify({ status, exitCode, findings }, null, 2)}\n`
}

export const doctorExitCode = (findings: readonly DoctorFinding[]): ExitCode =>
  overall(findings.map(({ exitCode }) => exitCode))
