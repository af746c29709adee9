import type { BreakingPoint } from "../load/breaking.js"
import type { Second } from "../load/series.js"

/** Data of a load run's chart. */
export interface LoadChart {
  title: string
  seconds: readonly Second[]
  /** Limit of the latency, in milliseconds. */
  p95: number
  broke?: BreakingPoint | undefined
  notes: readonly string[]
}
