/** A run as metrics with times and labels, for what stores such. */
import type { Second } from "./series.js"

export type Labels = Readonly<Record<string, string>>

/** A second of a run, and when it was: milliseconds since 1970. */
export interface Timed {
  at: number
  second: Second
}

export const timed = (seconds: readonly Second[], begun: number): Timed[] =>
  seconds.map((second) => ({ at: Math.round(begun) + second.at * 1000, second }))

export interface Metric {
  /** With its name as `__name__`. */
  labels: Labels
  samples: { at: number; value: number }[]
}

const NAMES: readonly [name: string, labels: Labels, value: (second: Second) => number | undefined][] = [
  ["slipway_load_users", {}, ({ users }) => users],
  ["slipway_load_requests", {}, ({ requests }) => requests],
  ["slipway_load_errors", {}, ({ errors }) => errors],
  ["slipway_load_duration_seconds", { quantile: "0.5" }, ({ p50 }) => inSeconds(p50)],
  ["slipway_load_duration_seconds", { quantile: "0.95" }, ({ p95 }) => inSeconds(p95)],
]

const inSeconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : milliseconds / 1000

export const metricsOf = (seconds: readonly Timed[], labels: Labels): Metric[] =>
  NAMES.map(([name, own, valueOf]) => ({
    labels: { ...labels, ...own, __name__: name },
    samples: seconds.flatMap(({ at, second }) => {
      const value = valueOf(second)
      return value === undefined ? [] : [{ at, value }]
    }),
  }))
