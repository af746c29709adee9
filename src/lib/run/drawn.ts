import type { Break } from "../load/breaking.js"
import type { Second } from "../load/series.js"

/** Data of a load run's chart. */
export interface LoadChart {
  title: string
  seconds: readonly Second[]
  /** Limit of the latency, in milliseconds. */
  p95: number
  broke?: Break | undefined
  notes: readonly string[]
}
