import type { Directory } from "@dagger.io/dagger"
import { ExitCode, exitCodeOf, fail } from "../lib/errors/catalogue.js"
import { stopped } from "../lib/report/place.js"
import { terminalText } from "../lib/report/terminal.js"
import { pool } from "../lib/run/pool.js"
import { type Group, inRunOrder, STAGE_NAMES, type StageName } from "../lib/pipeline/stages.js"
import type { StageReport } from "../lib/run/verdict.js"
import { oneLine } from "../lib/text/words.js"

/** What became of a stage, with the files that it leaves beside what can be made from its report. */
export interface Stage extends StageReport {
  files?: Directory
}

/** A stage that is still to be run. */
export interface Task {
  name: StageName
  run: () => Promise<Stage>
}

/**
 * Runs stages, no more than `limit` at a time; their results come in the order of all reports. `ended` hears of each as
 * it ends.
 */
export async function runTasks(
  limit: number,
  tasks: readonly Task[],
  ended?: (stages: readonly Stage[]) => void,
): Promise<Stage[]> {
  const work = async ({ run }: Task): Promise<Stage> => {
    const stage = await run()
    ended?.([stage])
    return stage
  }
  const stages = await pool(
    limit,
    inRunOrder(tasks).map((task) => () => work(task)),
  )
  return stages.sort((a, b) => place(a) - place(b))
}

const place = ({ name }: Stage): number => STAGE_NAMES.findIndex((known) => known === name)

/** What of a stage is known before it runs. */
export type Identity = Pick<Stage, "name" | "group" | "version" | "repro" | "facts">

/** What is known of a stage, by its name and its tool's version. */
export const identity = (group: Group, name: StageName, version: string, invocation: string): Identity => ({
  name,
  group,
  version,
  repro: `${invocation} debug --stage=${name} terminal`,
})

/**
 * Runs a stage's work. What keeps it from beginning, such as an image that can't be pulled, is this stage's error: the
 * others go on, and keep what they leave.
 */
export async function attempted<S extends Omit<Stage, keyof Identity>>(
  identity: Identity,
  work: () => Promise<S>,
): Promise<Identity & (S | Unfinished)> {
  try {
    return { ...identity, ...(await work()) }
  } catch (error) {
    const message = messageOf(error)
    return { ...identity, ...unfinished(`it could not be run: ${message}`, exitCodeOf(error), message) }
  }
}

/** What a check does with its stage: it throws unless that passed or was passed over. */
export function mustPass(stage: Stage): void {
  if (stopped(stage)) throw fail("GATE_FAILED", [terminalText([stage])])
}

/** An error's message, without what the engine adds for machines. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/ *\[traceparent:[\w-]+\]/g, "")

export type Unfinished = ReturnType<typeof unfinished>

/** What a stage comes to that could not do its work. */
export const unfinished = (reason: string, exitCode: ExitCode, log = "") => ({
  ...NOT_RUN,
  status: "error" as const,
  reason: oneLine(reason),
  exitCode,
  log,
})

/** What a stage comes to that has nothing to do. */
export const skipped = (reason: string) => ({
  ...NOT_RUN,
  status: "skipped" as const,
  reason,
  exitCode: ExitCode.passed,
  log: "",
})

const NOT_RUN = { findings: [], milliseconds: 0, cached: null }
