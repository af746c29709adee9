import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { ExitCode } from "../errors/catalogue.js"
import { TIMED_OUT } from "../run/command.js"
import { count, oneLine } from "../text/words.js"
import type { SuiteRecords } from "./records.js"
import type { TestCase } from "../run/testCase.js"
import type { SuiteName } from "./command.js"
import { type Runner, RUNNER_NAMES } from "./runner.js"
import { runnerMessage } from "./runnerMessage.js"

/** pytest's own exit codes: https://docs.pytest.org/en/stable/reference/exit-codes.html */
const PYTEST = { failed: 1, interrupted: 2, internal: 3, usage: 4, noTests: 5 } as const

export const NO_INTEGRATION_TESTS = 'no test is below a folder named "integration" or marked so'

/** Outcome of a suite, with the exit code of a run of it alone. */
type SuiteOutcome = Omit<Outcome, "status"> & { status: Outcome["status"] | "skipped"; exitCode: ExitCode }

export interface SuiteContext {
  name: SuiteName
  /** True if the suite must have tests: it is configured, or a folder for it has test files. */
  expected: boolean
  runner: Runner["name"]
  /** Why the whole run timed out or was killed, if so. */
  interruption?: Outcome | undefined
}

/** Judges a suite's run. */
export function suiteOutcome(run: ToolRun, records: SuiteRecords, context: SuiteContext): SuiteOutcome {
  const { service, migration, finish } = records
  const findings = suiteFindings(run, records, context.runner)
  if (service !== undefined)
    return {
      status: "error",
      reason: oneLine(
        `${service.name} ${service.failure} within ${service.seconds} s: ${service.message || "no output"}`,
      ),
      findings,
      exitCode: ExitCode.infrastructure,
    }
  if (migration !== undefined && migration.exitCode !== 0 && run.exitCode !== TIMED_OUT)
    return failed(`the migration failed: \`${migration.command}\` ended with ${migration.exitCode}`, findings)
  if (finish === undefined) return withoutEnd(run, records, findings, context)
  if (findings.length > 0) return failed(failureReason(records.tests, findings), findings)
  return withoutFailure(run, records, context)
}

/** Outcome of a runner that did not finish: it timed out, was killed, or could not start. */
function withoutEnd(
  run: ToolRun,
  { lost, tests, migration }: SuiteRecords,
  findings: Finding[],
  { interruption, runner }: SuiteContext,
): SuiteOutcome {
  const during =
    migration !== undefined && migration.exitCode !== 0
      ? "during the migration"
      : lost.length === 0
        ? `after ${count(tests.length, "test")}`
        : `during ${lost[0]?.id ?? ""}`
  if (interruption !== undefined && (run.exitCode === TIMED_OUT || lost.length + tests.length === 0))
    return {
      status: "error",
      reason: oneLine(`${interruption.reason}, ${during}`),
      findings,
      exitCode: ExitCode.infrastructure,
    }
  if (lost.length + tests.length === 0) return cannotWork(run, findings, runner)
  return failed(`the interpreter exited ${during}`, findings)
}

/** Outcome without a failed test: a pass only if all of them ran and their runner reports nothing else. */
function withoutFailure(run: ToolRun, records: SuiteRecords, context: SuiteContext): SuiteOutcome {
  const { tests, finish } = records
  const ran = tests.filter(({ status }) => status !== "skipped")
  const collected = finish?.collected ?? tests.length
  if (tests.length === 0) return noTests(run, records, context)
  if (ran.length === 0) return failed(`no test ran: all ${tests.length} are skipped`, [])
  if (tests.length < collected || run.exitCode === PYTEST.interrupted)
    return failed(`the tests stopped early, after ${tests.length} of ${collected}: ${runnerMessage(run)}`, [])
  if (run.exitCode === PYTEST.internal || run.exitCode === PYTEST.usage)
    return cannotWork(run, [], context.runner)
  if (run.exitCode !== 0 && !endedByOthers(run, records))
    return failed(
      `${RUNNER_NAMES[context.runner]} ended with ${run.exitCode}, though no test failed: ${runnerMessage(run)}`,
      [],
    )
  return { status: "passed", reason: passReason(tests), findings: [], exitCode: ExitCode.passed }
}

