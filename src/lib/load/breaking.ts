/** Breaking point of a service: the number of users at which it answers too slowly, or not at all. */
import { BreakingPoint } from "../run/loadChart.js"
import { type Profile, secondsOf } from "./profile.js"
import type { StopInterval } from "./series.js"
import type { Second } from "../run/loadChart.js"

/** Minimum number of requests in an interval; fewer are too few to measure. */
const LEAST_REQUESTS = 20

/** Number of bad intervals in a row: one may be a pause of a garbage collector, two are a state. */
const IN_A_ROW = 2

/** Number of intervals: enough for some on each level, and for enough requests in each. */
const INTERVALS = 60

export interface Interval {
  at: number
  users: number
  requests: number
  errors: number
  /** Milliseconds. */
  p95: number
}

/** Returns the variable STOP of slipway_load.sh, which stops a test that breaks the service; none for other profiles. */
export const stopVariable = (profile: Profile): string | undefined =>
  profile.stops && [intervalSeconds(secondsOf(profile)), profile.p95, profile.errors].join(" ")

const intervalSeconds = (length: number): number => Math.max(1, Math.ceil(length / INTERVALS))

/** The breaking point at which a test was stopped. */
export function stopOf(
  { users, at, requests, errors, slow }: StopInterval,
  limits: Pick<Profile, "p95" | "errors">,
): BreakingPoint {
  const why =
    faultOf({ at, users, requests, errors, p95: 0 }, limits) ??
    (requests >= LEAST_REQUESTS && slow * 20 > requests
      ? `${slow} of ${requests} requests took at least ${limits.p95} ms`
      : `only ${requests} requests came to an end`)
  return { users, at, why: `${why}, so the test was stopped` }
}

/**
 * Groups seconds into intervals.
 *
 * The 95th percentile of an interval is the mean of those of its seconds, weighted by their requests: exact under even
 * load, and never below the lowest of them.
 */
export function intervalsOf(seconds: readonly Second[]): Interval[] {
  const length = intervalSeconds(seconds.length)
  return Array.from({ length: Math.ceil(seconds.length / length) }, (_, index) => {
    const part = seconds.slice(index * length, (index + 1) * length)
    const requests = sum(part.map((second) => second.requests))
    return {
      at: part[0]?.at ?? 0,
      users: Math.max(...part.map(({ users }) => users)),
      requests,
      errors: sum(part.map(({ errors }) => errors)),
      p95: requests === 0 ? 0 : sum(part.map((second) => (second.p95 ?? 0) * second.requests)) / requests,
    }
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** First of consecutive intervals that exceed the limits; undefined if there are none. */
export function breakOf(
  seconds: readonly Second[],
  limits: Pick<Profile, "p95" | "errors">,
): BreakingPoint | undefined {
  const intervals = intervalsOf(seconds)
  const faulty = intervals.flatMap((interval, index) => {
    const fault = faultOf(interval, limits) ?? standstill(interval, intervals.slice(0, index))
    return fault === undefined && interval.requests < LEAST_REQUESTS ? [] : [{ interval, fault }]
  })
  const index = faulty.findIndex((_, from) => {
    const row = faulty.slice(from, from + IN_A_ROW)
    return row.length === IN_A_ROW && row.every(({ fault }) => fault !== undefined)
  })
  const { interval, fault: why } = faulty[index] ?? {}
  return interval === undefined || why === undefined
    ? undefined
    : { users: interval.users, at: interval.at, why }
}

function faultOf(interval: Interval, { p95, errors }: Pick<Profile, "p95" | "errors">): string | undefined {
  if (interval.requests < LEAST_REQUESTS) return undefined
  const share = (interval.errors / interval.requests) * 100
  if (share >= errors) return `${Math.round(share)} % of the requests failed`
  if (interval.p95 >= p95) return `95 of 100 requests took up to ${Math.round(interval.p95)} ms`
  return undefined
}

/** Detects a service that hangs and answers nothing at all. */
function standstill({ users, requests }: Interval, before: readonly Interval[]): string | undefined {
  const best = before.reduce<Interval | undefined>(
    (most, one) => (one.requests > (most?.requests ?? 0) ? one : most),
    undefined,
  )
  const stands = best !== undefined && users >= best.users && requests * 4 < best.requests
  return stands && best.requests >= LEAST_REQUESTS
    ? `only ${requests} requests came to an end, after ${best.requests} of ${best.users} users before`
    : undefined
}
