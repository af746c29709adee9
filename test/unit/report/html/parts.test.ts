import { describe, expect, it } from "vitest"
import { html } from "../../../../src/lib/report/html/page.js"
import type { TestCase } from "../../../../src/lib/run/testCase.js"
import type { StageReport } from "../../../../src/lib/run/verdict.js"
import { times } from "../hostileRun.js"
import { classed, type Element, named, parse, rows, section, textOf } from "../page.js"
import { example, type Example, failedRun } from "../runs.js"
import { finding, stage, suppression, testCase } from "../stages.js"

const read = ({ verdict, reports }: Example): Element => parse(html(verdict, reports))
const page = (...reports: StageReport[]): Element => read(example(reports, { status: "failed", exitCode: 1 }))
const test = (from: Partial<TestCase> = {}): TestCase => testCase({ seconds: 1, ...from })

describe("the page's tests", () => {
  const suite = (name: string, tests: TestCase[]): StageReport =>
    stage("passed", [], { name, group: "tests", tests })

  it("are counted by suite", () => {
    const root = page(
      suite("unit", [test(), test({ status: "skipped", seconds: 0 }), test({ status: "failed" })]),
      suite("integration", [test({ reruns: 1, seconds: 61 }), test({ status: "error" })]),
    )
    expect(rows(section(root, "tests")).slice(0, 3)).toEqual([
      ["Suite", "Tests", "Passed", "Failed", "Errors", "Skipped", "Flaky", "Time"],
      ["unit tests", "3", "1", "1", "0", "1", "0", "2.0 s"],
      ["integration tests", "2", "1", "0", "1", "0", "1", "1 min 02 s"],
    ])
    expect(textOf(named(root, "nav")[0] as Element)).toContain("Tests 2 / 4")
  })

  it("are listed if they are flaky, slow or skipped", () => {
    const root = page(
      suite("unit", [
        ...times(12, (index) => test({ id: `t::${index}`, seconds: index })),
        test({ id: "t::flaky", reruns: 2, seconds: 0.5 }),
        test({ id: "t::twice", reruns: 2, status: "failed", seconds: 0.5 }),
        test({ id: "t::skipped", status: "skipped", message: "no GPU", seconds: 99 }),
        test({ id: "t::silent", status: "skipped" }),
      ]),
    )
    const tests = section(root, "tests")
    expect(named(tests, "li").map(textOf)).toEqual([
      "t::flaky unit, passed after 2 failures",
      "t::skipped no GPU",
      "t::silent no reason given",
    ])
    expect(rows(tests).slice(3)).toEqual(
      times(10, (index) => [`t::${11 - index}`, "unit", `${11 - index}.00 s`]),
    )
  })
})

describe("the page's coverage", () => {
  const covered = (covered: number, facts: Record<string, string> = {}): Element =>
    page(
      stage("passed", [], {
        name: "coverage",
        group: "tests",
        facts,
        coverage: {
          covered,
          total: 10_000,
          files: [
            { file: "src/a.py", covered: 1, total: 3, missing: "3-9, 14" },
            { file: "src/b.py", covered: 3, total: 3, missing: "" },
          ],
        },
      }),
    )
  const marks = (root: Element): (string | undefined)[] =>
    classed(root, "mark").map(({ attributes }) => attributes["x"])

  it("is shown in per cent, rounded down, with its gate", () => {
    const root = covered(7999, { gate: "more than 80 %" })
    expect(textOf(section(root, "coverage"))).toContain(
      "79.99 % passed 7,999 of 10,000 lines and branches; gate: more than 80 %",
    )
    expect(marks(root)).toEqual(["80%"])
    expect(classed(root, "share")[0]?.attributes["width"]).toBe("80.0%")
  })

  it("is shown without a gate", () => {
    expect(textOf(section(covered(7999), "coverage"))).not.toContain("gate")
    expect(marks(covered(7999))).toEqual([])
    expect(marks(covered(7999, { gate: "as much as before" }))).toEqual([])
  })

  it("lists files that aren't fully covered", () => {
    expect(rows(section(covered(1), "coverage"))).toEqual([
      ["File", "Covered", "Total", "Coverage", "Uncovered lines"],
      ["src/a.py", "1", "3", "33.33 %", "3-9, 14"],
    ])
  })
})

