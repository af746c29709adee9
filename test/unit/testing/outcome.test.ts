import { describe, expect, it } from "vitest"
import type { ToolRun } from "../../../src/lib/run/finding.js"
import { suiteOutcome, type SuiteContext } from "../../../src/lib/testing/outcome.js"
import { readRecords } from "../../../src/lib/testing/records.js"
import type { TestCase } from "../../../src/lib/run/testCase.js"

const FILE = "tests/test_app.py"
const test = (name: string, more: Partial<TestCase> = {}): { test: TestCase } => ({
  test: { id: `${FILE}::${name}`, file: FILE, line: 3, status: "passed", seconds: 0.25, ...more },
})
const start = (name: string) => ({ start: `${FILE}::${name}`, file: FILE, line: 7 })
const finish = (exitCode: number) => ({ finish: { exitCode, workers: 1 } })
const ended = (exitCode: number, stdout = ""): ToolRun => ({ exitCode, stdout, stderr: "" })

const outcome = (run: ToolRun, lines: object[], context: Partial<SuiteContext> = {}) =>
  suiteOutcome(run, readRecords(lines.map((line) => JSON.stringify(line)).join("\n")), {
    name: "unit",
    runner: "pytest",
    expected: false,
    ...context,
  })

const interruption = { status: "error" as const, reason: "unit took longer than 600 s", findings: [] }

describe("suiteOutcome of a complete run", () => {
  it("passes with the number of tests and their duration", () => {
    const lines = [test("test_a"), test("test_b"), test("test_c", { status: "skipped" }), finish(0)]
    expect(outcome(ended(0), lines)).toEqual({
      status: "passed",
      reason: "2 tests in 0.8 s, 1 skipped",
      findings: [],
      exitCode: 0,
    })
  })

  it("fails with file, line and message of each failed test", () => {
    const bad = test("test_b", { status: "failed", message: "assert 1 == 2", line: 9 })
    expect(outcome(ended(1), [test("test_a"), bad, finish(1)])).toEqual({
      status: "failed",
      reason: "1 of 2 tests failed",
      findings: [
        { tool: "pytest", rule: "test_b", level: "error", file: FILE, line: 9, message: "assert 1 == 2" },
      ],
      exitCode: 1,
    })
  })

  it("fails for a file that can't be collected, unless it belongs to the other suite", () => {
    const file = (own: boolean) => ({
      collection: { file: FILE, own, message: "ImportError: no", details: "" },
    })
    expect(outcome(ended(1), [test("test_a"), file(true), finish(1)])).toMatchObject({
      status: "failed",
      reason: "1 file can't be collected",
    })
    expect(outcome(ended(1), [test("test_a"), file(false), finish(1)])).toMatchObject({ status: "passed" })
  })

  it("lists the flaky tests", () => {
    const lines = [test("test_a"), test("test_net[ü]", { reruns: 2 }), finish(0)]
    expect(outcome(ended(0), lines).reason).toBe("2 tests in 0.5 s, 1 flaky (test_net[ü])")
    const failed = test("test_c", { status: "failed", message: "x" })
    expect(outcome(ended(1), [...lines, failed, finish(1)]).reason).toBe(
      "1 of 3 tests failed, 1 flaky (test_net[ü])",
    )
  })

  it("fails if all tests are skipped, or pytest stopped early", () => {
    expect(outcome(ended(0), [test("test_a", { status: "skipped" }), finish(0)])).toMatchObject({
      status: "failed",
      reason: "no test ran: all 1 are skipped",
    })
    expect(
      outcome(ended(2, "...\n!!!! _pytest.outcomes.Exit: enough !!!!"), [test("test_a"), finish(2)]),
    ).toMatchObject({
      status: "failed",
      reason: "the tests stopped early, after 1 of 1: _pytest.outcomes.Exit: enough",
    })
  })

  it("fails for an exit code that no failed test explains", () => {
    const done = (more: object) => ({ finish: { exitCode: 0, workers: 1, ...more } })
    expect(outcome(ended(1, "E  ValueError: late"), [test("test_a"), finish(1)])).toMatchObject({
      status: "failed",
      reason: "pytest ended with 1, though no test failed: ValueError: late",
    })
    expect(outcome(ended(139), [test("test_a"), finish(0)])).toMatchObject({ status: "failed" })
    expect(outcome(ended(0, "!!! enough !!!"), [test("test_a"), done({ collected: 9 })])).toMatchObject({
      status: "failed",
      reason: "the tests stopped early, after 1 of 9: enough",
    })
    expect(outcome(ended(0), [test("test_a"), done({ collected: null })]).status).toBe("passed")
  })

  it("returns an error if pytest had an internal one", () => {
    expect(outcome(ended(3, "INTERNALERROR> boom"), [test("test_a"), finish(3)])).toMatchObject({
      status: "error",
      exitCode: 4,
    })
  })
})

