/** Milliseconds in which the engine says of a command that the cache has it. */
const NOTICE = 200

/** Reads plain progress, line by line, and shows each command in a container that doesn't come from the cache. */
export function activityReader(show: (activity: string) => void): (line: string) => void {
  const running = new Map<string, NodeJS.Timeout>()
  return (line) => {
    const span = /^(\d+) +:/.exec(line)?.[1] ?? ""
    if (/ CACHED \[[\d.hms]+\]$/.test(line)) clearTimeout(running.get(span))
    const activity = readActivity(line)
    if (activity !== undefined) running.set(span, setTimeout(show, NOTICE, activity).unref())
  }
}

/** The command that a line of plain progress says is starting, without what Slipway wraps around it. */
export function readActivity(line: string): string | undefined {
  const command = /\bwithExec (.+)$/.exec(line)?.[1]
  if (!command || /^(DONE|ERROR|CACHED|CANCELED)\b/.test(command)) return undefined
  const words = /timeout -k \d+ \d+ (.+)$/.exec(command)?.[1] ?? command
  return /^(sh|node|\/codegen)\b/.test(words) ? undefined : words.replace(/ \(\w+: .*$/, "").slice(0, 100)
}
