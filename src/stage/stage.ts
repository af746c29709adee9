import type { Directory } from "@dagger.io/dagger"
import { ExitCode, exitCodeOf, fail } from "../lib/errors/catalogue.js"
import { stopped } from "../lib/run/command.js"
import { terminalText } from "../lib/report/terminal.js"
import { messageOf } from "../lib/run/execError.js"
import type { StageProgress } from "../lib/pipeline/journal.js"
import { pool } from "../lib/run/pool.js"
import { type Group, inRunOrder, STAGE_NAMES, type StageName } from "../lib/pipeline/stages.js"
import type { StageReport } from "../lib/run/verdict.js"
import { redact } from "../lib/text/redact.js"
import { oneLine } from "../lib/text/words.js"

/** The result of a stage, with files that can't be made from its report. */
export interface Stage extends StageReport {
  files?: Directory
}

/** A stage to run. */
export interface Task {
  name: StageName
  run: () => Promise<Stage>
}

/**
 * Runs stages, no more than `limit` at a time; returns results in the order of reports.
 *
 * Reports each stage as it begins and as it ends.
 */
export async function runTasks(
  limit: number,
  tasks: readonly Task[],
  progress?: StageProgress,
): Promise<Stage[]> {
  const work = async ({ name, run }: Task): Promise<Stage> => {
    progress?.started(name)
    const stage = await run()
    progress?.ended([stage])
    return stage
  }
  const stages = await pool(
    limit,
    inRunOrder(tasks).map((task) => () => work(task)),
  )
  return stages.sort((a, b) => place(a) - place(b))
}

const place = ({ name }: Stage): number => STAGE_NAMES.findIndex((known) => known === name)

/** The facts of a stage that are known before it runs. */
export type Identity = Pick<Stage, "name" | "group" | "version" | "repro" | "facts">

/** Returns a stage's identity from its name and its tool's version. */
export const identity = (group: Group, name: StageName, version: string, invocation: string): Identity => ({
  name,
  group,
  version,
  repro: `${invocation} debug --stage=${name} terminal`,
})

/**
 * Runs a stage's work; an exception becomes the stage's error.
 *
 * So if an image can't be pulled, the other stages still run and keep their results.
 */
export async function attempted<S extends Omit<Stage, keyof Identity>>(
  identity: Identity,
  work: () => Promise<S>,
): Promise<Identity & (S | Unfinished)> {
  try {
    const done = await work()
    const { reason, findings } = done
    const shown = findings.map((finding) => ({ ...finding, message: redact(finding.message) }))
    return { ...identity, ...done, reason: redact(reason), findings: shown }
  } catch (error) {
    const message = messageOf(error)
    return { ...identity, ...unfinished(`it could not be run: ${message}`, exitCodeOf(error), message) }
  }
}

/** Throws unless a stage passed or was skipped. */
export function mustPass(stage: Stage): void {
  if (stopped(stage)) throw fail("GATE_FAILED", [terminalText([stage])])
}

export type Unfinished = ReturnType<typeof unfinished>

/** Returns the result of a stage that could not run. */
export const unfinished = (reason: string, exitCode: ExitCode, log = "") => ({
  ...NOT_RUN,
  status: "error" as const,
  reason: oneLine(reason),
  exitCode,
  log,
})

/** Returns the result of a stage that was skipped. */
export const skipped = (reason: string) => ({
  ...NOT_RUN,
  status: "skipped" as const,
  reason,
  exitCode: ExitCode.passed,
  log: "",
})

const NOT_RUN = { findings: [], milliseconds: 0, cached: null }
