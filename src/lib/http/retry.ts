/**
 * Retry policy of every client.
 *
 * A request whose answer was lost may have been carried out. It is sent again only if it is repeatable; the caller
 * checks the effect of a lost attempt afterwards if that matters.
 */
import type { Unanswered } from "./unanswered.js"

/** Clock of a client, which tests replace. */
export interface RetryClock {
  sleep: (milliseconds: number) => Promise<unknown>
  /** Milliseconds since 1970. */
  now: () => number
  random: () => number
}

export interface RetryPolicy extends RetryClock {
  /** Milliseconds of the first pause, which doubles with each attempt up to the longest. */
  firstPause: number
  longestPause: number
  /** Maximum number of attempts. */
  tries: number
  /** Milliseconds left for pauses and further attempts. */
  left: () => number
}

/** Failed attempt that may succeed if repeated. */
export interface Retry {
  kind: "retry"
  /** A clause about the server as "it". */
  reason: string
  /** True if the server may have carried the request out. */
  uncertain: boolean
  /** True if the server takes no more requests for now. */
  limited: boolean
  /** Milliseconds that the server asks to wait. */
  asked: number
  /** True if no further attempt helps. */
  final: boolean
}

/** Attempt with a final answer. */
export interface Settled<T> {
  kind: "settled"
  value: T
}

/** Last attempt of a request that was given up. */
export interface GivenUp extends Omit<Retry, "kind"> {
  kind: "given-up"
  /** Number of attempts made. */
  tries: number
  /** Milliseconds of the pause that another attempt would have needed. */
  pause: number
}

/** Repeats an attempt until it settles, or until another is not allowed, useful or in time. */
export async function retried<T>(
  policy: RetryPolicy,
  repeatable: boolean,
  attempt: (tries: number) => Promise<Settled<T> | Retry>,
): Promise<Settled<T> | GivenUp> {
  for (let tries = 0; ; tries += 1) {
    const result = await attempt(tries)
    if (result.kind === "settled") return result
    const milliseconds = Math.max(result.asked, backoff(policy, tries))
    const again = !result.final && (repeatable || !result.uncertain) && tries + 1 < policy.tries
    if (!again || !(await pause(policy, milliseconds)))
      return { ...result, kind: "given-up", tries: tries + 1, pause: milliseconds }
  }
}

/** Waits if there is enough time; false otherwise. */
export async function pause(policy: RetryPolicy, milliseconds: number): Promise<boolean> {
  if (milliseconds >= policy.left()) return false
  await policy.sleep(milliseconds)
  return true
}

type Backoff = Pick<RetryPolicy, "firstPause" | "longestPause" | "random">

/** Returns the pause after failed attempts: exponential, half of it random, so that clients don't retry in step. */
export function backoff({ firstPause, longestPause, random }: Backoff, tries: number): number {
  const most = Math.min(longestPause, firstPause * 2 ** Math.min(tries, 30))
  return Math.round(most / 2 + (most / 2) * random())
}

/** Returns the retry for a status with the same meaning on every server; undefined for a final answer. */
export function retryOfStatus(status: number, asked = 0): Retry | undefined {
  if (status === 429) return limitedRetry(status, asked)
  if (![502, 503, 504].includes(status)) return undefined
  return {
    kind: "retry",
    reason: `it answered ${status}`,
    uncertain: true,
    limited: false,
    asked,
    final: false,
  }
}

/** Returns the retry for a rate-limited request. */
export const limitedRetry = (status: number, asked: number): Retry => ({
  kind: "retry",
  reason: `it takes no more requests for now (${status})`,
  uncertain: false,
  limited: true,
  asked,
  final: false,
})

/** Returns the retry for a request without an answer. */
export const retryOfUnanswered = ({ reason, state }: Unanswered): Retry => ({
  kind: "retry",
  reason,
  uncertain: state !== "unsent",
  limited: false,
  asked: 0,
  final: state === "final",
})

/** Returns the milliseconds that a `Retry-After` header asks to wait, given in seconds or as a date. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ""
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const date = text === "" ? NaN : Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
