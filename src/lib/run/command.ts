import type { Outcome, ToolRun } from "./finding.js"
import { ExitCode } from "../errors/catalogue.js"
import type { StageStatus } from "./verdict.js"

/** Where a recorded run leaves what the engine would not tell: when it began, in milliseconds, and its exit code. */
export const RECORD = { began: "/slipway/began", exitCode: "/slipway/exit-code" } as const

/** What timeout(1) ends with when time was up; its own failures and signals come after. */
export const TIMED_OUT = 124

/** From here on a shell counts in the signal that ended the command. */
const SIGNALS = 128

/** Ends a command when its time is up; as BusyBox takes it too, which the images of some tools have in place of GNU. */
export const limited = (command: readonly string[], seconds: number): string[] => [
  "timeout",
  "-k",
  "5",
  String(seconds),
  ...command,
]

/** The time in milliseconds. BusyBox knows only seconds: then the last of this one's. */
const NOW = "now=$(date +%s%3N | grep -E '^[0-9]{13}$') || now=$(date +%s)999"

/**
 * Wraps a command so that its container survives a failure: how it ended is kept in a file. It is ended when its time
 * is up.
 */
export function recorded(command: readonly string[], seconds: number): string[] {
  const script = `${NOW}; echo $now > ${RECORD.began}; "$@"; echo $? > ${RECORD.exitCode}`
  return ["sh", "-c", script, "-", ...limited(command, seconds)]
}

/** True for a run that another one might not repeat: out of time, or ended by a signal. */
export const didNotFinish = ({ exitCode }: ToolRun): boolean => exitCode >= TIMED_OUT

/** What a run that did not end by itself means; undefined for one that did. */
export function interrupted({ exitCode }: ToolRun, name: string, seconds: number): Outcome | undefined {
  const reason =
    exitCode === TIMED_OUT
      ? `${name} took longer than ${seconds} s`
      : exitCode > SIGNALS
        ? `${name} was ended by signal ${exitCode - SIGNALS}${exitCode === SIGNALS + 9 ? ", perhaps for lack of memory" : ""}`
        : exitCode > TIMED_OUT
          ? `${name} could not be run (exit code ${exitCode})`
          : undefined
  return reason === undefined ? undefined : { status: "error", reason, findings: [] }
}

/** What a stage alone would make the command end with. */
export function stageExitCode(status: StageStatus, interruption: boolean): ExitCode {
  if (status === "failed") return ExitCode.gateFailed
  if (status === "error") return interruption ? ExitCode.infrastructure : ExitCode.badInput
  return ExitCode.passed
}

/** What a whole run ends with: a gate that failed is certain, whatever else could not be looked at. */
export function overall(codes: readonly ExitCode[]): ExitCode {
  const order = [ExitCode.gateFailed, ExitCode.badInput, ExitCode.infrastructure, ExitCode.changes]
  return order.find((code) => codes.includes(code)) ?? ExitCode.passed
}
