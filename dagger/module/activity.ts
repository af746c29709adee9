import { visible } from "../../src/lib/text/escape.js"
import { formatDuration } from "../../src/lib/report/place.js"
import { parseJson } from "../../src/lib/text/json.js"
import type { StageResult } from "../../src/lib/run/verdict.js"
import { neutralizeCommands } from "../cli/hosts/workflowCommands.js"

/** Milliseconds in which the engine says of a command that the cache has it. */
const CACHE_NOTICE_MS = 200

/**
 * Reads plain progress line by line and shows each uncached command in a container, and the module's own messages.
 */
export function activityReader(show: (activity: string) => void): (line: string) => void {
  const running = new Map<string, NodeJS.Timeout>()
  return (line) => {
    const told = readMessage(line)
    if (told !== undefined) show(told)
    const span = /^(\d+) +:/.exec(line)?.[1] ?? ""
    if (/ CACHED \[[\d.hms]+\]$/.test(line)) clearTimeout(running.get(span))
    const activity = readActivity(line)
    if (activity !== undefined) running.set(span, setTimeout(show, CACHE_NOTICE_MS, activity).unref())
  }
}

/** Maximum length of a progress line, in characters. */
const MAX_LENGTH = 160

/** What the module's own function says, such as `production: surge: 2 pods ready`, and which stages have ended. */
export function readMessage(line: string): string | undefined {
  const told = /^\d+ +: \[[\dhms.]+\] \| (.+)$/.exec(line)?.[1]
  // The engine's own.
  if (told === undefined || told.startsWith("cloud url=")) return undefined
  const entry = /^slipway-[\da-f-]{36} (.+)$/.exec(told)?.[1]
  return entry === undefined ? neutralizeCommands(visible(told)).slice(0, MAX_LENGTH) : endedStage(entry)
}

/** A stage that the journal of a run says has ended, unless there was nothing to do. */
function endedStage(entry: string): string | undefined {
  const { ended } = (parseJson(entry) ?? {}) as { ended?: StageResult }
  if (ended === undefined || ended.cached === true || ended.status === "skipped") return undefined
  return `${ended.name} ${ended.status} (${formatDuration(ended.milliseconds)})`
}

/** The command that a line of plain progress says is starting, without what Slipway wraps around it. */
export function readActivity(line: string): string | undefined {
  const command = /\bwithExec (.+)$/.exec(line)?.[1]
  if (!command || /^(DONE|ERROR|CACHED|CANCELED)\b/.test(command)) return undefined
  const words = /timeout -k \d+ \d+ (.+)$/.exec(command)?.[1] ?? command
  return /^(sh|node|\/codegen)\b/.test(words) ? undefined : words.replace(/ \(\w+: .*$/, "").slice(0, 100)
}