describe("suiteOutcome of a run without tests", () => {
  const without = (context: Partial<SuiteContext>) => outcome(ended(5), [finish(5)], context)

  it("fails, except for integration tests that weren't requested", () => {
    expect(without({})).toMatchObject({ status: "failed", reason: "no unit test was collected" })
    expect(without({ name: "integration", expected: true })).toMatchObject({ status: "failed" })
    expect(without({ name: "integration" })).toMatchObject({ status: "skipped", exitCode: 0 })
  })

  it("returns an error if pytest could not start", () => {
    expect(
      outcome(
        ended(
          4,
          "ERROR: usage: pytest [options]\n__main__.py: error: unrecognized arguments: --nope\n  inifile: None",
        ),
        [],
      ),
    ).toMatchObject({
      status: "error",
      reason: "pytest could not run (exit code 4): unrecognized arguments: --nope",
      exitCode: 4,
    })
    const said = (text: string) => outcome(ended(4, text), []).reason
    expect(
      said(
        "ERROR: usage: x\n__main__.py: error: unrecognized arguments: --nope\n  inifile: /src/pytest.ini\n",
      ),
    ).toContain("unrecognized arguments: --nope (in pytest.ini)")
    expect(said("ERROR: /src/pytest.ini: 'minversion' requires pytest-99.0, actual pytest-9.2.0\n\n")).toBe(
      "pytest could not run (exit code 4): pytest.ini: 'minversion' requires pytest-99.0, actual pytest-9.2.0",
    )
    expect(said("ERROR: Missing required plugins: pytest-nope\n\n")).toContain(
      "Missing required plugins: pytest-nope",
    )
    const conftest =
      "ImportError while loading conftest '/src/conftest.py'.\nconftest.py:1: in <module>\nE   KeyError: 'DATABASE_URL'\n"
    expect(said(conftest)).toBe(
      "pytest could not run (exit code 4): ImportError while loading conftest 'conftest.py': KeyError: 'DATABASE_URL'; slipway.yaml sets it by tests: { environment: { DATABASE_URL: … } }",
    )
    const plugin =
      'Traceback (most recent call last):\n  File "x"\nModuleNotFoundError: No module named \'nope\'\n\nThe above exception\n\nTraceback (most recent call last):\n  File "y"\nImportError: Error importing plugin "nope": No module named \'nope\'\n'
    expect(outcome(ended(1, plugin), []).reason).toContain('ImportError: Error importing plugin "nope"')
  })

  it("returns an error with Django's own words", () => {
    const said = (text: string) => outcome(ended(1, text), [], { runner: "django" }).reason
    expect(
      said("Traceback (most recent call last):\n  File x\ndjango.db.utils.OperationalError: no such host\n"),
    ).toBe("manage.py test could not run (exit code 1): django.db.utils.OperationalError: no such host")
    expect(
      said("SystemCheckError: System check identified some issues:\n\nERRORS:\n?: (a.E1) wrong\n"),
    ).toContain("SystemCheckError: ?: (a.E1) wrong")
  })
})

describe("suiteOutcome of an incomplete run", () => {
  it("fails with the test during which the interpreter exited, whatever the exit code", () => {
    expect(outcome(ended(0), [start("test_a"), test("test_a"), start("test_b")])).toMatchObject({
      status: "failed",
      reason: `the interpreter exited during ${FILE}::test_b`,
      findings: [{ file: FILE, line: 7, rule: "test_b" }],
    })
    expect(outcome(ended(139), [start("test_a")], { interruption })).toMatchObject({ status: "failed" })
    expect(outcome(ended(0), [start("test_a"), test("test_a")]).reason).toBe(
      "the interpreter exited after 1 test",
    )
  })

  it("returns an infrastructure error after a timeout, with the failures before it", () => {
    const bad = test("test_a", { status: "failed", message: "no" })
    const late = outcome(ended(124), [start("test_a"), bad, start("test_b")], { interruption })
    expect(late).toMatchObject({
      status: "error",
      reason: `unit took longer than 600 s, during ${FILE}::test_b`,
      exitCode: 3,
    })
    expect(late.findings).toHaveLength(2)
  })
})

describe("suiteOutcome with services and migrations", () => {
  it("returns an infrastructure error if a service doesn't answer", () => {
    const service = {
      name: "postgres",
      seconds: 60,
      failure: "answered no query",
      message: "connection refused",
    }
    expect(outcome(ended(90), [{ service }])).toMatchObject({
      status: "error",
      reason: "postgres answered no query within 60 s: connection refused",
      exitCode: 3,
    })
  })

  it("returns an infrastructure error after a timeout of the migration", () => {
    const migration = { command: "sleep 1000", exitCode: 143, seconds: 20, output: "" }
    expect(outcome(ended(124), [{ migration }], { interruption })).toMatchObject({
      status: "error",
      reason: "unit took longer than 600 s, during the migration",
      exitCode: 3,
    })
  })

  it("fails if the migration fails, with the end of its output", () => {
    const migration = {
      command: "alembic upgrade head",
      exitCode: 1,
      seconds: 1,
      output: "Traceback\nKeyError: 'x'\n",
    }
    expect(outcome(ended(91), [{ migration }])).toMatchObject({
      status: "failed",
      reason: "the migration failed: `alembic upgrade head` ended with 1",
      findings: [{ rule: "migration", message: "KeyError: 'x'" }],
    })
  })
})

describe("readRecords", () => {
  it("skips incomplete lines and other text", () => {
    const text = `${JSON.stringify(test("test_a"))}\nnull\n"x"\n{"test":{"id":"tests/te`
    expect(readRecords(text).tests).toHaveLength(1)
  })

  it("takes the highest count of tests for the other suite from any worker", () => {
    expect(readRecords('{"others":3}\n{"others":4}').others).toBe(4)
    expect(readRecords("").others).toBe(0)
  })

  it("leaves out repetitions if there were none, and rounds seconds", () => {
    const text = JSON.stringify(test("test_a", { reruns: 0, seconds: 0.123456789 }))
    expect(readRecords(text).tests).toEqual([{ ...test("test_a").test, seconds: 0.1235 }])
  })
})
