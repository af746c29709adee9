import type { StageReport } from "../run/verdict.js"

/** What a stage still has of the service's baseline. */
interface Left {
  name: string
  findings: number
  /** Entries that can be removed. */
  fixed: number
}

/** What is left of the service's baseline, by stage. */
export const knownByStage = (reports: readonly StageReport[]): Left[] =>
  reports.flatMap(({ name, known }) =>
    known === undefined || known.findings.length + known.fixed === 0
      ? []
      : [{ name, findings: known.findings.length, fixed: known.fixed }],
  )
