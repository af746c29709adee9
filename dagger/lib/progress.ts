import type { StageEntry } from "../../src/lib/pipeline/journal.js"
import { type LiveRow, tableLines, withEntry } from "./liveTable.js"
import { inCiJob } from "./output.js"
import { erased, repainted } from "./repainted.js"
import type { Variables } from "./variables.js"

const HEARTBEAT_SECONDS = 30
const REPAINT_MS = 200

export const secondsSince = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`

/** The live view that is on the terminal; undefined for none. */
let painted: { erase: () => void; paint: () => void } | undefined

/** Prints a line, above the live view if there is one. */
export function say(line: string): void {
  painted?.erase()
  process.stderr.write(`${line}\n`)
  painted?.paint()
}

/** True if lines can be painted over: some CI hosts give jobs a terminal, but show what was printed as a log. */
export const canRepaint = ({ isTTY }: { isTTY?: boolean }, env: Variables = process.env): boolean =>
  isTTY === true && env["TERM"] !== "dumb" && !inCiJob(env)

/** A run's progress: on a terminal a table that is painted again and again; in a log, a line for each change. */
export interface LiveView {
  /** Shows the current activity. */
  show: (text: string) => void
  /** Shows the progress of a stage. */
  stage: (entry: StageEntry) => void
  clear: () => void
}

/** Begins to show progress. */
export const liveView = (): LiveView => (canRepaint(process.stderr) ? tableView(process.stderr) : logView())

const PREPARING = "preparing"

function logView(): LiveView {
  const begun = Date.now()
  let [shown, over] = [PREPARING, false]
  const timer = setInterval(() => say(`… ${shown} (${secondsSince(begun)})`), HEARTBEAT_SECONDS * 1000)
  return {
    show(text) {
      if (over) return
      if (text !== shown) say(`· ${text}`)
      shown = text
    },
    // The end of each stage is an activity too.
    stage: () => undefined,
    clear() {
      over = true
      clearInterval(timer)
    },
  }
}

function tableView(out: NodeJS.WriteStream): LiveView {
  const begun = Date.now()
  let [activity, over] = [PREPARING, false]
  let [rows, before]: [LiveRow[], string[]] = [[], []]
  // Some terminals don't say their size.
  const size = () => ({ columns: out.columns || 80, rows: out.rows || 24 })
  const paint = () => {
    if (over) return
    const lines = tableLines(rows, size(), { begun, now: Date.now(), activity })
    out.write(repainted(before, lines, size()))
    before = lines
  }
  const erase = () => {
    if (before.length > 0) out.write(erased(before, size()))
    before = []
  }
  const timer = setInterval(paint, REPAINT_MS)
  painted = { erase, paint }
  return {
    show(text) {
      activity = text
    },
    stage(entry) {
      // What led to the plan is over.
      if ("planned" in entry) activity = ""
      rows = withEntry(rows, entry, Date.now())
    },
    clear() {
      if (over) return
      over = true
      painted = undefined
      clearInterval(timer)
      erase()
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
