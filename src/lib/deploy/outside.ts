import { oneLine } from "../text/words.js"
import type { HealthAnswer } from "./judge.js"

/** Requests a URL as a user would; returns a failure as an answer with a problem, never throws. */
export async function fetchOutside(url: string, timeout: number): Promise<HealthAnswer> {
  const begun = performance.now()
  const milliseconds = () => Math.round(performance.now() - begun)
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout), redirect: "manual" })
    return { status: response.status, body: await response.text(), milliseconds: milliseconds() }
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error ? cause.message : message
    return { status: 0, body: "", milliseconds: milliseconds(), problem: oneLine(why) }
  }
}
