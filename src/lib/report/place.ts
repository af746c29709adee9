import type { Finding } from "../run/finding.js"
import type { StageReport } from "../run/verdict.js"

/** Location as `file:line:column`, as far as known. */
export function place({ file, line, column }: Pick<Finding, "file" | "line" | "column">): string {
  return [file, file === undefined ? undefined : line, file === undefined ? undefined : column]
    .filter((part) => part !== undefined)
    .join(":")
}

/** Path of a stage's log in the artifacts. */
export const logPath = ({ name }: Pick<StageReport, "name">): string => `logs/${name}.log`

/** Formats a duration: `340 ms`, `12.4 s`, `3 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`
}

/** Splits findings into blocking and advisory ones. */
export function byGate(findings: readonly Finding[]): { blocking: Finding[]; advisory: Finding[] } {
  return {
    blocking: findings.filter(({ advisory }) => advisory !== true),
    advisory: findings.filter(({ advisory }) => advisory === true),
  }
}
