/** A small client over Node's fetch: it is patient with servers, up to a limit, and never throws for what they answer. */
import { setTimeout as sleep } from "node:timers/promises"
import { exchange, type HttpAnswer, type HttpRequest } from "./exchange.js"
import { backoff, type Wait, waitAfter, waitWithout } from "./retry.js"

export type { HttpAnswer, HttpRequest } from "./exchange.js"

/** No answer that stands, after all tries. */
export interface HttpFailure {
  kind: "failure"
  /** A clause about the server as "it", without anything of the request. */
  reason: string
  /** Whether the server may have done what it was asked for all the same. */
  uncertain: boolean
}

export interface Http {
  /** Sends a request, again where that may help and can't do harm. */
  send(request: HttpRequest): Promise<HttpAnswer | HttpFailure>
  /** Waits as before another try, for who must look first what became of the last; false when patience is over. */
  pause(tries: number): Promise<boolean>
}

export interface HttpOptions {
  /** Milliseconds for all requests and pauses of this client, from its first request on. */
  patience: number
  /** Milliseconds for one try. */
  timeout: number
  /** Tries of one request. */
  tries: number
  /** Bytes that an answer may have: a page of 100 comments of the greatest size has some 26 MB as JSON. */
  limit: number
  fetch: typeof fetch
  sleep: (milliseconds: number) => Promise<unknown>
  /** Milliseconds since 1970. */
  now: () => number
  random: () => number
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

/**
 * Makes a client for one task, such as a comment or a notification: its patience is for all of it.
 *
 * What fails is tried again after a pause: lost connections, 429, 502, 503, 504 and GitHub's 403 for too many
 * requests. A request that isn't repeatable is so only where the server has surely not acted upon it.
 */
export function httpClient(options: Partial<HttpOptions> = {}): Http {
  const settings = { ...HTTP_DEFAULTS, ...options }
  const { now, random } = settings
  let deadline: number | undefined
  const left = () => (deadline ??= now() + settings.patience) - now()

  async function wait(milliseconds: number): Promise<boolean> {
    if (milliseconds >= left()) return false
    await settings.sleep(milliseconds)
    return true
  }

  async function send(request: HttpRequest): Promise<HttpAnswer | HttpFailure> {
    const repeatable = request.repeatable ?? request.method !== "POST"
    for (let tries = 0; ; tries += 1) {
      if (left() <= 0) return { kind: "failure", reason: "no time was left to ask it", uncertain: false }
      const result = await exchange(request, { ...settings, timeout: Math.min(settings.timeout, left()) })
      const next =
        result.kind === "answer"
          ? waitAfter(result, tries, now(), random())
          : waitWithout(result, tries, random())
      if (next === undefined) return result as HttpAnswer
      const again = (repeatable || !next.uncertain) && tries + 1 < settings.tries
      if (!again || !(await wait(next.milliseconds))) return failure(next, tries + 1)
    }
  }

  return { send, pause: (tries) => wait(backoff(tries, random())) }
}

/** A limit's own time says more than how often it was met. */
function failure({ reason, uncertain, limited, milliseconds }: Wait, tries: number): HttpFailure {
  const detail = limited ? `: it wants ${Math.ceil(milliseconds / 1_000)} s of waiting` : ` (${tries} tries)`
  return { kind: "failure", reason: `${reason}${limited || tries > 1 ? detail : ""}`, uncertain }
}
