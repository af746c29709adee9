import { describe, expect, it } from "vitest"
import { changesSince } from "../../../src/lib/report/compare.js"
import { changesMarkdown, changesLines } from "../../../src/lib/report/changesText.js"
import { RECORD_LIMITS, recordOf } from "../../../src/lib/report/record.js"
import type { Finding } from "../../../src/lib/run/finding.js"
import type { StageReport, Verdict } from "../../../src/lib/run/verdict.js"
import { example } from "./runs.js"
import { finding, stage, suppression, testCase } from "./stages.js"

/** The verdict of a run of these stages, with what it records of them. */
const verdictOf = (reports: StageReport[], from: Partial<Verdict> = {}): Verdict => ({
  ...example(reports, from).verdict,
  record: recordOf(reports),
  ...from,
})
const since = (before: StageReport[], now: StageReport[]) =>
  changesSince(JSON.stringify(verdictOf(before)), verdictOf(now))
const withFindings = (...findings: Finding[]) => [stage("failed", findings)]
const lines = (items: { line?: number }[]) => items.map(({ line }) => line)

describe("findings since the last run", () => {
  it("are new or fixed with stage, tool, file and line, and moved ones are neither", () => {
    const moved = (line: number) => finding({ rule: "E501", message: "line too long", line })
    const changes = since(
      withFindings(moved(3), finding({ rule: "F811", message: "redefined from line 9", line: 10 })),
      withFindings(moved(30), finding({ rule: "F401", line: 7 })),
    )
    expect(changes.fresh.items).toEqual([
      {
        stage: "flake8",
        tool: "flake8",
        rule: "F401",
        file: "app/main.py",
        line: 7,
        message: finding().message,
      },
    ])
    expect(changes.fixed.items).toMatchObject([{ rule: "F811", file: "app/main.py", line: 10 }])
  })

  it("that are equal are counted, and those on the same line taken for the same", () => {
    const at = (line: number) => finding({ line })
    expect(lines(since(withFindings(at(3), at(9)), withFindings(at(3), at(5), at(9))).fresh.items)).toEqual([
      5,
    ])
    expect(lines(since(withFindings(at(3), at(5), at(9)), withFindings(at(3), at(9))).fixed.items)).toEqual([
      5,
    ])
    expect(since(withFindings(at(3), at(9)), withFindings(at(4), at(10))).fresh.items).toEqual([])
  })

  it("aren't fixed if they are suppressed or known to the baseline, nor new if they were", () => {
    const hidden: StageReport[][] = [
      [stage("passed", [], { suppressed: [{ finding: finding(), suppression: suppression() }] })],
      [stage("passed", [], { known: { findings: [finding()], fixed: 0 } })],
    ]
    for (const other of hidden)
      for (const changes of [since(withFindings(finding()), other), since(other, withFindings(finding()))]) {
        expect([changes.fresh.items, changes.fixed.items]).toEqual([[], []])
        expect(changes.stages).toHaveLength(1)
      }
    const more = [stage("failed", [finding({ line: 8 })], { known: { findings: [finding()], fixed: 0 } })]
    expect(lines(since(hidden[1] ?? [], more).fresh.items)).toEqual([8])
  })

  it("of a stage that could not run in one of the runs are neither new nor fixed", () => {
    const changes = since(withFindings(finding()), [stage("error")])
    expect([changes.fresh.items, changes.fixed.items]).toEqual([[], []])
    expect(changes.stages).toEqual([
      { name: "flake8", group: "quality", from: "failed", to: "error", reason: "1 problem in 1 file" },
    ])
    expect(changes.left.join()).toMatch(/^the results of flake8 aren't compared/)
    expect(since([stage("error")], withFindings(finding())).fresh.items).toEqual([])
  })

  it("that are too many to record are said not to be compared", () => {
    const many = Array.from({ length: RECORD_LIMITS.findings + 1 }, (_, line) => finding({ line: line + 1 }))
    for (const changes of [
      since(withFindings(...many), withFindings()),
      since(withFindings(), withFindings(...many)),
    ]) {
      expect([changes.fresh, changes.fixed]).toEqual([
        { items: [], more: 0 },
        { items: [], more: 0 },
      ])
      expect(changes.left).toEqual(["findings of flake8 aren't compared: there are too many to record"])
    }
  })

  it("are listed up to a number, those that block first, and the rest is counted", () => {
    const all = Array.from({ length: 150 }, (_, index) =>
      finding({ rule: `E${index}`, ...(index < 20 && { advisory: true as const }) }),
    )
    const { fresh } = since(withFindings(), withFindings(...all))
    expect([fresh.items.length, fresh.more, fresh.items[0]?.rule]).toEqual([100, 50, "E20"])
  })
})

describe("tests since the last run", () => {
  const suite = (...tests: Parameters<typeof testCase>[0][]) => {
    const all = tests.map((from) => testCase({ ...from, id: `tests/test_a.py::${from?.id ?? ""}` }))
    const failed = all.filter(({ status }) => status === "failed")
    const findings = failed.map(({ id, file }) =>
      finding({ tool: "pytest", rule: id.slice(id.indexOf("::") + 2), file }),
    )
    return [
      stage(failed.length > 0 ? "failed" : "passed", findings, { name: "unit", group: "tests", tests: all }),
    ]
  }
  const ids = (items: { id: string }[]) => items.map(({ id }) => id.split("::")[1])

  it("newly failed or passed, new ones too, and a failed test isn't a new finding as well", () => {
    const changes = since(
      suite(
        { id: "broke" },
        { id: "fixed", status: "failed" },
        { id: "still", status: "failed" },
        { id: "same" },
      ),
      suite(
        { id: "broke", status: "failed" },
        { id: "fixed" },
        { id: "still", status: "failed" },
        { id: "same" },
        { id: "new", status: "error" },
        { id: "newly there" },
      ),
    )
    expect(changes.failed.items).toMatchObject([
      { stage: "unit", from: "passed", to: "failed" },
      { from: null, to: "error" },
    ])
    expect([ids(changes.failed.items), ids(changes.passed.items)]).toEqual([["broke", "new"], ["fixed"]])
    expect([changes.fresh.items, changes.fixed.items]).toEqual([[], []])
  })

  it("are slower from twice the time and one second more", () => {
    const before = { twice: 1, "more than a second": 2, "twice, but short": 0.4, faster: 5 }
    const now = { twice: 2, "more than a second": 3.9, "twice, but short": 1.3, faster: 1 }
    const timed = (times: Record<string, number>) =>
      suite(...Object.entries(times).map(([id, seconds]) => ({ id, seconds })))
    const { slower } = since(timed(before), timed(now))
    expect(slower.items).toEqual([{ stage: "unit", id: "tests/test_a.py::twice", from: 1, to: 2 }])
  })
})

describe("the comparison", () => {
  const measured = (covered: number, total: number) => [
    stage("passed", [], { name: "coverage", group: "tests", coverage: { covered, total, files: [] } }),
  ]

  it("has the difference of coverage, if its percentage shows one", () => {
    const changes = since(measured(800, 1000), measured(812, 1000))
    expect(changes.coverage).toEqual([
      { stage: "coverage", from: { covered: 800, total: 1000 }, to: { covered: 812, total: 1000 } },
    ])
    expect(changesLines(changes).join("\n")).toContain(
      "coverage in coverage: 80.00 % → 81.20 % (+1.20 points)",
    )
    expect(changesLines(since(measured(81, 100), measured(80, 100)))[0]).toContain("coverage −1.00 points")
    expect(since(measured(80, 100), measured(800, 1000)).coverage).toEqual([])
  })

  it("names stages that aren't in both runs, and compares nothing of them", () => {
    const changes = since([stage("failed", [finding()], { name: "mypy" })], withFindings(finding()))
    expect([changes.added, changes.absent]).toEqual([["flake8"], ["mypy"]])
    expect([changes.stages, changes.fresh.items, changes.fixed.items]).toEqual([[], [], []])
  })

  it.each([
    [
      "another branch",
      { run: { ...verdictOf([]).run, ref: "main" } },
      /is of main, and this run of feature\//,
    ],
    ["another version", { schema: 2 }, /has version 2 of its format, and this one 1$/],
    ["no version", { schema: undefined }, /has version none of its format/],
    ["no run", { run: undefined }, /is no verdict$/],
  ])("with a verdict of %s says so in one line, and shows nothing", (_, from, problem) => {
    const content = JSON.stringify({ ...verdictOf(withFindings(finding())), ...from })
    const changes = changesSince(content, verdictOf([stage("passed")]))
    expect([changes.before, changes.stages, changes.fixed.items]).toEqual([null, [], []])
    expect(changes.problem).toMatch(problem)
    expect(changesLines(changes)).toHaveLength(1)
    expect(changesLines(changes)[0]).toMatch(/^! Not compared with the last run: /)
    expect(changesMarkdown(changes)).toMatch(/^\nNot compared with the last run: .*\.\n$/)
  })

  it("with a verdict of another service says so", () => {
    const inputs = { module: "", secrets: {}, arguments: { service: "api" } }
    const source = { address: ".", origin: "", commit: "", path: "", dirty: null, digest: "" }
    const { run } = verdictOf([])
    const content = JSON.stringify(verdictOf([], { run: { ...run, inputs: { ...inputs, source } } }))
    expect(changesSince(content, verdictOf([])).problem).toBe(
      "the last verdict is of api, and this run of the whole source",
    )
  })

  it.each(["", "no JSON", "[]", "null", '{"schema":1}', '{"schema":1,"run":{},"stages":{}}'])(
    "with %j in place of a verdict says so",
    (content) => {
      expect(changesSince(content, verdictOf([])).before).toBeNull()
    },
  )

  it("with a verdict of a run that broke off has the stages, and says what is left out", () => {
    const before = { ...verdictOf(withFindings(finding())), record: undefined }
    const changes = changesSince(JSON.stringify(before), verdictOf([stage("passed")]))
    expect(changes.stages).toMatchObject([{ from: "failed", to: "passed" }])
    expect(changes.fixed.items).toEqual([])
    expect(changes.left).toEqual([
      "findings, tests and coverage aren't compared: the last verdict has none of them",
    ])
  })

  it("survives a verdict whose parts have other types", () => {
    const bad = { findings: [1, null], hidden: 3, tests: [{ id: 1 }], coverage: { covered: "x" } }
    const record = { flake8: bad, mypy: null, ["__proto__"]: [] }
    const content = JSON.stringify({ ...verdictOf([stage("passed")]), record })
    expect(changesSince(content, verdictOf([stage("passed")])).before).not.toBeNull()
  })
})

it("changesLines and changesMarkdown show the first of each kind, and nothing that controls a terminal or page", () => {
  const hostile = "\x1b[31m<img>|`@x"
  const all = Array.from({ length: 40 }, (_, index) => finding({ rule: `E${index}`, message: hostile }))
  const changes = since(withFindings(), withFindings(...all))
  const text = changesLines(changes).join("\n")
  expect(text).toMatch(/^Since the last run of 2026-05-18 09:41 UTC at 6f1f0d4c83b7: 40 new findings\n/)
  expect(text).toContain("\n  new: app/main.py:3:")
  expect(text).toContain("… and 35 more new")
  expect(text).not.toContain("\x1b")
  const page = changesMarkdown(changes)
  expect(page).toContain("… and 25 more new")
  expect(page).not.toContain("<img>")
  expect(Buffer.byteLength(page)).toBeLessThan(8000)
  expect(changesLines(since(withFindings(), withFindings()))[0]).toMatch(/: nothing changed$/)
})
