import { visible } from "../../src/lib/text/escape.js"
import { formatDuration } from "../../src/lib/report/place.js"
import { type StageEntry, stageEntry } from "../../src/lib/pipeline/journal.js"
import type { LiveView } from "../lib/progress.js"

/** Milliseconds within which the engine reports a command as cached. */
const CACHE_NOTICE_MS = 200

/** What `dagger` does before the first command, as it says it and as it is shown if it takes long. */
const PHASES: Readonly<Record<string, string>> = {
  "starting engine": "starting the engine",
  "connecting to engine": "connecting to the engine",
  "loading type definitions": "loading the module",
}

/** Milliseconds after which a phase is shown. */
const PHASE_NOTICE_MS = 3000

/**
 * Reads plain progress line by line and shows each uncached command in a container, the module's own messages, and
 * what is waited for before those; hands on the progress of stages.
 */
export function activityReader({ show, stage }: Pick<LiveView, "show" | "stage">): (line: string) => void {
  const running = new Map<string, NodeJS.Timeout>()
  return (line) => {
    const entry = readEntry(line)
    if (entry !== undefined) stage(entry)
    const message = readMessage(line)
    if (message !== undefined) show(message)
    const span = /^(\d+) +:/.exec(line)?.[1] ?? ""
    if (/ CACHED \[[\d.hms]+\]$/.test(line)) clearTimeout(running.get(span))
    const activity = readActivity(line)
    if (activity !== undefined) running.set(span, setTimeout(show, CACHE_NOTICE_MS, activity).unref())
    const [, phase = "", ended] =
      /^\d+ +: ┆ ([a-z ]+?)( (?:DONE|ERROR|CACHED|CANCELED) .*)?$/.exec(line) ?? []
    if (PHASES[phase] === undefined) return
    clearTimeout(running.get(phase))
    if (ended === undefined) running.set(phase, setTimeout(show, PHASE_NOTICE_MS, PHASES[phase]).unref())
  }
}

/** Maximum length of a progress line, in characters. */
const MAX_LENGTH = 160

/** Reads a message of the module's own function, such as `production: surge: 2 pods ready`, or an ended stage. */
export function readMessage(line: string): string | undefined {
  const message = messageIn(line)
  // A message of the engine itself.
  if (message === undefined || message.startsWith("cloud url=")) return undefined
  if (JOURNAL.test(message)) return endedStage(readEntry(line))
  return visible(message.slice(0, MAX_LENGTH)).slice(0, MAX_LENGTH)
}

const messageIn = (line: string): string | undefined => /^\d+ +: \[[\dhms.]+\] \| (.+)$/.exec(line)?.[1]

const JOURNAL = /^slipway-[\da-f-]{36} (.+)$/

/** Reads the progress of a stage from a line of the run's journal. */
export const readEntry = (line: string): StageEntry | undefined =>
  stageEntry(JOURNAL.exec(messageIn(line) ?? "")?.[1] ?? "")

/** The message for a stage that has ended, unless it was cached or skipped. */
function endedStage(entry: StageEntry | undefined): string | undefined {
  if (entry === undefined || !("ended" in entry)) return undefined
  const { ended } = entry
  if (ended.cached === true || ended.status === "skipped") return undefined
  return `${ended.name} ${ended.status} (${formatDuration(ended.milliseconds)})`
}

/** Reads the starting command from a line of plain progress, without Slipway's wrapper around it. */
export function readActivity(line: string): string | undefined {
  const command = /\bwithExec (.+)/s.exec(line)?.[1]
  if (!command || /^(DONE|ERROR|CACHED|CANCELED)\b/.test(command)) return undefined
  const words = /timeout -k \d+ \d+ (.+)/s.exec(command)?.[1] ?? command
  return /^(sh|node|\/codegen)\b/.test(words) ? undefined : words.replace(/ \(\w+: .*/s, "").slice(0, 100)
}
