import { ExitCode } from "../errors/catalogue.js"
import { DEBUGGABLE, EFFECTS, groupOf, STAGE_NAMES, type StageName } from "./stages.js"
import { parseJson } from "../text/json.js"
import { type Run, type StageReport, stageResult, type StageResult, type Verdict } from "../run/verdict.js"

/** How far a run has come: what is known of it if it breaks off. */
export interface Journal {
  began: (run: Run) => void
  /** All the stages that it means to run. */
  planned: (stages: readonly StageName[]) => void
  /** Tells of each stage once. */
  ended: (stages: readonly StageReport[]) => void
}

type Entry = { run: Run } | { planned: readonly StageName[] } | { ended: StageResult }

/** Prints a line for each thing that happens, beginning with this mark; nothing without one. */
export function journal(mark: string, print: (line: string) => void = console.log): Journal {
  const told = new Set<string>()
  const tell = (entry: Entry) => {
    if (mark !== "") print(`${mark} ${JSON.stringify(entry)}`)
  }
  return {
    began: (run) => tell({ run }),
    planned: (planned) => tell({ planned }),
    ended: (stages) => {
      for (const stage of stages.filter(({ name }) => !told.has(name))) {
        told.add(stage.name)
        tell({ ended: stageResult(stage) })
      }
    },
  }
}

/** How a run ended without a verdict of its own, as whoever started it knows. */
export interface Break {
  /** What is known of the run where it never came to say more. */
  run: Run
  /** How the module was called. */
  invocation: string
  exitCode: ExitCode
  /** In a few words, for each stage that had not ended. */
  reason: string
  /** What happened, and what to do next. */
  problem: string
  milliseconds: number
}

/** The verdict of a run that broke off, of what its log says: only what really ended has a result. */
export function brokenOff(log: string, mark: string, broke: Break): Verdict {
  const entries = log.split("\n").flatMap((line): Partial<Record<string, unknown>>[] => {
    const at = line.indexOf(`${mark} {`)
    const entry = at < 0 ? undefined : parseJson(line.slice(at + mark.length + 1))
    return typeof entry === "object" && entry !== null ? [entry] : []
  })
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
