import type { Break } from "../load/breaking.js"
import type { Second } from "../load/series.js"

/** What of a run is drawn. */
export interface LoadChart {
  title: string
  seconds: readonly Second[]
  /** The limit of the times, in milliseconds. */
  p95: number
  broke?: Break | undefined
  notes: readonly string[]
}
