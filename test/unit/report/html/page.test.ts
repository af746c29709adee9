import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { html, PAGE_BYTES } from "../../../../src/lib/report/html/page.js"
import { notCompared } from "../../../../src/lib/report/compare.js"
import type { StageReport, StageStatus } from "../../../../src/lib/run/verdict.js"
import { hostileRun, times } from "../hostileRun.js"
import { all, classed, type Element, named, parse, rawText, rows, section, textOf } from "../page.js"
import { emptyRun, example, type Example, failedRun, passedRun } from "../runs.js"
import { finding, HOSTILE, stage, testCase } from "../stages.js"

const read = ({ verdict, reports }: Example): Element => parse(html(verdict, reports))
const page = (...reports: StageReport[]): Element => read(example(reports, { status: "failed", exitCode: 1 }))
const test = (from: Parameters<typeof testCase>[0] = {}) => testCase({ seconds: 1, ...from })

describe("the page", () => {
  it.each([
    ["a failed run", failedRun()],
    ["a passed run", passedRun()],
    ["a run without stages", emptyRun()],
    ["hostile names", hostileRun(HOSTILE)],
    ["names with markup", hostileRun('</style></script><img src="//evil.example" onerror=alert(1)>]]>&lt;')],
    ["names with bidirectional controls", hostileRun("\u202Egpj.exe\u2066\u200F")],
  ])("for %s is well formed, loads nothing and runs nothing", (_, run) => {
    const elements = all(read(run), () => true)
    const names = new Set(elements.map(({ name }) => name))
    for (const name of ["script", "img", "iframe", "object", "form", "base"])
      expect(names).not.toContain(name)
    for (const { attributes } of elements)
      for (const [key, value] of Object.entries(attributes)) {
        expect(key).not.toMatch(/^(on.*|style|src|srcset|action)$/)
        if (key === "href")
          expect(value).toMatch(
            /^(#\w+|https:\/\/avd\.aquasec\.com\/nvd\/cve-[\d-]+|(logs|sarif)\/[\w.%!~*'()-]+|verdict\.json|summary\.md|data:image\/svg\+xml,.*)$/,
          )
      }
  })

  it("has a policy that allows only its own style and icon", () => {
    const head = named(read(failedRun()), "head")[0] as Element
    const [style] = named(head, "style")
    const digest = createHash("sha256")
      .update(rawText(style as Element))
      .digest("base64")
    const policy = all(head, ({ attributes }) => attributes["http-equiv"] === "Content-Security-Policy")
    expect(policy.map(({ attributes }) => attributes["content"])).toEqual([
      `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`,
    ])
  })

  it("has one h1, headings in order, unique ids, and no broken links", () => {
    const elements = all(read(failedRun()), () => true)
    const levels = elements.flatMap(({ name }) => /^h([1-6])$/.exec(name)?.[1] ?? []).map(Number)
    expect(levels.filter((level) => level === 1)).toEqual([1])
    levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1))
    const ids = elements.flatMap(({ attributes }) => attributes["id"] ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const anchors = elements.flatMap(({ attributes }) => /^#(.*)/.exec(attributes["href"] ?? "")?.[1] ?? [])
    expect(ids).toEqual(expect.arrayContaining(anchors))
  })

  it("has weaker gates before everything else, and says why nothing was compared", () => {
    const { verdict, reports } = failedRun()
    const gates = { policy: "", base: { ref: "main", sha: "" }, problem: null, more: 3, notable: [HOSTILE] }
    const weakened = [{ what: "quality.checks", from: "black, mypy", to: "black", where: "slipway.yaml" }]
    const root = read({ verdict: { ...verdict, gates: { ...gates, weakened } }, reports })
    expect(named(root, "section").map(({ attributes }) => attributes["id"])[0]).toBe("gates")
    expect(textOf(section(root, "gates"))).toContain("4 gates are weaker than in main.")
    expect(rows(section(root, "gates")).slice(1)).toEqual([
      ["quality.checks", "black, mypy", "black", "slipway.yaml"],
    ])
    const unknown = { ...gates, base: null, problem: "this is the first commit", weakened: [], more: 0 }
    const other = read({ verdict: { ...verdict, gates: unknown }, reports })
    expect(textOf(section(other, "gates"))).toContain("compared with no base: this is the first commit.")
  })

  it("has what changed since the last run, with files and lines, and says why nothing was compared", () => {
    const { verdict, reports } = failedRun()
    const root = read({ verdict, reports })
    const changes = section(root, "changes")
    expect(textOf(changes)).toContain(
      "Since the last run of 2026-05-17 16:02 UTC at c0ffee4d83b7: 1 new finding, 4 fixed",
    )
    expect(rows(changes)).toEqual(
      expect.arrayContaining([
        ["flake8 quality", "failed", "passed", "no problem in 27 files"],
        ["uv.lock", "pillow 10.2.0: arbitrary code execution", "trivy CVE-2026-12345 vulnerabilities"],
        ["src/audio_upscaler/api.py:3", "'os' imported but unused", "flake8 F401 advisory"],
        ["tests/integration/test_store.py::test_expires", "integration", "new", "failed"],
        ["tests/unit/test_upload.py::test_limits", "unit", "failed", "passed"],
        ["tests/unit/test_resample.py::test_long", "unit", "1.2 s", "4.9 s"],
        ["coverage", "81.20 %", "79.90 %", "−1.30 points"],
      ]),
    )
    for (const note of [
      "… and 3 more in",
      "Not in the last run: coverage.",
      "Not in this run: scan.",
      "Tests of load aren't",
    ])
      expect(textOf(changes)).toContain(note)
    expect(textOf(named(root, "nav")[0] as Element)).toContain("Since the last run +1 −4")

    const problem = "the last verdict is of main, and this run of feature/x"
    const other = read({ verdict: { ...verdict, changes: notCompared(problem) }, reports })
    expect(textOf(section(other, "changes"))).toBe(
      `Since the last run Not compared with the last run: ${problem}.`,
    )
    expect(textOf(named(other, "nav")[0] as Element)).not.toContain("Since")
  })

  it("has its sections in order of importance", () => {
    const elements = all(read(failedRun()), () => true)
    const order = elements.flatMap(({ name, attributes }) =>
      name === "h1" ? "verdict" : name === "section" ? (attributes["id"] ?? []) : [],
    )
    expect(order).toEqual([
      "verdict",
      "failures",
      "changes",
      "stages",
      "tests",
      "coverage",
      "findings",
      "suppressed",
      "tools",
    ])
  })

  it("stays below its size limit for any reports", { timeout: 30_000 }, () => {
    const runs = [
      hostileRun("💥".repeat(500_000)),
      hostileRun("\u202E".repeat(1_000_000)),
      hostileRun('"\n'.repeat(10_000), 40),
      hostileRun("'<\u200B", 120),
    ]
    for (const { verdict, reports } of runs) {
      const text = html(verdict, reports)
      parse(text)
      expect(Buffer.byteLength(text)).toBeLessThan(PAGE_BYTES)
    }
  })

  it("contains no logs", () => {
    const { verdict, reports } = failedRun()
    const text = html(
      verdict,
      reports.map((report) => ({ ...report, log: "password=hunter2" })),
    )
    expect(text).not.toContain("hunter2")
  })
})

describe("the page's verdict", () => {
  it("has the run's facts, its result and the meaning of the exit code", () => {
    const [header] = named(read(failedRun()), "header")
    expect(textOf(header as Element)).toBe(
      "Slipway report Failed 2 of 12 stages did not pass: integration, vulnerabilities (1 skipped, 2 from the cache). " +
        "Exit code1 a gate failed: the service needs a change Eventpull_request Reffeature/resample-in-chunks " +
        "Commit6f1f0d4c83b7a2e95d0c41ab7f3e2d9180c5b6fa Run18231077421-1 Started2026-05-18 09:41:07 UTC Duration1 min 36 s",
    )
  })

  it.each<[StageStatus, string]>([
    ["passed", "Passed"],
    ["failed", "Failed"],
    ["error", "Error"],
    ["skipped", "Skipped"],
  ])("shows %s by word, icon and colour", (status, word) => {
    const root = read(example([stage(status)], { status }))
    const [heading] = named(root, "h1")
    expect(textOf(heading as Element)).toBe(word)
    expect(named(heading as Element, "use").map(({ attributes }) => attributes["href"])).toEqual([
      `#${status}`,
    ])
    expect(classed(root, "verdict")[0]?.attributes["class"]).toBe(`verdict ${status}`)
    expect(rows(section(root, "stages"))[1]?.[1]).toBe(status)
    expect(textOf(named(root, "title")[0] as Element)).toContain(word)
  })

  it("has the reason why nothing ran, with its line breaks", () => {
    const root = read(emptyRun())
    expect(rawText(classed(root, "problem")[0] as Element)).toBe(emptyRun().verdict.problem)
    expect(textOf(named(root, "header")[0] as Element)).toContain("Nothing ran.")
    expect(textOf(named(root, "header")[0] as Element)).toContain("4 bad input")
    expect(named(root, "section")).toHaveLength(1)
    expect(named(root, "nav")).toEqual([])
  })

  it("says that no stage was requested", () => {
    expect(textOf(named(read(example([], {})), "header")[0] as Element)).toContain("No stage was requested.")
  })
})

describe("a failure on the page", () => {
  const failures = (...reports: StageReport[]): Element => section(page(...reports), "failures")

  it("has the reason, the command to repeat it, the findings and links to files", () => {
    const [article] = named(failures(stage("failed", [finding({ message: "a <b> & c" })])), "article")
    expect(textOf(article as Element)).toBe(
      "flake8 quality failed 1.2 s 1 problem in 1 file Repeat it dagger call debug --stage=flake8 terminal " +
        "Findings app/main.py:3:1 a <b> & c error flake8 F401 logs/flake8.log sarif/flake8.sarif",
    )
    expect(named(article as Element, "pre").map(rawText)).toEqual([
      "dagger call debug --stage=flake8 terminal",
    ])
    expect(named(article as Element, "a").map(({ attributes }) => attributes["href"])).toEqual([
      "logs/flake8.log",
      "sarif/flake8.sarif",
    ])
  })

  it("is sorted worst first, without passed and skipped stages", () => {
    const reports = (["passed", "failed", "skipped", "error"] as const).map((status) =>
      stage(status, [], { name: `is-${status}` }),
    )
    expect(named(failures(...reports), "h3").map(textOf)).toEqual(["is-error quality", "is-failed quality"])
  })

  it("collapses the output of failed tests, and doesn't repeat their findings", () => {
    const failed = test({
      status: "failed",
      message: "assert 1 == 2",
      details: "E\t1\r\nE \x1b[31mred\x1b[0m \x07",
    })
    const repeated = finding({
      file: "tests/unit/test_api.py",
      rule: "TestUpload::test_size[wav]",
      tool: "pytest",
    })
    const found = failures(stage("failed", [repeated, finding()], { tests: [failed, test()] }))
    const [details, ...others] = named(found, "details")
    expect(others).toEqual([])
    expect(textOf(named(details as Element, "summary")[0] as Element)).toBe(
      "tests/unit/test_api.py::TestUpload::test_size[wav] failed, 1.0 s assert 1 == 2",
    )
    expect(rawText(named(details as Element, "pre")[0] as Element)).toBe("E\t1\nE red \\x07")
    expect(classed(found, "place").map(textOf)).toEqual(["app/main.py:3:1"])
  })

  it("limits findings and tests, and says where the others are", () => {
    const found = failures(
      stage(
        "failed",
        times(60, (line) => finding({ line })),
        { tests: times(52, (index) => test({ id: `t::${index}`, status: "failed", line: 100 + index })) },
      ),
    )
    expect(classed(found, "more").map(textOf)).toEqual([
      "… and 2 more in logs/flake8.log",
      "… and 10 more in logs/flake8.log",
    ])
  })

  it("only counts advisory findings", () => {
    const found = failures(stage("failed", [finding({ advisory: true }), finding({ rule: "E1" })]))
    expect(classed(found, "rule").map(textOf)).toEqual(["error flake8 E1"])
    expect(textOf(found)).toContain("Below the gate: 1 advisory finding")
  })

  it("shows no truncated command", () => {
    const found = failures(stage("failed", [], { repro: "x".repeat(3000) }))
    expect(textOf(found)).toContain("The command to repeat it is in verdict.json.")
    expect(named(found, "pre")).toEqual([])
  })

  it("links to files by encoded names", () => {
    const found = failures(stage("failed", [], { name: "a b/../#?.x" }))
    expect(named(found, "a")[0]?.attributes["href"]).toBe("logs/a%20b%2F..%2F%23%3F.x.log")
  })
})

describe("the page's stages", () => {
  const began = Date.UTC(2026, 4, 18, 9, 41, 7)
  const bars = (...reports: StageReport[]): (string | undefined)[][] => {
    const root = read(example(reports, { milliseconds: 10_000 }))
    return classed(root, "timeline")
      .flatMap((figure) => named(figure, "rect"))
      .map(({ attributes }) => [attributes["class"], attributes["x"], attributes["width"]])
  }

  it("are drawn at their times, cached ones hatched at the start", () => {
    expect(
      bars(
        stage("passed", [], { began: began - 60_000, milliseconds: 1000, cached: true }),
        stage("failed", [], { began: began + 2000, milliseconds: 5000 }),
        stage("error", [], { milliseconds: 3000 }),
        stage("skipped", []),
      ),
    ).toEqual([
      ["passed", "0.00%", "10.00%"],
      ["hatch", "0.00%", "10.00%"],
      ["failed", "20.00%", "50.00%"],
      ["error", "0.00%", "30.00%"],
    ])
  })

  it("stay within the timeline for any clock, with a minimum width", () => {
    expect(
      bars(
        stage("passed", [], { began: began + 60_000, milliseconds: 1000 }),
        stage("passed", [], { began: Infinity, milliseconds: 0 }),
        stage("passed", [], { began: began + 10_000, milliseconds: 0 }),
        stage("passed", [], { milliseconds: NaN }),
      ),
    ).toEqual([
      ["passed", "90.00%", "10.00%"],
      ["passed", "0.00%", "0.60%"],
      ["passed", "99.40%", "0.60%"],
      ["passed", "0.00%", "0.60%"],
    ])
  })

  it("are also a table", () => {
    const root = page(
      stage("passed", [], { began: began - 60_000, cached: true }),
      stage("failed", [], { began: began + 2000, name: "mypy" }),
      stage("skipped", [], { name: "unit", group: "tests", cached: null }),
      stage("error", [], { name: "deploy", group: "deploy" }),
    )
    expect(rows(section(root, "stages"))).toEqual([
      ["Stage", "Status", "Started", "Duration", "Cached", "Result", "Files"],
      ["flake8 quality", "passed", "earlier", "1.2 s", "yes", "1 problem in 1 file", "log SARIF"],
      ["mypy quality", "failed", "+2.0 s", "1.2 s", "no", "1 problem in 1 file", "log SARIF"],
      ["unit tests", "skipped", "–", "–", "unknown", "1 problem in 1 file", "log SARIF"],
      ["deploy", "error", "unknown", "1.2 s", "no", "1 problem in 1 file", "log SARIF"],
    ])
    for (const cell of named(root, "th")) expect(cell.attributes["scope"]).toMatch(/^(row|col)$/)
    expect(named(root, "caption")).toHaveLength(named(root, "table").length)
  })

  it("come from the verdict without reports, and are limited in number", () => {
    const { verdict } = example(
      times(250, (index) => stage("passed", [], { name: `s${index}` })),
      {},
    )
    const root = parse(html(verdict, []))
    expect(rows(section(root, "stages"))).toHaveLength(201)
    expect(classed(section(root, "stages"), "more").map(textOf)).toEqual([
      "… and 190 more stages in the table below",
      "… and 50 more stages in verdict.json",
    ])
  })
})
