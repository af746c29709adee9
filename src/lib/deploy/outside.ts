import { oneLine } from "../text/words.js"
import type { Answer } from "./judge.js"

/** Asks an address as a user would; what doesn't answer is told, not thrown. */
export async function askOutside(url: string, timeout: number): Promise<Answer> {
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
