/** Metrics of a run for each second, as slipway_load.awk collects them. */

import { Second } from "../run/loadChart.js"

/** A group of answers. */
interface Answers {
  milliseconds: number
  count: number
}

/** The interval in which a service broke, after which its test was stopped. */
export interface StopInterval {
  /** Seconds since the run began. */
  at: number
  users: number
  requests: number
  errors: number
  /** Number of requests that took as long as the limit, or longer. */
  slow: number
}

export interface Series {
  seconds: Second[]
  /** Absent for a test that ran to its end. */
  stop?: StopInterval
  requests: number
  errors: number
  iterations: number
  checks: { passed: number; failed: number }
  /** Milliseconds; absent without requests. */
  p50?: number
  p95?: number
  /** Number of sessions of WebSocket and of requests of a browser; absent without any. */
  sessions?: number
  /** Number of requests by status; 0 for those without an answer, UNKNOWN_STATUS for those that k6 gives none for. */
  statuses: Record<string, number>
  /** Number of requests by k6's error code. https://grafana.com/docs/k6/latest/javascript-api/error-codes/ */
  codes: Record<string, number>
  /** Number of requests by host, with those that were answered; by UNKNOWN_HOST those without a known one. */
  hosts: Record<string, { requests: number; answered: number }>
}

/**
 * The host of requests that a script names, or whose tag `url` its options leave out.
 *
 * Since version 0.41 k6 puts the name into the tag `url` as well, against its own documentation:
 * https://github.com/grafana/k6/issues/3754.
 */
export const UNKNOWN_HOST = "-"

/** The status of requests whose tag `status` the script's options leave out. */
export const UNKNOWN_STATUS = "-"

const DAY = 86_400

/** The nearest-rank percentile of answers; undefined without any. */
export function percentile(answers: readonly Answers[], share: number): number | undefined {
  const sorted = [...answers].sort((a, b) => a.milliseconds - b.milliseconds)
  const rank = sorted.reduce((sum, { count }) => sum + count, 0) * share
  let seen = 0
  return sorted.find(({ count }) => (seen += count) >= rank)?.milliseconds
}

interface Gathered {
  users?: number
  errors: number
  answers: Answers[]
}

/** Parses the lines of slipway_load.awk, which documents their format. Other lines are skipped. */
export function readSeries(text: string): Series {
  const seconds = new Map<number, Gathered>()
  const total = { requests: 0, errors: 0, iterations: 0, checks: { passed: 0, failed: 0 } }
  let sessions = 0
  const statuses: Series["statuses"] = {}
  const codes: Series["codes"] = {}
  const hosts = new Map<string, { requests: number; answered: number }>()
  const lines = text.split("\n").map((line) => line.split(" "))
  const first = Number(lines.find(([kind]) => kind === "v" || kind === "r")?.[1] ?? 0)
  // Midnight may pass during a run; a late line may be of a second before the first.
  const sinceFirst = (second: number): number => ((second - first + DAY + DAY / 2) % DAY) - DAY / 2
  const at = (second: number): Gathered => {
    const since = sinceFirst(second)
    const known = seconds.get(since) ?? { errors: 0, answers: [] }
    seconds.set(since, known)
    return known
  }
  let stop: StopInterval | undefined
  for (const [kind, second, ...words] of lines) {
    const [a = 0, b = 0, c = 0, d = 0, count = 0] = words.slice(0, 5).map(Number)
    if (kind === "v") at(Number(second)).users = a
    if (kind === "i") total.iterations += a
    if (kind === "b") stop = { at: sinceFirst(Number(second)), users: a, requests: b, errors: c, slow: d }
    if (kind === "o") sessions += a
    if (kind === "f") {
      at(Number(second)).errors += a
      total.errors += a
    }
    if (kind === "c") total.checks = { passed: total.checks.passed + a, failed: total.checks.failed + b }
    if (kind !== "r" || !(count > 0)) continue
    const gathered = at(Number(second))
    gathered.answers.push({ milliseconds: a, count })
    const errors = d === 0 ? count : 0
    gathered.errors += errors
    total.requests += count
    total.errors += errors
    const status = words[1] === UNKNOWN_STATUS ? UNKNOWN_STATUS : b
    statuses[status] = (statuses[status] ?? 0) + count
    if (c !== 0) codes[c] = (codes[c] ?? 0) + count
    const host = words[5] ?? UNKNOWN_HOST
    const known = hosts.get(host) ?? { requests: 0, answered: 0 }
    hosts.set(host, {
      requests: known.requests + count,
      answered: known.answered + (status === 0 ? 0 : count),
    })
  }
  const answers = [...seconds.values()].flatMap((each) => each.answers)
  return {
    ...total,
    ...(sessions > 0 && { sessions }),
    statuses,
    codes,
    hosts: Object.fromEntries(hosts),
    seconds: inOrder(seconds),
    ...(stop !== undefined && { stop: { ...stop, at: stop.at - Math.min(...seconds.keys()) } }),
    ...percentiles(answers),
  }
}

/** Sorts the seconds. One without a count of users has that of the one before. */
function inOrder(seconds: ReadonlyMap<number, Gathered>): Second[] {
  const begin = Math.min(...seconds.keys())
  let users = 0
  return [...seconds]
    .sort(([a], [b]) => a - b)
    .map(([second, { errors, answers, ...counted }]) => {
      users = counted.users ?? users
      const requests = answers.reduce((sum, { count }) => sum + count, 0)
      return { at: second - begin, users, requests, errors, ...percentiles(answers) }
    })
}

function percentiles(answers: readonly Answers[]): { p50?: number; p95?: number } {
  const p50 = percentile(answers, 0.5)
  const p95 = percentile(answers, 0.95)
  return p50 === undefined || p95 === undefined ? {} : { p50, p95 }
}
