/** When and how long to wait before a request is tried again. */
import type { HttpAnswer, Unanswered } from "./exchange.js"

/** What a try that came to nothing asks of the next. */
export interface Wait {
  /** Infinite where no further try helps. */
  milliseconds: number
  /** Why, in a clause. */
  reason: string
  /** Whether the server may have done what it was asked for. */
  uncertain: boolean
  /** Whether the server takes no more requests for now. */
  limited: boolean
}

const FIRST_DELAY = 1_000
const LONGEST_DELAY = 20_000
/** GitHub asks for a minute where it names no time itself. */
const UNNAMED_LIMIT = 60_000

/** Returns the pause after a number of failed tries: doubled each time, half of it by chance, so that many clients part. */
export function backoff(tries: number, random: number): number {
  const most = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(tries, 30))
  return Math.round(most / 2 + (most / 2) * random)
}

/** Says whether an answer asks for another try; undefined for one that stands. */
export function waitAfter(answer: HttpAnswer, tries: number, now: number, random: number): Wait | undefined {
  const pause = backoff(tries, random)
  const asked = askedFor(answer.headers, now)
  if (isLimit(answer)) {
    const unnamed = answer.status === 403 ? UNNAMED_LIMIT : 0
    const milliseconds = Math.max(pause, asked ?? unnamed)
    return {
      milliseconds,
      reason: `it takes no more requests for now (${answer.status})`,
      uncertain: false,
      limited: true,
    }
  }
  if (![502, 503, 504].includes(answer.status)) return undefined
  const reason = `it answered ${answer.status}`
  return { milliseconds: Math.max(pause, asked ?? 0), reason, uncertain: true, limited: false }
}

/** Says how to go on after a try without an answer. */
export function waitWithout({ reason, state }: Unanswered, tries: number, random: number): Wait {
  const milliseconds = state === "final" ? Infinity : backoff(tries, random)
  return { milliseconds, reason, uncertain: state !== "unsent", limited: false }
}

/** 429 everywhere; GitHub also says 403 for its limits, as for what is forbidden. */
function isLimit({ status, headers, text }: HttpAnswer): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers.has("retry-after") ||
    headers.get("x-ratelimit-remaining") === "0" ||
    /secondary rate limit/i.test(text.slice(0, 2_000))
  )
}

/** Returns the milliseconds that the server asks to wait: `Retry-After` first, then when its count starts anew. */
function askedFor(headers: Headers, now: number): number | undefined {
  const after = headers.get("retry-after")?.trim()
  if (after !== undefined && /^\d{1,9}$/.test(after)) return Number(after) * 1_000
  const date = after === undefined ? NaN : Date.parse(after)
  if (!Number.isNaN(date)) return Math.max(0, date - now)
  if (headers.get("x-ratelimit-remaining") !== "0" && headers.get("ratelimit-remaining") !== "0")
    return undefined
  const reset = headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset") ?? ""
  return /^\d{1,12}$/.test(reset) ? Math.max(0, Number(reset) * 1_000 - now) : undefined
}
