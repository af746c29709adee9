import { resolve } from "node:path"
import { ExitCode, fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { visible } from "../../../src/lib/text/escape.js"
import { without } from "../../../src/lib/text/json.js"
import { say } from "../../lib/progress.js"
import { onInterrupt } from "../../module/interrupt.js"
import type { CiOptions } from "./ci.js"
import type { RunResult } from "./runWithVerdict.js"
import { SourceEdits } from "./sourceEdits.js"
import { absoluteSource, isAddress } from "./sourceFolder.js"

/** Runs once with these options. */
type RunOnce = (options: CiOptions) => Promise<RunResult>

/**
 * Runs, then runs again after each edit of the source, and shows what changed since the run before.
 *
 * Ends by Ctrl-C. Returns the exit code of the last run that ended. Fails with WATCH_EVENT and WATCH_ADDRESS.
 */
export async function runWatching(options: CiOptions, runOnce: RunOnce): Promise<number> {
  const { event = "local" } = options
  if (event !== "local") throw fail("WATCH_EVENT", [event])
  if (isAddress(options.source)) throw fail("WATCH_ADDRESS", [options.source])
  const edits = new SourceEdits(absoluteSource(options.source), resolve(options.out))
  let stopped = false
  const stop = () => {
    stopped = true
    edits.stop()
  }
  return onInterrupt(stop, async () => {
    try {
      return await runUntilStopped(edits, options, runOnce, () => stopped)
    } finally {
      edits.stop()
    }
  })
}

async function runUntilStopped(
  edits: SourceEdits,
  options: CiOptions,
  runOnce: RunOnce,
  isStopped: () => boolean,
): Promise<number> {
  let [own, last]: [CiOptions, number | undefined] = [options, undefined]
  for (;;) {
    // What is edited while it runs makes the next run.
    const state = await edits.state()
    const code = await codeOf(() => runOnce(own))
    // An interrupted run says nothing about the source.
    if (code === ExitCode.interrupted) return last ?? code
    last = code
    if (isStopped()) return last
    say(`\nwaiting for edits in ${visible(edits.source)}; Ctrl-C ends with exit code ${last}`)
    if (!(await edits.differsFrom(state))) return last
    say("edited: running again\n")
    // Each is compared with the run before, and the report is open already.
    own = { ...without(options, "previous", "open"), brief: true, codeIfInterrupted: last }
  }
}

/** The exit code of a run; an error of the catalogue is printed, since the next edit may correct it. */
async function codeOf(work: () => Promise<RunResult>): Promise<number> {
  try {
    return (await work()).code
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    say(`slipway: ${error.message}`)
    return error.exitCode
  }
}
