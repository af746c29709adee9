/** Data of a load run's chart. */
export interface LoadChart {
  title: string
  seconds: readonly Second[]
  /** Limit of the latency, in milliseconds. */
  p95: number
  broke?: BreakingPoint | undefined
  notes: readonly string[]
}
export interface BreakingPoint {
  users: number
  /** Seconds since the run began. */
  at: number
  /** The reason, as measured then. */
  why: string
}
export interface Second {
  /** Since the run began. */
  at: number
  users: number
  requests: number
  errors: number
  /** Milliseconds; absent where nothing was asked. */
  p50?: number
  p95?: number
}
