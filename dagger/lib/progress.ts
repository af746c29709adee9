const terminal = process.stderr.isTTY === true
const HEARTBEAT_SECONDS = 30

export const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/**
 * Says that long work goes on: on a terminal one line that counts the seconds, in a log a line at the start, at the
 * end and every half minute between.
 */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const begun = Date.now()
  const show = (text: string) => process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`)
  show(`${name} …`)
  const timer = setInterval(
    () => show(`${name} … ${seconds(begun)}`),
    terminal ? 1000 : HEARTBEAT_SECONDS * 1000,
  )
  try {
    const result = await work()
    show(`${name} ✓ ${seconds(begun)}`)
    return result
  } catch (error) {
    show(`${name} ✗ ${seconds(begun)}`)
    throw error
  } finally {
    clearInterval(timer)
    if (terminal) process.stderr.write("\n")
  }
}
