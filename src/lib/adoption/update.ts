import type { ExitCode } from "../errors/catalogue.js"
import { count, oneLine } from "../text/words.js"
import { ADOPTION_FILE, type AdoptionBaseline, BASELINED, type BaselinedStage, entriesOf } from "./entries.js"
import { type Entries, NO_ENTRIES, sizeOf } from "./entries.js"
import type { Matched } from "./match.js"

/** What a stage found; without a match it could not run. */
export interface StageFound {
  stage: BaselinedStage
  matched?: Matched
  reason: string
  exitCode: ExitCode
}

/** Coverage as measured. */
export interface MeasuredCoverage {
  /** Undefined if it wasn't measured. */
  percentage: number | undefined
  /** True if it is above the gate. */
  reached: boolean
  /** Why it wasn't measured. */
  reason: string
}

/** Reason and day of a baseline that grows. */
export interface Growing {
  reason: string
  /** YYYY-MM-DD, UTC. */
  on: string
}

/** A new baseline, with what changed, a line for each stage. */
export interface Update {
  /** Undefined if nothing is left. */
  adoption: AdoptionBaseline | undefined
  lines: string[]
}

/**
 * Writes down what was found, if there is no baseline yet; else only removes what is gone.
 *
 * To `grow` it takes a reason.
 */
export function updateAdoption(
  before: AdoptionBaseline | undefined,
  found: readonly StageFound[],
  measured: MeasuredCoverage,
  grow?: Growing,
): Update {
  const adds = before === undefined || grow !== undefined
  const entries = new Map(before?.findings)
  for (const { stage, matched } of found) if (matched) entries.set(stage, entriesIn(matched, adds))
  const coverage = nextCoverage(before?.coverage, measured, adds)
  const more = found.reduce((sum, { matched }) => sum + (matched?.fresh.length ?? 0), 0)
  const grown =
    before === undefined || grow === undefined || more === 0
      ? []
      : [{ on: grow.on, reason: oneLine(grow.reason), findings: more }]
  const adoption = {
    findings: entries,
    ...(coverage !== undefined && { coverage }),
    grown: [...(before?.grown ?? []), ...grown],
  }
  const total = [...entries.values()].reduce((sum, each) => sum + sizeOf(each), 0)
  const lines = [
    ...found.flatMap((each) => stageLine(each, before, adds)),
    ...coverageLine(before?.coverage, coverage, measured),
  ]
  if (total === 0 && coverage === undefined)
    return { adoption: undefined, lines: [nothingLeft(before), ...lines] }
  return { adoption, lines: [`${ADOPTION_FILE}: ${count(total, "known finding")}`, ...lines] }
}

const entriesIn = ({ fresh, known }: Matched, adds: boolean): Entries =>
  entriesOf(adds ? [...known, ...fresh] : known)

/** Coverage to keep: it is never lowered but on purpose, and left out once it is above the gate. */
function nextCoverage(
  before: number | undefined,
  { percentage, reached }: MeasuredCoverage,
  adds: boolean,
): number | undefined {
  if (reached) return undefined
  if (percentage === undefined) return before
  if (adds) return percentage
  return before === undefined ? undefined : Math.max(before, percentage)
}

function stageLine(
  { stage, matched, reason }: StageFound,
  before: AdoptionBaseline | undefined,
  adds: boolean,
): string[] {
  const earlier = sizeOf(before?.findings.get(stage) ?? NO_ENTRIES)
  const line = (text: string) => [`  ${stage.padEnd(17)}${text}`]
  if (matched === undefined) return line(`could not run, its ${earlier} known ones are kept: ${reason}`)
  const { fresh, known } = matched
  const now = known.length + (adds ? fresh.length : 0)
  if (now === 0 && earlier === 0 && fresh.length === 0) return []
  const was = before === undefined || now === earlier ? "" : ` (was ${earlier})`
  const left = adds || fresh.length === 0 ? "" : `, and ${fresh.length} new: fix or suppress them`
  return line(`${now}${was}${left}`)
}

function coverageLine(
  before: number | undefined,
  now: number | undefined,
  { reason, percentage }: MeasuredCoverage,
): string[] {
  const line = (text: string) => [`  ${"coverage".padEnd(17)}${text}`]
  if (percentage === undefined) return line(`not measured: ${reason}`)
  if (now !== undefined)
    return line(`${now} %${before === undefined || before === now ? "" : ` (was ${before} %)`}`)
  return before === undefined ? [] : line(`${percentage} %, which is above the gate: no longer part of it`)
}

const nothingLeft = (before: AdoptionBaseline | undefined): string =>
  before === undefined
    ? "nothing to write down: there is no finding"
    : `${ADOPTION_FILE} is removed: nothing of it is left`

/** Stages in the order of the file. */
export const inFileOrder = (a: StageFound, b: StageFound): number =>
  BASELINED.indexOf(a.stage) - BASELINED.indexOf(b.stage)
