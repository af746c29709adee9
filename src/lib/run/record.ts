import type { Coverage } from "./coverage.js"
import type { Finding } from "./finding.js"
import type { TestCase } from "./testCase.js"

/** What a later run is compared with, by stage: a part of the verdict. Stages that could not run have none. */
export type RunRecord = Readonly<Record<string, StageRecord>>

/** The findings, tests and coverage of a stage. */
export interface StageRecord {
  /** What is absent since there is too much of it. */
  tooMany?: RecordedKind[]
  findings?: RecordedFinding[]
  /** Fingerprints of findings that are suppressed or known to the baseline. */
  hidden?: string[]
  tests?: RecordedTest[]
  coverage?: CoveredShare
}

export type RecordedKind = "findings" | "tests"

export interface RecordedFinding extends Pick<
  Finding,
  "tool" | "rule" | "file" | "line" | "message" | "advisory"
> {
  fingerprint: string
}

export type RecordedTest = Pick<TestCase, "id" | "status" | "seconds">

export type CoveredShare = Pick<Coverage, "covered" | "total">
