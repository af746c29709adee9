import type { Outcome, ToolRun } from "./finding.js"
import { ExitCode } from "../errors/catalogue.js"
import type { StageResult, StageStatus, Verdict } from "./verdict.js"

/** Files of a recorded run: its start in milliseconds, and its exit code, which the engine doesn't report. */
export const RECORD = { began: "/slipway/began", exitCode: "/slipway/exit-code" } as const

/** Exit code of timeout(1) after a timeout; its own failures and signals have higher ones. */
export const TIMED_OUT = 124

/** Base of a shell's exit codes for commands that a signal killed. */
const SIGNALS = 128

/** Limits a command's time, in a form that BusyBox accepts too, which some tools' images have in place of GNU. */
export const limited = (command: readonly string[], seconds: number): string[] => [
  "timeout",
  "-k",
  "5",
  String(seconds),
  ...command,
]

/** Shell code for the time in milliseconds. BusyBox knows only seconds: it takes the last millisecond. */
const NOW = "now=$(date +%s%3N | grep -E '^[0-9]{13}$') || now=$(date +%s)999"

/**
 * Wraps a command so that its container survives a failure, with the exit code in a file and a time limit.
 */
export function recorded(command: readonly string[], seconds: number): string[] {
  const script = `${NOW}; echo $now > ${RECORD.began}; "$@"; echo $? > ${RECORD.exitCode}`
  return ["sh", "-c", script, "-", ...limited(command, seconds)]
}

/** True for a run that timed out or was killed, which a second one might not repeat. */
export const didNotFinish = ({ exitCode }: ToolRun): boolean => exitCode >= TIMED_OUT

/** Outcome of a run that timed out or was killed; undefined for any other. */
export function interrupted({ exitCode }: ToolRun, name: string, seconds: number): Outcome | undefined {
  const reason =
    exitCode === TIMED_OUT
      ? `${name} took longer than ${seconds} s`
      : exitCode > SIGNALS
        ? `${name} was killed by signal ${exitCode - SIGNALS}${exitCode === SIGNALS + 9 ? ", possibly out of memory" : ""}`
        : exitCode > TIMED_OUT
          ? `${name} could not be run (exit code ${exitCode})`
          : undefined
  return reason === undefined ? undefined : { status: "error", reason, findings: [] }
}

/** Exit code of a run of this stage alone. */
export function stageExitCode(status: StageStatus, interruption: boolean): ExitCode {
  if (status === "failed") return ExitCode.gateFailed
  if (status === "error") return interruption ? ExitCode.infrastructure : ExitCode.badInput
  return ExitCode.passed
}

/** True for a stage that blocks a release: failed or error. */
export const stopped = ({ status }: Pick<StageResult, "status">): boolean =>
  status === "failed" || status === "error"

/** Status of a whole run: the worst of its stages'. */
export const worst = (statuses: readonly StageStatus[]): Verdict["status"] =>
  (["failed", "error"] as const).find((status) => statuses.includes(status)) ?? "passed"

/** Exit code of a whole run: a failed gate outweighs errors, which leave a result unknown. */
export function overall(codes: readonly ExitCode[]): ExitCode {
  const order = [ExitCode.gateFailed, ExitCode.badInput, ExitCode.infrastructure, ExitCode.changes]
  return order.find((code) => codes.includes(code)) ?? ExitCode.passed
}