/** Outcome of a suite without tests. A service without integration tests is common, one without any isn't. */
function noTests(
  run: ToolRun,
  records: SuiteRecords,
  { name, expected, runner }: SuiteContext,
): SuiteOutcome {
  const explained = [0, PYTEST.noTests].includes(run.exitCode) || endedByOthers(run, records)
  if (!explained) return cannotWork(run, [], runner)
  if (name === "unit" || expected) return failed(`no ${name} test was collected`, [])
  return { status: "skipped", reason: NO_INTEGRATION_TESTS, findings: [], exitCode: ExitCode.passed }
}

/** True if the exit code comes from files of the other suite that can't be collected. */
const endedByOthers = (run: ToolRun, { collection }: SuiteRecords): boolean =>
  run.exitCode === PYTEST.failed && collection.length > 0

/** True for a test that fails the suite. */
const bad = ({ status }: TestCase): boolean => status === "failed" || status === "error"

const failed = (reason: string, findings: Finding[]): SuiteOutcome => ({
  status: "failed",
  reason: oneLine(reason),
  findings,
  exitCode: ExitCode.gateFailed,
})

function suiteFindings(
  run: ToolRun,
  { tests, collection, lost, migration }: SuiteRecords,
  tool: string,
): Finding[] {
  const finding = (rule: string, file: string, line: number | undefined, message: string): Finding => ({
    tool,
    rule,
    level: "error",
    ...(file === "" ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    message,
  })
  return [
    ...collection
      .filter(({ own }) => own)
      .map(({ file, message }) => finding("collection", file, undefined, message)),
    ...tests
      .filter(bad)
      .map(({ id, file, line, message = "" }) => finding(testName(id), file, line, message)),
    ...lost.map(({ id, file, line }) => finding(testName(id), file, line, lostMessage(run.exitCode))),
    ...(migration === undefined || migration.exitCode === 0
      ? []
      : [finding("migration", "", undefined, oneLine(migration.output.trim().split("\n").at(-1) ?? ""))]),
  ]
}

const lostMessage = (exitCode: number): string =>
  exitCode === TIMED_OUT
    ? "the suite timed out during this test"
    : `the interpreter exited during this test (exit code ${exitCode})`

/** Name of a test without its file. */
export const testName = (id: string): string => id.slice(id.indexOf("::") + 1).replace(/^:/, "") || id

function failureReason(tests: readonly TestCase[], findings: readonly Finding[]): string {
  const failures = tests.filter(bad).length
  const others = findings.length - failures
  return [
    ...(failures === 0 ? [] : [`${failures} of ${count(tests.length, "test")} failed`]),
    ...(others === 0 ? [] : [`${count(others, "file")} can't be collected`]),
    ...flaky(tests),
  ].join(", ")
}

function passReason(tests: readonly TestCase[]): string {
  const skipped = tests.filter(({ status }) => status === "skipped").length
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0)
  return [
    `${count(tests.length - skipped, "test")} in ${seconds.toFixed(1)} s`,
    ...(skipped === 0 ? [] : [`${skipped} skipped`]),
    ...flaky(tests),
  ].join(", ")
}

/** Lists the flaky tests, which passed only when repeated. */
function flaky(tests: readonly TestCase[]): string[] {
  const names = tests
    .filter(({ reruns = 0, status }) => reruns > 0 && status === "passed")
    .map(({ id }) => testName(id))
  return names.length === 0
    ? []
    : [`${names.length} flaky (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""})`]
}

/** Outcome of a runner that could not start: its settings, a conftest or a database are wrong. */
const cannotWork = (run: ToolRun, findings: Finding[], runner: Runner["name"]): SuiteOutcome => ({
  status: "error",
  reason: oneLine(`${RUNNER_NAMES[runner]} could not run (exit code ${run.exitCode}): ${runnerMessage(run)}`),
  findings,
  exitCode: ExitCode.badInput,
})
