import { dag, type Directory } from "@dagger.io/dagger"
import { ADOPTION_FILE, BASELINED, type BaselinedStage } from "../lib/adoption/entries.js"
import { formatAdoption } from "../lib/adoption/file.js"
import {
  type StageFound,
  inFileOrder,
  type MeasuredCoverage,
  updateAdoption,
} from "../lib/adoption/update.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { overall } from "../lib/run/command.js"
import { percent } from "../lib/run/coverage.js"
import { coverageOutcome } from "../lib/testing/coverage.js"
import { runTool, type Scanned, toolInputs } from "../quality/tool.js"
import { runScan, runSuppressions } from "../security/scan.js"
import { create } from "../stage/create.js"
import { installingFields, type PythonService } from "../stage/service.js"
import { runTasks, type Stage, type Task } from "../stage/stage.js"
import { dayOf } from "../stage/suppressions.js"
import { Tests } from "../testing/testing.js"
import { jsonText } from "../lib/text/json.js"

/** The file that says what changed in a baseline. */
const SUMMARY = "summary.json"

/**
 * Runs the gates that a baseline can hold, and returns the new baseline: `baseline.json`, absent if nothing is left, and
 * `summary.json`.
 *
 * Fails with BASELINE_REASON for a blank reason to grow.
 */
export async function baselineReport(service: PythonService, grow: string): Promise<Directory> {
  if (grow !== "" && grow.trim() === "") throw fail("BASELINE_REASON", [])
  const { found, coverage, before } = await findings(service)
  const on = dayOf(service.now).toISOString().slice(0, 10)
  const { adoption, lines } = updateAdoption(
    before,
    found,
    coverage,
    grow === "" ? undefined : { reason: grow, on },
  )
  const exitCode = overall(found.flatMap(({ matched, exitCode }) => (matched ? [] : [exitCode])))
  const out = dag.directory().withNewFile(SUMMARY, jsonText({ lines, exitCode }))
  return adoption === undefined ? out : out.withNewFile("baseline.json", formatAdoption(adoption))
}

/** Returns a source with its new baseline. */
export async function withBaseline(service: PythonService, grow: string): Promise<Directory> {
  const report = await baselineReport(service, grow)
  const source = service.source
  if (!(await report.exists("baseline.json"))) return source.withoutFile(ADOPTION_FILE)
  return source.withFile(ADOPTION_FILE, report.file("baseline.json"))
}

/** Runs what a baseline can hold, and the tests for their coverage. */
async function findings(service: PythonService) {
  const inputs = { ...(await toolInputs(service)), record: true }
  const { config, adoption: before } = inputs
  const runs: Partial<Record<BaselinedStage, () => Promise<Scanned>>> = {
    ...Object.fromEntries(config.quality.checks.map((name) => [name, () => runTool(name, inputs)])),
    ...(config.security.checks.includes("misconfiguration") && {
      misconfiguration: () => runScan("misconfiguration", inputs),
    }),
    // Without scans it judges only comments: entries of its file can't be in a baseline.
    ...(config.security.checks.includes("suppressions") && {
      suppressions: () => runSuppressions([], inputs),
    }),
  }
  const found: StageFound[] = []
  const tasks = BASELINED.flatMap((name): Task[] => {
    const run = runs[name]
    if (run === undefined) return []
    const noted = async () => {
      const { matched, ...stage } = await run()
      found.push({ stage: name, reason: stage.reason, exitCode: stage.exitCode, ...(matched && { matched }) })
      return stage
    }
    return [{ name, run: noted }]
  })
  const tests = await create(Tests, installingFields(service)).tasks()
  const stages = await runTasks(config.parallel, [...tasks, ...tests])
  return { before, found: found.sort(inFileOrder), coverage: measured(stages, config) }
}

/** Coverage as the tests measured it, whether they passed or not. */
function measured(stages: readonly Stage[], { tests }: Config): MeasuredCoverage {
  const { coverage, reason } = stages.find(({ name }) => name === "coverage") ?? { reason: "no test ran" }
  if (coverage === undefined) return { percentage: undefined, reached: false, reason }
  const reached = coverageOutcome(coverage, tests.coverage.above).status === "passed"
  return { percentage: Number(percent(coverage)), reached, reason }
}