describe("the page's findings", () => {
  it("are listed by tool, blocking ones first", () => {
    const root = page(
      stage("passed", [
        finding({ rule: "N", level: "note", advisory: true }),
        finding({ rule: "W", level: "warning" }),
        finding({ rule: "E", advisory: true }),
        finding({ rule: "B", tool: "bandit" }),
      ]),
    )
    const found = section(root, "findings")
    expect(named(found, "summary").map(textOf)).toEqual([
      "flake8 3 findings, 2 advisory",
      "bandit flake8 1 finding",
    ])
    expect(classed(found, "rule").map(textOf)).toEqual([
      "warning flake8 W",
      "error flake8 E advisory",
      "note flake8 N advisory",
      "error bandit B",
    ])
    expect(textOf(found)).toContain("2 of 4 are advisory")
  })

  it("if suppressed, are listed with their reason, those that expire first at the top", () => {
    expect(rows(section(read(failedRun()), "suppressed"))).toEqual([
      ["Rule", "Location", "Reason", "Owner", "Expires"],
      [
        "trivy CVE-2024-35195",
        "requirements.txt",
        "The client never turns verification off; the upgrade waits for the SDK of the object store.",
        "audio-platform",
        "2026-05-27 9 days",
      ],
      [
        "bandit B603",
        "src/audio_upscaler/upscaling.py:77",
        "The arguments of sox are numbers, checked in settings.py.",
        "jana",
        "2026-11-30",
      ],
    ])
  })

  it("if suppressed by one entry, are one row", () => {
    const found = times(5, (line) => ({ finding: finding({ line: line + 1 }), suppression: suppression() }))
    const root = page(stage("passed", [], { suppressed: found }))
    expect(rows(section(root, "suppressed")).slice(1)).toEqual([
      [
        "flake8 F401",
        "app/main.py:1:1, app/main.py:2:1, app/main.py:3:1 and 2 more",
        "kept for its side effect",
        "ann",
        "2026-12-31",
      ],
    ])
  })

  it("have their severity, and a link to their explanation if its URL is plain https", () => {
    const urls = [
      "https://avd.aquasec.com/nvd/cve-2025-43859",
      "javascript:alert(1)",
      "http://a.example/",
      "https://a\u202E.example/",
      'https://a.example/"onclick="x',
      `https://a.example/${"x".repeat(1000)}`,
    ]
    const found = section(
      page(
        stage(
          "passed",
          urls.map((url) => finding({ url, severity: "critical" })),
        ),
      ),
      "findings",
    )
    expect(classed(found, "level").map(textOf)).toEqual(urls.map(() => "critical"))
    expect(
      classed(found, "rule")
        .flatMap((rule) => named(rule, "a"))
        .map(({ attributes }) => attributes),
    ).toEqual([
      { href: urls[0], rel: "noreferrer" },
      { href: urls[4], rel: "noreferrer" },
    ])
  })

  it.each([
    ["2026-05-17", "2026-05-17 expired"],
    ["2026-05-18", "2026-05-18 last day"],
    ["2026-05-19", "2026-05-19 1 day"],
    ["2026-07-01", "2026-07-01"],
    ["soon", "soon"],
  ])("if suppressed until %s, show the date and the remaining days", (expires, expected) => {
    const root = page(
      stage("passed", [], { suppressed: [{ finding: finding(), suppression: suppression({ expires }) }] }),
    )
    expect(rows(section(root, "suppressed"))[1]?.at(-1)).toBe(expected)
  })
})

describe("the page's tools", () => {
  it("are listed with versions and facts", () => {
    const root = page(
      stage("passed", [], { facts: { database: "6 h old", "<b>": "&" } }),
      stage("skipped", [], { name: "mypy", version: "" }),
    )
    expect(rows(section(root, "tools"))).toEqual([
      ["Stage", "Version", "Facts"],
      ["flake8 quality", "1.0.0", "database: 6 h old <b>: &"],
      ["mypy quality", "–", "–"],
    ])
  })
})
