import type { Finding, Outcome, ToolRun } from "../finding.js"
import { ExitCode } from "../errors.js"
import { broken, count, oneLine } from "../tools/outcome.js"
import type { SuiteRecords } from "./records.js"
import type { TestCase } from "./testCase.js"
import type { SuiteName } from "./command.js"

/** pytest's own exit codes: https://docs.pytest.org/en/stable/reference/exit-codes.html */
const PYTEST = { failed: 1, interrupted: 2, noTests: 5 } as const

export const NO_INTEGRATION_TESTS = 'no test is below a folder named "integration" or marked so'

/** What a suite's outcome is, with the exit code that a run of it alone would have. */
export type SuiteOutcome = Omit<Outcome, "status"> & {
  status: Outcome["status"] | "skipped"
  exitCode: ExitCode
}

export interface SuiteContext {
  name: SuiteName
  /** The service says what the suite is made of, or has a folder for it: then it must have tests. */
  expected: boolean
  /** Why the whole run did not end by itself, if so. */
  interruption?: Outcome | undefined
}

const TIMED_OUT = 124

/** Tells what the end of a suite means. */
export function suiteOutcome(run: ToolRun, records: SuiteRecords, context: SuiteContext): SuiteOutcome {
  const { service, migration, finish } = records
  const findings = suiteFindings(run, records)
  if (service !== undefined)
    return {
      status: "error",
      reason: oneLine(
        `${service.name} answered no query within ${service.seconds} s: ${service.message || "it said nothing"}`,
      ),
      findings,
      exitCode: ExitCode.infrastructure,
    }
  if (migration !== undefined && migration.exitCode !== 0)
    return failed(`the migration failed: \`${migration.command}\` ended with ${migration.exitCode}`, findings)
  if (finish === undefined) return withoutEnd(run, records, findings, context)
  if (findings.length > 0) return failed(failureReason(records.tests, findings), findings)
  return withoutFailure(run, records, context)
}

/** pytest did not come to its end: out of time, killed, or unable to begin. */
function withoutEnd(
  run: ToolRun,
  { lost, tests }: SuiteRecords,
  findings: Finding[],
  { interruption }: SuiteContext,
): SuiteOutcome {
  const during = lost.length === 0 ? `after ${count(tests.length, "test")}` : `during ${lost[0]?.id ?? ""}`
  if (interruption !== undefined && (run.exitCode === TIMED_OUT || lost.length + tests.length === 0))
    return {
      status: "error",
      reason: oneLine(`${interruption.reason}, ${during}`),
      findings,
      exitCode: ExitCode.infrastructure,
    }
  if (lost.length + tests.length === 0)
    return { ...broken("pytest", run, findings), exitCode: ExitCode.badInput }
  return failed(`the interpreter ended ${during}`, findings)
}

function withoutFailure(run: ToolRun, { tests, finish }: SuiteRecords, context: SuiteContext): SuiteOutcome {
  const ran = tests.filter(({ status }) => status !== "skipped")
  if (tests.length === 0) return noTests(run, context)
  if (ran.length === 0) return failed(`no test ran: all ${tests.length} are skipped`, [])
  if (finish?.exitCode === PYTEST.interrupted)
    return failed(`the tests were ended early, after ${tests.length}: ${lastLine(run)}`, [])
  const code = finish?.exitCode ?? 0
  if (code !== 0 && code !== PYTEST.failed && code !== PYTEST.noTests)
    return { ...broken("pytest", run), exitCode: ExitCode.badInput }
  return { status: "passed", reason: passReason(tests), findings: [], exitCode: ExitCode.passed }
}

/** A service without integration tests is common, one without tests is not. */
function noTests(run: ToolRun, { name, expected }: SuiteContext): SuiteOutcome {
  if (run.exitCode !== 0 && run.exitCode !== PYTEST.noTests && run.exitCode !== PYTEST.failed)
    return { ...broken("pytest", run), exitCode: ExitCode.badInput }
  if (name === "unit" || expected) return failed(`no ${name} test was collected`, [])
  return { status: "skipped", reason: NO_INTEGRATION_TESTS, findings: [], exitCode: ExitCode.passed }
}

const failed = (reason: string, findings: Finding[]): SuiteOutcome => ({
  status: "failed",
  reason: oneLine(reason),
  findings,
  exitCode: ExitCode.gateFailed,
})

function suiteFindings(run: ToolRun, { tests, collection, lost, migration }: SuiteRecords): Finding[] {
  const finding = (rule: string, file: string, line: number | undefined, message: string): Finding => ({
    tool: "pytest",
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
      .filter(({ status }) => status === "failed" || status === "error")
      .map(({ id, file, line, message = "" }) => finding(testName(id), file, line, message)),
    ...lost.map(({ id, file, line }) => finding(testName(id), file, line, lostMessage(run.exitCode))),
    ...(migration === undefined || migration.exitCode === 0
      ? []
      : [finding("migration", "", undefined, oneLine(migration.output.trim().split("\n").at(-1) ?? ""))]),
  ]
}

const lostMessage = (exitCode: number): string =>
  exitCode === TIMED_OUT
    ? "the suite's time was up during this test"
    : `the interpreter ended during this test (exit code ${exitCode})`

/** The part of pytest's name that isn't the file. */
export const testName = (id: string): string => id.slice(id.indexOf("::") + 1).replace(/^:/, "") || id

function failureReason(tests: readonly TestCase[], findings: readonly Finding[]): string {
  const bad = tests.filter(({ status }) => status === "failed" || status === "error").length
  const others = findings.length - bad
  return [
    ...(bad === 0 ? [] : [`${bad} of ${count(tests.length, "test")} failed`]),
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

/** Never silently: a test that passes only when repeated is named. */
function flaky(tests: readonly TestCase[]): string[] {
  const names = tests
    .filter(({ reruns = 0, status }) => reruns > 0 && status === "passed")
    .map(({ id }) => testName(id))
  return names.length === 0
    ? []
    : [`${names.length} flaky (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""})`]
}

const lastLine = ({ stdout, stderr }: ToolRun): string =>
  (stdout.trim() || stderr.trim())
    .split("\n")
    .at(-1)
    ?.replace(/^[!=\s]+|[!=\s]+$/g, "") ?? ""
