import { oneLine } from "../text/words.js"
import type { HealthAnswer } from "./judge.js"

/**
 * Requests a URL as a user would; returns a failure as an answer with a problem, never throws.
 *
 * A redirect isn't followed, as what answers elsewhere may not be the service; the body begins with where it leads.
 */
export async function fetchOutside(url: string, timeout: number): Promise<HealthAnswer> {
  const begun = performance.now()
  const milliseconds = () => Math.round(performance.now() - begun)
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout), redirect: "manual" })
    const { status, headers } = response
    const text = await response.text()
    const location = status >= 300 && status < 400 ? headers.get("location") : null
    const body = location === null ? text : `redirects to ${location}\n${text}`
    return { status, body, milliseconds: milliseconds() }
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error ? cause.message : message
    return { status: 0, body: "", milliseconds: milliseconds(), problem: oneLine(why) }
  }
}
