import { percent } from "../run/coverage.js"
import type { ChangedFinding, CoverageChange, Listed, RunChanges } from "../run/changes.js"
import type { RecordedKind, RunRecord, StageRecord } from "../run/record.js"
import type { StageResult, Verdict } from "../run/verdict.js"
import { someOf } from "../text/words.js"
import { newlyFailed, newlyPassed, slower, type StagePair } from "./compareTests.js"
import { type Previous, readPrevious } from "./previous.js"
import { hasResults } from "./record.js"
import { unmatched } from "./unmatched.js"

/** Items of each list that a verdict holds. */
const MOST = 100
const NAMED = 10

/**
 * Compares a run with the last one of its branch, given as the content of its verdict.
 *
 * Says what changed as far as both runs know it: of a stage that could not run in one of them nothing is new or fixed.
 */
export function changesSince(content: string, now: Verdict): RunChanges {
  const previous = readPrevious(content, now)
  return typeof previous === "string" ? notCompared(previous) : compared(previous, now)
}

/** The result of a comparison that there can't be. */
export const notCompared = (problem: string): RunChanges => ({ ...NOTHING, before: null, problem })

const NONE = { items: [], more: 0 }
const NOTHING = {
  ...{ stages: [], added: [], absent: [], coverage: [], left: [] },
  ...{ fresh: NONE, fixed: NONE, failed: NONE, passed: NONE, slower: NONE },
}

function compared(previous: Previous, { stages, record = {} }: Verdict): RunChanges {
  const both = stages.flatMap((stage) => {
    const from = previous.stages.get(stage.name)
    return from === undefined ? [] : [{ ...stage, from }]
  })
  const ran = both.filter(({ status, from }) => hasResults(status) && hasResults(from))
  const pairs = ran.map(({ name }) => pairOf(name, previous.record ?? {}, record))
  const names = new Set(stages.map(({ name }) => name))
  return {
    before: previous.run,
    problem: null,
    stages: both
      .filter(({ status, from }) => status !== from)
      .map(({ name, group, reason, status, from }) => ({ name, group, reason, from, to: status })),
    added: stages.map(({ name }) => name).filter((name) => !previous.stages.has(name)),
    absent: [...previous.stages.keys()].filter((name) => !names.has(name)).slice(0, MOST),
    fresh: listed(pairs.flatMap(({ stage, before, now }) => findingsOnlyIn(stage, now, before))),
    fixed: listed(pairs.flatMap(({ stage, before, now }) => findingsOnlyIn(stage, before, now))),
    failed: listed(pairs.flatMap(newlyFailed)),
    passed: listed(pairs.flatMap(newlyPassed)),
    slower: listed(pairs.flatMap(slower).sort((a, b) => b.to - b.from - (a.to - a.from))),
    coverage: pairs.flatMap(coverageChange),
    left: leftOut(both, pairs, previous.record === undefined),
  }
}

const pairOf = (stage: string, before: RunRecord, now: RunRecord): StagePair => ({
  stage,
  before: own(before, stage),
  now: own(now, stage),
})

const own = (record: RunRecord, stage: string): StageRecord =>
  Object.hasOwn(record, stage) ? (record[stage] ?? {}) : {}

const listed = <T>(all: readonly T[]): Listed<T> => ({
  items: all.slice(0, MOST),
  more: Math.max(0, all.length - MOST),
})

/** Findings of one run that the other lacks, those that block first; none if either isn't recorded. */
function findingsOnlyIn(stage: string, one: StageRecord, other: StageRecord): ChangedFinding[] {
  if (one.findings === undefined || other.findings === undefined) return []
  return unmatched(one, other)
    .map(({ tool, rule, file, line, message, advisory }) => ({
      stage,
      tool,
      rule,
      ...(file !== undefined && { file }),
      ...(line !== undefined && { line }),
      message,
      ...(advisory && { advisory }),
    }))
    .sort((a, b) => Number(a.advisory ?? false) - Number(b.advisory ?? false))
}

function coverageChange({ stage, before, now }: StagePair): CoverageChange[] {
  const [from, to] = [before.coverage, now.coverage]
  if (from === undefined || to === undefined || percent(from) === percent(to)) return []
  return [{ stage, from, to }]
}

/** What isn't compared, and why. */
function leftOut(
  both: readonly (StageResult & { from: StageResult["status"] })[],
  pairs: readonly StagePair[],
  recordless: boolean,
): string[] {
  if (recordless) return ["findings, tests and coverage aren't compared: the last verdict has none of them"]
  const broken = both.filter(({ status, from }) => status === "error" || from === "error")
  const tooMany = (kind: RecordedKind) =>
    pairs
      .filter(({ before, now }) => [before, now].some((record) => record.tooMany?.includes(kind)))
      .map(({ stage }) => stage)
  const sentence = (what: string, names: readonly string[], why: string): string[] =>
    names.length === 0 ? [] : [`${what} of ${someOf(names, NAMED)} aren't compared: ${why}`]
  const errors = broken.map(({ name }) => name)
  return [
    ...sentence("the results", errors, "it isn't known of both runs how they ended"),
    ...sentence("findings", tooMany("findings"), "there are too many to record"),
    ...sentence("tests", tooMany("tests"), "there are too many to record"),
  ]
}
