import { randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { ExitCode, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { type Break, brokenOff } from "../../../src/lib/pipeline/journal.js"
import { gatesText } from "../../../src/lib/gates/text.js"
import { clip, visible } from "../../../src/lib/text/escape.js"
import { changesLines } from "../../../src/lib/report/changesText.js"
import { formatDuration } from "../../../src/lib/report/place.js"
import { summary } from "../../../src/lib/report/summary.js"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import { stopped } from "../../../src/lib/run/command.js"
import type { Run, StageResult, Verdict } from "../../../src/lib/run/verdict.js"
import { daggerWithProgress } from "../../module/call.js"
import { onInterrupt } from "../../module/interrupt.js"
import { fileLines } from "../../lib/lines.js"
import { say } from "../../lib/progress.js"
import { lostModule } from "./lostModule.js"
import { moveInto, UNFINISHED } from "./outFolder.js"
import { jsonText } from "../../../src/lib/text/json.js"

/** The result of a run. */
export interface RunResult {
  code: number
  out: string
  /** Absent if the run was interrupted. */
  verdict?: Verdict
  /** Folder of the report to show first; by default `out`. */
  shown?: string
}

/** A run that has started, before any output of the module. */
export interface StartedRun extends Pick<Break, "run" | "invocation"> {
  /** Random prefix of the module's journal lines, so that no tool's output is mistaken for one. */
  mark: string
  at: number
}

export interface OutputOptions {
  json?: boolean
  /** Print nothing: the run is a part of another. */
  quiet?: boolean
  /** Print what changed since the last run in place of all the text. */
  brief?: boolean
  /** Exit code if the run is interrupted before it begins; by default 130. */
  codeIfInterrupted?: number
}

/** Starts the record of a run. */
export const beginRun = (run: Omit<Run, "startedAt">, call: readonly string[]): StartedRun => ({
  run: { ...run, startedAt: new Date().toISOString() },
  invocation: shellQuote(["dagger", ...call]),
  mark: `slipway-${randomUUID()}`,
  at: Date.now(),
})

/**
 * Runs the module, prints the outcome and always leaves a verdict.
 *
 * Determines the arguments inside, so that a failure there results in a verdict too.
 */
export function runWithVerdict(
  out: string,
  begun: StartedRun,
  output: OutputOptions,
  argumentsFor: (out: string) => Promise<readonly string[]>,
): Promise<RunResult> {
  const early = () => {
    writeAbortedVerdict(out, begun, INTERRUPTED)
    process.exit(output.codeIfInterrupted ?? ExitCode.interrupted)
  }
  return onInterrupt(early, async () => {
    const args = await refused(() => argumentsFor(out))
    const broke = "problem" in args ? args : await abortOf(args, out, begun.mark)
    if (broke !== undefined) {
      const verdict = writeAbortedVerdict(out, begun, broke)
      say(verdict.problem ?? "")
      if (output.json) printVerdict(verdict, out, output)
      else if (broke.exitCode !== ExitCode.interrupted)
        printVerdict({ ...verdict, problem: null }, out, output)
      return { code: broke.exitCode, out, ...(broke.exitCode !== ExitCode.interrupted && { verdict }) }
    }
    const verdict = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
    printVerdict(verdict, out, output)
    return { code: verdict.exitCode, out, verdict }
  })
}

/** The reason for which a run has no verdict of its own. */
interface Abort extends Pick<Break, "exitCode" | "problem"> {
  /** True if the run was refused before it reached the engine. */
  refused?: boolean
}

/** The result of some work, or the catalogue's error that it fails with. */
async function refused<T>(work: () => Promise<T>): Promise<T | Abort> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return { exitCode: error.exitCode, problem: error.message, refused: true }
  }
}

const INTERRUPTED: Abort = {
  exitCode: ExitCode.interrupted,
  problem: "interrupted\n→ run the same again: finished stages come from the cache",
}

/** The hint for repeating a run that may have had effects. */
const rerunHint = ({ event, id }: Run): string =>
  event === "local" ? "" : `\n→ with --run-id=${id} nothing is published or deployed twice`

