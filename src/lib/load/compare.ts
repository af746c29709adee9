/** Comparison of a run with the one before it. */
import { fields, objects, parseJson, text } from "../text/json.js"
import type { Profile } from "./profile.js"
import type { Series } from "./series.js"
import type { Second } from "../run/loadChart.js"
import { mannWhitney } from "./significance.js"

/** Record of a run for comparison with the next one: `k6/load.json`, `k6/stress.json`. */
export interface Kept {
  schema: 1
  kind: Profile["kind"]
  /** Version of the release, if known. */
  version: string
  /** ISO 8601, UTC. */
  at: string
  profile: Profile
  target: string
  totals: Omit<Series, "seconds">
  seconds: readonly Second[]
}

/** Significance level: chance makes such a difference once in a thousand runs. */
const SIGNIFICANT = 0.001

/**
 * Minimum effect size.
 *
 * With very many seconds the smallest difference is significant, so it must also matter. Vargha and Delaney call 0.64 a
 * difference of medium size (J. Educ. Behav. Stat. 25(2), 2000).
 */
const NOTABLE = 0.64

/** Minimum number of seconds for the test's approximation. */
const LEAST_SECONDS = 20

/** Parses the record of an earlier run; undefined if it isn't one. */
export function readKept(json: string): Kept | undefined {
  const value = fields(parseJson(json))
  const seconds = objects(value["seconds"])
  const whole = value["schema"] === 1 && seconds.every(({ at }) => typeof at === "number")
  return whole && text(value["at"]) !== "" && text(fields(value["profile"])["kind"]) !== ""
    ? (value as unknown as Kept)
    : undefined
}

export interface Compared {
  /** The result in one sentence. */
  said: string
  worse: boolean
}

/** Compares the response times and the error rate of a run with those of the one before. */
export function compare(before: Kept, now: Kept): Compared {
  const name = before.version === "" ? `the run of ${before.at}` : `${before.version} (${before.at})`
  if (JSON.stringify(before.profile.ramps) !== JSON.stringify(now.profile.ramps))
    return { worse: false, said: `not compared with ${name}, which had another profile` }
  const [first, second] = [before, now].map(({ seconds }) =>
    seconds.flatMap(({ p50 }) => (p50 === undefined ? [] : [p50])),
  ) as [number[], number[]]
  if (Math.min(first.length, second.length) < LEAST_SECONDS)
    return { worse: false, said: `too short to compare with ${name}: fewer than ${LEAST_SECONDS} seconds` }
  const slower = mannWhitney(first, second)
  const failing = failedMore(before.totals, now.totals)
  const worse = slower.p < SIGNIFICANT && slower.above >= NOTABLE
  const times = `the median was ${shown(before.totals.p50)} ms, and is ${shown(now.totals.p50)} ms`
  const chance = `p ${slower.p < 0.0001 ? "< 0.0001" : `= ${slower.p.toPrecision(2)}`}, ${Math.round(slower.above * 100)} of 100 seconds were slower`
  const errors = `${failing.before} % of the requests failed, now ${failing.now} %`
  const said = [
    ...(worse ? [`slower: ${times} (${chance})`] : []),
    ...(failing.worse ? [`more errors: ${errors}`] : []),
  ]
  return said.length > 0
    ? { worse: true, said: `worse than ${name}: ${said.join("; ")}` }
    : { worse: false, said: `no worse than ${name}: ${times} (${chance})` }
}

const shown = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? "?" : String(Math.round(milliseconds * 10) / 10)

/** Compares two proportions, by the normal approximation. */
function failedMore(before: Kept["totals"], now: Kept["totals"]) {
  const [a, b] = [before.errors / Math.max(1, before.requests), now.errors / Math.max(1, now.requests)]
  const both = (before.errors + now.errors) / Math.max(1, before.requests + now.requests)
  const spread = Math.sqrt(
    both * (1 - both) * (1 / Math.max(1, before.requests) + 1 / Math.max(1, now.requests)),
  )
  const percent = (share: number) => Math.round(share * 1000) / 10
  // 3.09 standard deviations are exceeded once in a thousand.
  return {
    before: percent(a),
    now: percent(b),
    worse: spread > 0 && (b - a) / spread > 3.09 && b - a >= 0.01,
  }
}
