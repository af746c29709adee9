import { inCiJob } from "./output.js"

/** Some CI hosts give jobs a terminal, but show what was printed as a log. */
const terminal = process.stderr.isTTY === true && !inCiJob()
const HEARTBEAT_SECONDS = 30

export const secondsSince = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The current activity, on one line of a terminal; in a log, a line for each change. */
export interface LiveLine {
  show: (text: string) => void
  clear: () => void
}

export function liveLine(): LiveLine {
  const begun = Date.now()
  let [shown, over] = ["preparing", false]
  const paint = () =>
    process.stderr.write(
      `\r\x1b[K${secondsSince(begun)}  ${shown.slice(0, (process.stderr.columns ?? 80) - 12)}`,
    )
  const timer = terminal
    ? setInterval(paint, 200)
    : setInterval(() => say(`… ${shown} (${secondsSince(begun)})`), HEARTBEAT_SECONDS * 1000)
  return {
    show(text) {
      if (over) return
      if (!terminal && text !== shown) say(`· ${text}`)
      shown = text
    },
    clear() {
      over = true
      clearInterval(timer)
      if (terminal) process.stderr.write("\r\x1b[K")
    },
  }
}

/** Prints a long step: its name at the start, a heartbeat every 30 seconds, and its duration at the end. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const begun = Date.now()
  say(`${name} …`)
  const timer = setInterval(() => say(`${name} … ${secondsSince(begun)}`), HEARTBEAT_SECONDS * 1000)
  try {
    const result = await work()
    say(`${name} ✓ ${secondsSince(begun)}`)
    return result
  } catch (error) {
    say(`${name} ✗ ${secondsSince(begun)}`)
    throw error
  } finally {
    clearInterval(timer)
  }
}
