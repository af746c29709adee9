import type { SlowerTest, TestChange } from "../run/changes.js"
import type { RecordedTest, StageRecord } from "../run/record.js"
import { unsuccessful } from "./testFindings.js"

/** The results of a stage in both runs. */
export interface StagePair {
  stage: string
  before: StageRecord
  now: StageRecord
}

/** A test counts as slower if it takes this many times as long, and this many seconds more. */
const SLOWER = { times: 2, seconds: 1 }

/** Tests that fail now and didn't in the last run, new ones too. */
export const newlyFailed = (pair: StagePair): TestChange[] =>
  changesOf(pair).filter(({ from, to }) => unsuccessful({ status: to }) && !failedBefore(from))

/** Tests that pass now and failed in the last run. */
export const newlyPassed = (pair: StagePair): TestChange[] =>
  changesOf(pair).filter(({ from, to }) => to === "passed" && failedBefore(from))

const failedBefore = (from: TestChange["from"]): boolean => from !== null && unsuccessful({ status: from })

/** Tests that passed in both runs, and took much longer. */
export function slower({ stage, before, now }: StagePair): SlowerTest[] {
  const earlier = byId(before.tests)
  return (now.tests ?? []).flatMap(({ id, status, seconds: to }) => {
    const from = earlier.get(id)
    if (status !== "passed" || from?.status !== "passed") return []
    return to >= from.seconds * SLOWER.times && to >= from.seconds + SLOWER.seconds
      ? [{ stage, id, from: from.seconds, to }]
      : []
  })
}

/** Each test with its status in both runs; none if either isn't recorded. */
function changesOf({ stage, before, now }: StagePair): TestChange[] {
  if (before.tests === undefined) return []
  const earlier = byId(before.tests)
  return (now.tests ?? []).map(({ id, status }) => ({
    stage,
    id,
    from: earlier.get(id)?.status ?? null,
    to: status,
  }))
}

const byId = (tests: readonly RecordedTest[] = []) => new Map(tests.map((test) => [test.id, test]))
