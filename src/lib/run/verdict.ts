import type { ExitCode } from "../errors/catalogue.js"
import type { RunChanges } from "./changes.js"
import type { Finding } from "./finding.js"
import type { GateComparison } from "./gateComparison.js"
import type { RunInputs } from "./inputs.js"
import type { KnownFindings } from "./known.js"
import type { LoadChart } from "./loadChart.js"
import type { RunRecord } from "./record.js"
import type { Suppressed } from "./suppressed.js"
import type { Coverage } from "./coverage.js"
import type { TestCase } from "./testCase.js"

export type StageStatus = "passed" | "failed" | "skipped" | "error"

export const isStatus = (value: unknown): value is StageStatus =>
  value === "passed" || value === "failed" || value === "skipped" || value === "error"

/** Result of one stage of a run. */
export interface StageResult {
  /** Name for `debug --stage`, for example `mypy`. */
  name: string
  /** Group of the stage, for example `quality`. */
  group: string
  status: StageStatus
  /** Wall time within the run. */
  milliseconds: number
  /** True if its command's result came from the cache; null if unknown. */
  cached: boolean | null
  /** One line. */
  reason: string
  /** Command that repeats this stage alone with its inputs. */
  repro: string
  /** Exit code of a run of this stage alone. */
  exitCode: ExitCode
}

/** Stage result with the content of its reports. */
export interface StageReport extends StageResult {
  findings: Finding[]
  /** The tool's version. */
  version: string
  /** The tool's own output, whole. */
  log: string
  /** Start of its command, in milliseconds since 1970: earlier than the run if the result was cached. */
  began?: number
  /** Tests that a suite ran. */
  tests?: TestCase[]
  coverage?: Coverage
  /** Suppressed findings, with reason and date. */
  suppressed?: Suppressed[]
  /** What the service's baseline knows; absent without one. */
  known?: KnownFindings
  /** Chart of a load test, second by second. */
  load?: LoadChart
  /** Markdown for the summary, whole or not at all; the same is in an artifact. */
  sections?: string[]
  /** Further details for readers, by name: the age of a database, the number of workers. */
  facts?: Record<string, string>
}

/** Reduces a report to the result that `verdict.json` holds. */
export function stageResult(report: StageReport): StageResult {
  const { name, group, status, milliseconds, cached, reason, repro, exitCode } = report
  return { name, group, status, milliseconds, cached, reason, repro, exitCode }
}

/** Result of a whole run: the content of `verdict.json`. */
export interface Verdict {
  /** Version of this format. */
  schema: 1
  run: Run
  status: StageStatus
  exitCode: ExitCode
  milliseconds: number
  stages: StageResult[]
  /** Why nothing ran, if so: for example the errors of `slipway.yaml`. */
  problem: string | null
  /** What lets more pass than the base; absent in runs of single stages and in verdicts of earlier versions. */
  gates?: GateComparison
  /** What changed since the last run of the branch; absent if no verdict of one was given. */
  changes?: RunChanges
  /** What the next run is compared with; absent in runs that broke off and in verdicts of earlier versions. */
  record?: RunRecord
}

/** Subject and trigger of a run. */
export interface Run {
  id: string
  event: string
  ref: string
  sha: string
  /** ISO 8601, UTC. */
  startedAt: string
  /** Inputs; absent in verdicts of earlier versions. */
  inputs?: RunInputs
}
