import { randomUUID } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs"
import { dirname, join, resolve } from "node:path"
import { ExitCode, fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { type Break, brokenOff } from "../../../src/lib/pipeline/journal.js"
import { visible } from "../../../src/lib/text/escape.js"
import { formatDuration } from "../../../src/lib/report/place.js"
import { summary } from "../../../src/lib/report/summary.js"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import type { Run, StageResult, Verdict } from "../../../src/lib/run/verdict.js"
import { daggerWithProgress } from "../../module/call.js"
import { onInterrupt } from "../../module/interrupt.js"
import { say } from "../../lib/progress.js"

/** How a run ended. */
export interface RunResult {
  code: number
  out: string
  /** Absent where somebody ended it: nobody waits to hear of that. */
  verdict?: Verdict
}

/** A run of which the module has said nothing yet. */
export interface StartedRun extends Pick<Break, "run" | "invocation"> {
  /** What the lines begin with on which the module says how far it has come: nothing that a tool prints does. */
  mark: string
  at: number
}

export interface OutputOptions {
  json?: boolean
  /** What makes output harmless to who reads it for commands. */
  neutralize?: (output: string) => string
}

/** Where the engine writes, beside what is whole. */
const UNFINISHED = ".unfinished"

/** What a run writes. */
const ARTIFACTS = [
  "verdict.json",
  "summary.md",
  "report.html",
  "failures.txt",
  UNFINISHED,
  "junit",
  "sarif",
  "logs",
  "coverage",
  "trivy",
  "terraform",
  "sbom",
  "release",
  "deploy",
  "k6",
  "zap",
  "gitlab",
  "cleanup",
]

/** Begins a run of what is called this way. */
export const beginRun = (run: Omit<Run, "startedAt">, call: readonly string[]): StartedRun => ({
  run: { ...run, startedAt: new Date().toISOString() },
  invocation: shellQuote(["dagger", ...call]),
  mark: `slipway-${randomUUID()}`,
  at: Date.now(),
})

/** Makes the folder of the reports, without what an earlier run left: no old verdict is taken for a new one. */
export function prepareOut(path: string): string {
  const out = resolve(path)
  try {
    mkdirSync(out, { recursive: true })
    for (const name of ARTIFACTS) rmSync(join(out, name), { recursive: true, force: true })
  } catch (error) {
    throw fail("OUT_NOT_FOLDER", [out, error instanceof Error ? error.message : String(error)])
  }
  return out
}

/**
 * Calls a function that returns the artifacts of a run, and prints the outcome. What it is called with is found out
 * within, so that from here on there is a verdict whatever happens.
 */
export function runWithVerdict(
  out: string,
  begun: StartedRun,
  output: OutputOptions,
  argumentsFor: (out: string) => Promise<readonly string[]>,
): Promise<RunResult> {
  const early = () => {
    writeAbortedVerdict(out, begun, INTERRUPTED)
    process.exit(ExitCode.interrupted)
  }
  return onInterrupt(early, async () => {
    const args = await argumentsFor(out)
    const broke = await abortOf(args, out)
    if (broke !== undefined) {
      const verdict = writeAbortedVerdict(out, begun, broke)
      say(verdict.problem ?? "")
      if (output.json) print(verdict, out, output)
      else if (broke.exitCode !== ExitCode.interrupted) print({ ...verdict, problem: null }, out, output)
      return { code: broke.exitCode, out, ...(broke.exitCode !== ExitCode.interrupted && { verdict }) }
    }
    const verdict = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
    print(verdict, out, output)
    return { code: verdict.exitCode, out, verdict }
  })
}

/** Why a run has no verdict of its own. */
type Abort = Pick<Break, "exitCode" | "problem">

const INTERRUPTED: Abort = {
  exitCode: ExitCode.interrupted,
  problem: "interrupted\n→ run the same again: what had ended comes from the cache",
}

/** What else to do where a run may have had effects. */
const rerunHint = ({ event, id }: Run): string =>
  event === "local" ? "" : `\n→ with --run-id=${id} what it has published or deployed isn't done twice`

/** Runs it. What it leaves is in `out` once all of it is there; undefined then, else why not. */
async function abortOf(args: readonly string[], out: string): Promise<Abort | undefined> {
  const log = join(out, "logs/dagger.log")
  const made = join(out, UNFINISHED)
  try {
    const code = await daggerWithProgress([...args, "export", `--path=${made}`], log)
    if (code === ExitCode.interrupted) return INTERRUPTED
    if ((code !== 0 && !onlyClosedLate(log)) || !existsSync(join(made, "verdict.json")))
      return { exitCode: ExitCode.infrastructure, problem: lastErrors(log).join("\n") }
    moveInto(made, out)
    return undefined
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return { exitCode: error.exitCode, problem: error.message }
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

/** Moves what lies in a folder, the verdict last: where there is one, all is there. */
function moveInto(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  const last = (name: string) => (name === "verdict.json" ? 1 : 0)
  const entries = readdirSync(from, { withFileTypes: true }).sort((a, b) => last(a.name) - last(b.name))
  for (const entry of entries) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) moveInto(source, target)
    else renameSync(source, target)
  }
  rmdirSync(from)
}

/** Leaves the verdict of a run that broke off, and what people read of it, as far as there is room. */
function writeAbortedVerdict(
  out: string,
  { run, invocation, mark, at }: StartedRun,
  { exitCode, problem: what }: Abort,
): Verdict {
  const log = join(out, "logs/dagger.log")
  const text = existsSync(log) ? readFileSync(log, "utf8") : ""
  const problem = `${what}${rerunHint(run)}`
  const reason = (what.split("\n")[0] ?? "").replace(/:$/, "")
  const broke = { run, invocation, exitCode, problem, reason, milliseconds: Date.now() - at }
  const verdict = brokenOff(text, mark, broke)
  const made = join(out, UNFINISHED)
  try {
    rmSync(made, { recursive: true, force: true })
    mkdirSync(made)
    writeFileSync(join(made, "summary.md"), summary(verdict))
    writeFileSync(join(made, "verdict.json"), `${JSON.stringify(verdict, null, 2)}\n`)
    moveInto(made, out)
  } catch {
    // The problem itself may be that there is no room; it has been said.
    rmSync(made, { recursive: true, force: true })
  }
  return verdict
}

/** Whether all was done, and only the end of the session took longer than `dagger` (0.21.8) waits for it: ten seconds. */
const onlyClosedLate = (log: string): boolean => {
  const errors = readFileSync(log, "utf8").match(/^Error: .*$/gm) ?? []
  return (
    errors.length > 0 && errors.every((line) => /^Error: cleanup failed: "close dagger session"/.test(line))
  )
}

/** Bytes; reports are larger. */
const LEAST_ROOM = 1024 * 1024

/** Says what the engine's own last words were. */
export function reportNoVerdict(log: string): number {
  say(lastErrors(log).join("\n"))
  return ExitCode.infrastructure
}

function lastErrors(log: string): string[] {
  const lines = readFileSync(log, "utf8").split("\n")
  const errors = lines.filter((line) => /^Error: |! /.test(line)).slice(-3)
  // The engine often knows only that its receiver has gone.
  const { bavail, bsize } = statfsSync(dirname(log))
  const full = bavail * bsize < LEAST_ROOM ? [`no space left on the disk of ${dirname(log)}`] : []
  return ["the run gave no verdict:", ...full, ...errors, `→ ${log} holds all that the engine said`]
}

function print(verdict: Verdict, out: string, { json, neutralize = String }: OutputOptions): void {
  if (json) process.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`)
  else process.stdout.write(neutralize(verdictText(verdict, out)))
}

function verdictText(verdict: Verdict, out: string): string {
  const failures = join(out, "failures.txt")
  const lines = [
    ...verdict.stages.map(stageLine),
    ...(existsSync(failures) ? ["", readFileSync(failures, "utf8").trimEnd()] : []),
    ...(verdict.problem === null ? [] : [verdict.problem]),
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