/** Runs `dagger` and moves complete results to `out`; returns the reason if there are none. */
async function abortOf(
  args: readonly string[],
  out: string,
  mark: string,
  again = true,
): Promise<Abort | undefined> {
  const log = join(out, "logs/dagger.log")
  const made = join(out, UNFINISHED)
  try {
    const code = await daggerWithProgress([...args, "export", `--path=${made}`], log)
    if (code === ExitCode.interrupted) return INTERRUPTED
    if (code !== 0 && again && lostModule(fileLines(log), mark)) {
      say("the engine lost files of the module before the run began: running the same again, once")
      return await abortOf(args, out, mark, false)
    }
    if ((code !== 0 && !onlyClosedLate(log)) || !existsSync(join(made, "verdict.json")))
      return { exitCode: ExitCode.infrastructure, problem: lastErrors(log).join("\n") }
    sayLinks(moveInto(made, out))
    return undefined
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return { exitCode: error.exitCode, problem: error.message }
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

function sayLinks([first, ...others]: readonly string[]): void {
  if (first === undefined) return
  const more = others.length === 0 ? "" : ` and ${others.length} more`
  say(`left out of the reports: ${visible(first)}${more}, no plain file but a link or the like`)
}

/** Writes the verdict and summary of an aborted run, if the disk has room for them. */
function writeAbortedVerdict(
  out: string,
  { run, invocation, mark, at }: StartedRun,
  { exitCode, problem: what, refused }: Abort,
): Verdict {
  const log = join(out, "logs/dagger.log")
  const problem = refused === true ? what : `${what}${rerunHint(run)}`
  const reason = (what.split("\n")[0] ?? "").replace(/:$/, "")
  const broke = { run, invocation, exitCode, problem, reason, milliseconds: Date.now() - at }
  const verdict = brokenOff(fileLines(log), mark, broke)
  const made = join(out, UNFINISHED)
  try {
    rmSync(made, { recursive: true, force: true })
    mkdirSync(made)
    writeFileSync(join(made, "summary.md"), summary(verdict))
    writeFileSync(join(made, "verdict.json"), jsonText(verdict))
    moveInto(made, out)
  } catch {
    // The problem itself may be a full disk; it has been printed.
    rmSync(made, { recursive: true, force: true })
  }
  return verdict
}

/** True if everything finished, and only closing the session took longer than the ten seconds `dagger` (0.21.8) waits. */
function onlyClosedLate(log: string): boolean {
  let closedLate = false
  for (const line of fileLines(log)) {
    if (!line.startsWith("Error: ")) continue
    if (!line.startsWith('Error: cleanup failed: "close dagger session"')) return false
    closedLate = true
  }
  return closedLate
}

/** Free bytes below which the disk counts as full; reports are larger. */
const LEAST_ROOM = 1024 * 1024

/** Prints the engine's last errors. */
export function reportNoVerdict(log: string): number {
  say(lastErrors(log).join("\n"))
  return ExitCode.infrastructure
}

/** Longest line of a log that is shown, in characters. */
const ERROR_LENGTH = 2000

function lastErrors(log: string): string[] {
  const errors: string[] = []
  for (const line of fileLines(log)) {
    if (/^Error: |! /.test(line)) errors.push(clip(line, ERROR_LENGTH))
    if (errors.length > 3) errors.shift()
  }
  // The engine often reports only that its receiver is gone.
  const { bavail, bsize } = statfsSync(dirname(log))
  const full = bavail * bsize < LEAST_ROOM ? [`no space left on the disk of ${dirname(log)}`] : []
  return ["the run has no verdict:", ...full, ...errors, `→ see ${log} for the engine's whole output`]
}

/** Prints a verdict on the terminal, or as JSON. */
export function printVerdict(verdict: Verdict, out: string, { json, quiet, brief }: OutputOptions): void {
  if (quiet) return
  if (json) process.stdout.write(jsonText(verdict))
  else
    process.stdout.write(
      brief && verdict.changes?.before ? briefText(verdict, out) : verdictText(verdict, out),
    )
}

/** What changed since the last run, and the stages that did not pass. */
function briefText({ stages, changes, problem, status, milliseconds }: Verdict, out: string): string {
  const lines = [
    ...stages.filter(stopped).map(stageLine),
    ...(problem === null ? [] : [problem]),
    ...(changes === undefined ? [] : changesLines(changes)),
    `${status} in ${formatDuration(milliseconds)}; reports in ${out}`,
  ]
  return `${lines.join("\n")}\n`
}

function verdictText(verdict: Verdict, out: string): string {
  const failures = join(out, "failures.txt")
  const gates = verdict.gates === undefined ? [] : gatesText(verdict.gates)
  const lines = [
    ...gates,
    ...(gates.length === 0 ? [] : [""]),
    ...verdict.stages.map(stageLine),
    ...(existsSync(failures) ? ["", readFileSync(failures, "utf8").trimEnd()] : []),
    ...(verdict.problem === null ? [] : [verdict.problem]),
    ...(verdict.changes === undefined ? [] : ["", ...changesLines(verdict.changes)]),
    "",
    `${verdict.status} in ${formatDuration(verdict.milliseconds)}; reports in ${out}`,
  ]
  return `${lines.join("\n")}\n`
}

const SIGNS: Record<StageResult["status"], string> = { passed: "✓", failed: "✗", error: "✗", skipped: "-" }

function stageLine({ name, status, milliseconds, cached, reason }: StageResult): string {
  const time = `${formatDuration(milliseconds)}${cached ? ", cached" : ""}`
  return `${SIGNS[status]} ${name.padEnd(16)} ${visible(reason)} (${time})`
}
