/** HTTP client over Node's fetch, with retries within a time limit. It never throws for an answer. */
import { setTimeout as sleep } from "node:timers/promises"
import { exchange, type HttpAnswer, type HttpRequest } from "./exchange.js"
import { retryOfAnswer } from "./rateLimit.js"
import {
  backoff,
  type GivenUp,
  pause,
  retried,
  type Retry,
  type RetryClock,
  type RetryPolicy,
  retryOfUnanswered,
  type Settled,
} from "./retry.js"

export type { HttpAnswer, HttpRequest } from "./exchange.js"

/** Request without a final answer after all attempts. */
export interface HttpFailure {
  kind: "failure"
  /** A clause about the server as "it", without any content of the request. */
  reason: string
  /** True if the server may have carried the request out. */
  uncertain: boolean
}

export interface Http {
  /** Sends a request, and retries if that may help and does no harm. */
  send(request: HttpRequest): Promise<HttpAnswer | HttpFailure>
  /**
   * Waits as before a retry, for callers that first check the effect of a lost attempt; false once patience is over.
   */
  pause(tries: number): Promise<boolean>
}

export interface HttpOptions extends RetryClock {
  /** Milliseconds for all requests and pauses of this client, from its first request on. */
  patience: number
  /** Milliseconds for one attempt. */
  timeout: number
  /** Attempts of one request. */
  tries: number
  /** Maximum bytes of an answer: a page of 100 comments of maximum size has some 26 MB as JSON. */
  limit: number
  fetch: typeof fetch
}

export const HTTP_DEFAULTS: Readonly<HttpOptions> = Object.freeze({
  patience: 60_000,
  timeout: 20_000,
  tries: 5,
  limit: 32 * 1024 * 1024,
  fetch: (...args: Parameters<typeof fetch>) => fetch(...args),
  sleep: (milliseconds: number) => sleep(milliseconds),
  now: () => Date.now(),
  random: () => Math.random(),
})

const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 20_000

/**
 * Creates a client for one task, such as a comment or a notification; its patience covers the whole task.
 *
 * Lost connections, 429, 502, 503, 504 and GitHub's 403 for too many requests are retried after a pause. A request that
 * isn't repeatable is retried only if the server has certainly not carried it out.
 */
export function httpClient(options: Partial<HttpOptions> = {}): Http {
  const settings = { ...HTTP_DEFAULTS, ...options }
  const { now } = settings
  let deadline: number | undefined
  const left = () => (deadline ??= now() + settings.patience) - now()
  const policy: RetryPolicy = { ...settings, left, firstPause: FIRST_PAUSE, longestPause: LONGEST_PAUSE }

  async function attempt(request: HttpRequest): Promise<Settled<HttpAnswer> | Retry> {
    if (left() <= 0) return NO_TIME
    const result = await exchange(request, { ...settings, timeout: Math.min(settings.timeout, left()) })
    if (result.kind === "unanswered") return retryOfUnanswered(result)
    return retryOfAnswer(result, now()) ?? { kind: "settled", value: result }
  }

  async function send(request: HttpRequest): Promise<HttpAnswer | HttpFailure> {
    const repeatable = request.repeatable ?? request.method !== "POST"
    const result = await retried(policy, repeatable, () => attempt(request))
    return result.kind === "settled" ? result.value : failure(result)
  }

  return { send, pause: (tries) => pause(policy, backoff(policy, tries)) }
}

const NO_TIME: Retry = {
  kind: "retry",
  reason: "no time was left to ask it",
  uncertain: false,
  limited: false,
  asked: 0,
  final: true,
}

/** Describes the failure; a rate limit with a time of its own says more than the number of attempts. */
function failure({ reason, uncertain, limited, pause, tries }: GivenUp): HttpFailure {
  const detail = limited ? `: it wants ${Math.ceil(pause / 1_000)} s of waiting` : ` (${tries} tries)`
  return { kind: "failure", reason: `${reason}${limited || tries > 1 ? detail : ""}`, uncertain }
}
