import type { ExitCode } from "../errors/catalogue.js"
import type { Finding } from "./finding.js"
import type { RunInputs } from "./inputs.js"
import type { LoadChart } from "./drawn.js"
import type { Suppressed } from "./suppressed.js"
import type { Coverage } from "./coverage.js"
import type { TestCase } from "./testCase.js"

export type StageStatus = "passed" | "failed" | "skipped" | "error"

/** What became of one stage of a run. */
export interface StageResult {
  /** The name that `debug --stage` takes, for example `mypy`. */
  name: string
  /** The group it belongs to, for example `quality`. */
  group: string
  status: StageStatus
  /** Wall time as the run saw it. */
  milliseconds: number
  /** Whether its command's result came from the cache; null where that can't be told. */
  cached: boolean | null
  /** One line. */
  reason: string
  /** The one command that repeats just this stage with its inputs. */
  repro: string
  /** What the status would make of a run on its own. */
  exitCode: ExitCode
}

/** A stage's result with what its reports are made of. */
export interface StageReport extends StageResult {
  findings: Finding[]
  /** The tool's version. */
  version: string
  /** The tool's own output, whole. */
  log: string
  /** When its command began, in milliseconds since 1970: earlier than the run where the result was kept. */
  began?: number
  /** Each test that a suite ran. */
  tests?: TestCase[]
  coverage?: Coverage
  /** What was found and is suppressed, with the reason and the date. */
  suppressed?: Suppressed[]
  /** How it went, second by second. */
  load?: LoadChart
  /** Markdown for the summary, whole or not at all; the same is in an artifact. */
  sections?: string[]
  /** What else a reader wants to know, by its name: the age of a database, the number of workers. */
  facts?: Record<string, string>
}

/** A report without what only its own artifacts hold. */
export function stageResult(report: StageReport): StageResult {
  const { name, group, status, milliseconds, cached, reason, repro, exitCode } = report
  return { name, group, status, milliseconds, cached, reason, repro, exitCode }
}

/** What became of a whole run: the content of `verdict.json`. */
export interface Verdict {
  /** Version of this format. */
  schema: 1
  run: Run
  status: StageStatus
  exitCode: ExitCode
  milliseconds: number
  stages: StageResult[]
  /** Why nothing ran, where nothing did: for example what is wrong with `slipway.yaml`. */
  problem: string | null
}

/** What a run was asked to look at, and by whom. */
export interface Run {
  id: string
  event: string
  ref: string
  sha: string
  /** ISO 8601, UTC. */
  startedAt: string
  /** What it was made with; absent in verdicts of versions that didn't say so. */
  inputs?: RunInputs
}
