import { ExitCode } from "../errors/catalogue.js"
import { DEBUGGABLE, EFFECTS, groupOf, STAGE_NAMES, type StageName } from "./stages.js"
import { fields, parseJson, strings } from "../text/json.js"
import {
  isStatus,
  type Run,
  type StageReport,
  stageResult,
  type StageResult,
  type Verdict,
} from "../run/verdict.js"

/** Progress of a run, for a verdict if the run breaks off. */
export interface Journal {
  began: (run: Run) => void
  /** All the stages that the run plans. */
  planned: (stages: readonly StageName[]) => void
  /** Reports a stage that begins; those that a deployment consists of report only their end. */
  started: (stage: StageName) => void
  /** Reports each stage once. */
  ended: (stages: readonly StageReport[]) => void
}

/** The steps of a run's stages, for who shows them. */
export type StageProgress = Pick<Journal, "started" | "ended">

type Entry =
  { run: Run } | { planned: readonly StageName[] } | { started: StageName } | { ended: StageResult }

/** An entry of a journal that shows a stage's progress. */
export type StageEntry = { planned: string[] } | { started: string } | { ended: EndedStage }

export type EndedStage = Pick<StageResult, "name" | "status" | "milliseconds" | "cached">

/** Reads the progress of stages from an entry of a journal; undefined for another entry, and for none. */
export function stageEntry(entry: string): StageEntry | undefined {
  const { planned, started, ended } = fields(parseJson(entry))
  if (Array.isArray(planned)) return { planned: strings(planned) }
  if (typeof started === "string") return { started }
  const { name, status, milliseconds, cached } = fields(ended)
  if (typeof name !== "string" || typeof milliseconds !== "number" || !isStatus(status)) return undefined
  return { ended: { name, status, milliseconds, cached: typeof cached === "boolean" ? cached : null } }
}

/** Prints a line for each step of a run, which begins with this mark; nothing without one. */
export function journal(mark: string, print: (line: string) => void = console.log): Journal {
  const reported = new Set<string>()
  const report = (entry: Entry) => {
    if (mark !== "") print(`${mark} ${JSON.stringify(entry)}`)
  }
  return {
    began: (run) => report({ run }),
    planned: (planned) => report({ planned }),
    started: (started) => report({ started }),
    ended: (stages) => {
      for (const stage of stages.filter(({ name }) => !reported.has(name))) {
        reported.add(stage.name)
        report({ ended: stageResult(stage) })
      }
    },
  }
}

/** The end of a run without a verdict of its own, as its caller knows it. */
export interface Break {
  /** The run, if its log doesn't say more. */
  run: Run
  /** The call of the module. */
  invocation: string
  exitCode: ExitCode
  /** A short reason, for each stage that had not ended. */
  reason: string
  /** The problem, and what to do next. */
  problem: string
  milliseconds: number
}

/** The verdict of a run that broke off, read from the lines of its log: only stages that ended have a result. */
export function brokenOff(log: Iterable<string>, mark: string, broke: Break): Verdict {
  const entries: Partial<Record<string, unknown>>[] = []
  for (const line of log) {
    const at = line.indexOf(`${mark} {`)
    const entry = at < 0 ? undefined : parseJson(line.slice(at + mark.length + 1))
    if (typeof entry === "object" && entry !== null) entries.push(entry)
  }
  const run = entries.map((entry) => entry["run"] as Run | undefined).find(Boolean) ?? broke.run
  const planned = entries.flatMap((entry) => (entry["planned"] as StageName[] | undefined) ?? [])
  const ended = entries.flatMap((entry) => (entry["ended"] as StageResult | undefined) ?? [])
  const { exitCode, problem, milliseconds } = broke
  const open = planned.filter((name) => !ended.some((stage) => stage.name === name))
  const stages = [...ended, ...open.map((name) => unfinished(name, broke))].sort(
    (a, b) =>
      STAGE_NAMES.findIndex((name) => name === a.name) - STAGE_NAMES.findIndex((name) => name === b.name),
  )
  return { schema: 1, run, status: "error", exitCode, milliseconds, stages, problem }
}

function unfinished(name: StageName, { reason, invocation }: Break): StageResult {
  const group = groupOf(name) ?? ""
  const open = DEBUGGABLE.includes(name) && !EFFECTS.some((known) => known === group)
  return {
    name,
    group,
    status: "error",
    milliseconds: 0,
    cached: null,
    reason: `not known to have ended: ${reason}`,
    repro: open ? `${invocation} debug --stage=${name} terminal` : "",
    exitCode: ExitCode.infrastructure,
  }
}
