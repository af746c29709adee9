import type { CoveredShare, RecordedFinding, RecordedTest } from "./record.js"
import type { Run, StageResult, StageStatus } from "./verdict.js"

/** What changed since the last run of the same branch: a part of the verdict. */
export interface RunChanges {
  /** The run that it is compared with; null if there is none to compare with. */
  before: Pick<Run, "id" | "sha" | "startedAt"> | null
  /** Why nothing is compared, if so. */
  problem: string | null
  /** Stages of both runs whose status changed. */
  stages: StageChange[]
  /** Names of stages that the last run didn't have, and of those that this one doesn't. */
  added: string[]
  absent: string[]
  fresh: Listed<ChangedFinding>
  fixed: Listed<ChangedFinding>
  failed: Listed<TestChange>
  passed: Listed<TestChange>
  slower: Listed<SlowerTest>
  coverage: CoverageChange[]
  /** What isn't compared, and why, a sentence each. */
  left: string[]
}

/** The first items of a list, and the number of the others. */
export interface Listed<T> {
  items: T[]
  more: number
}

export interface StageChange extends Pick<StageResult, "name" | "group" | "reason"> {
  from: StageStatus
  to: StageStatus
}

export interface ChangedFinding extends Omit<RecordedFinding, "fingerprint"> {
  stage: string
}

/** A test that failed or passed in only one of the runs. */
export interface TestChange {
  stage: string
  id: string
  /** Null for a test that the last run didn't have. */
  from: RecordedTest["status"] | null
  to: RecordedTest["status"]
}

/** A test that passed in both runs and took noticeably longer. */
export interface SlowerTest {
  stage: string
  id: string
  /** Seconds. */
  from: number
  to: number
}

export interface CoverageChange {
  stage: string
  from: CoveredShare
  to: CoveredShare
}
