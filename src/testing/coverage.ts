import { type Container, dag, type Directory } from "@dagger.io/dagger"
import { execute, logOf, timing } from "../stage/execute.js"
import { coverageGate, judgeCoverage } from "../lib/adoption/coverage.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import type { Outcome } from "../lib/run/finding.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { coverageOutcome, readCoverage } from "../lib/testing/coverage.js"
import { COVERAGE_RC, COVERAGE_RC_TEXT } from "../lib/testing/measure.js"
import { broken } from "../lib/run/outcome.js"
import { sourceTree, withTree } from "../stage/place.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { attempted, identity, type Stage, unfinished } from "../stage/stage.js"
import type { SuiteInputs } from "./prepare.js"
import type { Suite } from "./suite.js"

const OUT = "/slipway/out"

/** Combines the suites' coverage and compares it with the gate. */
export function runCoverage(suites: readonly Suite[], inputs: SuiteInputs): Promise<Stage> {
  const { config, adoption, invocation } = inputs
  const facts = { gate: coverageGate(config.tests.coverage.above, adoption?.coverage) }
  const stage = identity("tests", "coverage", "", invocation)
  return attempted({ ...stage, facts }, () => coverageWork(suites, inputs))
}

async function coverageWork(suites: readonly Suite[], inputs: SuiteInputs) {
  const begun = Date.now()
  const { tests, timeout } = inputs.config
  const without = suites.find(({ status, data }) => status !== "skipped" && data === undefined)
  if (without !== undefined || suites.every(({ data }) => data === undefined))
    return noData(without ?? suites[0])
  const { version, container, command } = await prepareCoverage(suites, inputs)
  const run = await execute(container, command, timeout)
  const interruption = interrupted(run, "coverage", timeout)
  const json = run.exitCode === 0 ? await run.container.file(`${OUT}/coverage.json`).contents() : ""
  const coverage = readCoverage(json)
  const outcome: Outcome =
    interruption ??
    (coverage === undefined
      ? broken("coverage", run)
      : judgeCoverage(coverageOutcome(coverage, tests.coverage.above), coverage, inputs.adoption?.coverage))
  return {
    ...outcome,
    version,
    ...timing(run, begun),
    exitCode: stageExitCode(outcome.status, interruption !== undefined),
    log: logOf(command, run),
    ...(coverage && { coverage, files: coverageFiles(run.container.directory(OUT)) }),
  }
}

/** Command that combines the suites' data, and the container in which it runs. */
export async function prepareCoverage(
  suites: readonly Suite[],
  inputs: SuiteInputs,
): Promise<{ version: string; container: Container; command: string[] }> {
  const { environment } = inputs
  const measured = suites.filter(({ data }) => data !== undefined)
  const { config = COVERAGE_RC, omit = [] } = measured[0]?.measurement ?? {}
  const data = measured.reduce(
    (folder, { name, data }) => (data === undefined ? folder : folder.withDirectory(name, data)),
    dag.directory(),
  )
  const packages = await environment.tests()
  const prepared = withScripts(packages.container, "slipway_coverage.py")
    .withNewFile(COVERAGE_RC, COVERAGE_RC_TEXT)
    .withMountedDirectory("/slipway/data", data)
    .withNewFile(`${OUT}/.keep`, "")
  const folders = measured.map(({ name }) => `/slipway/data/${name}`)
  return {
    version: packages.versions.get("coverage") ?? "unknown",
    container: withTree(prepared, sourceTree(inputs)),
    command: ["python", "-I", `${SCRIPTS}/slipway_coverage.py`, OUT, config, omit.join(","), ...folders],
  }
}

const coverageFiles = (out: Directory): Directory =>
  dag
    .directory()
    .withFile("coverage/coverage.xml", out.file("coverage.xml"))
    .withFile("coverage/coverage.json", out.file("coverage.json"))
    .withDirectory("coverage/html", out.directory("html"))

/** Result without any coverage data: nothing measured proves nothing. */
function noData(suite: Suite | undefined) {
  const { name, status, reason, exitCode } = suite ?? { name: "the suites" }
  const why = status === undefined || status === "passed" ? "" : `: ${status}, ${reason}`
  return unfinished(`${name} left no coverage data${why}`, exitCode || ExitCode.badInput)
}
