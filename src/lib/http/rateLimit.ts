/** Rate limits of GitHub and GitLab, beyond the statuses that every server uses. */
import type { HttpAnswer } from "./exchange.js"
import { limitedRetry, type Retry, retryAfter, retryOfStatus } from "./retry.js"

/** Pause for a limit without a time, as GitHub recommends. */
const UNNAMED_LIMIT = 60_000

/** Returns the retry for an answer; undefined for a final one. */
export function retryOfAnswer(answer: HttpAnswer, now: number): Retry | undefined {
  const asked = askedFor(answer.headers, now)
  if (answer.status === 403 && isLimit(answer)) return limitedRetry(403, asked ?? UNNAMED_LIMIT)
  return retryOfStatus(answer.status, asked)
}

/** True if a 403 is for GitHub's rate limits rather than a permission. */
const isLimit = ({ headers, text }: HttpAnswer): boolean =>
  headers.has("retry-after") ||
  headers.get("x-ratelimit-remaining") === "0" ||
  /secondary rate limit/i.test(text.slice(0, 2_000))

/** Returns the milliseconds that the server asks to wait: from `Retry-After`, else from the reset of its count. */
function askedFor(headers: Headers, now: number): number | undefined {
  const after = retryAfter(headers.get("retry-after") ?? undefined, now)
  if (after !== undefined) return after
  if (headers.get("x-ratelimit-remaining") !== "0" && headers.get("ratelimit-remaining") !== "0")
    return undefined
  const reset = headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset") ?? ""
  return /^\d{1,12}$/.test(reset) ? Math.max(0, Number(reset) * 1_000 - now) : undefined
}
