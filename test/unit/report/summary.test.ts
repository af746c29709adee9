import { describe, expect, it } from "vitest"
import { SUMMARY_BYTES, summary } from "../../../src/lib/report/summary.js"
import type { StageReport, Verdict } from "../../../src/lib/run/verdict.js"
import { finding, HOSTILE, stage, suppression, testCase, without } from "./stages.js"

const verdict = (stages: StageReport[]): Verdict => ({
  schema: 1,
  run: {
    id: "run-1",
    event: "push",
    ref: "feature/x",
    sha: "0123456789abcdef",
    startedAt: "2026-01-02T03:04:05Z",
  },
  status: "failed",
  exitCode: 1,
  problem: null,
  milliseconds: 65_000,
  stages,
})

const page = (...stages: StageReport[]): string => summary(verdict(stages), stages)
const bytes = (text: string): number => Buffer.byteLength(text)

describe("summary", () => {
  it("has the reason why nothing ran", () => {
    const problem = "slipway.yaml has 1 problem:\n  a|b @x\n→ mend it [CONFIG_INVALID]"
    const text = summary({ ...verdict([]), status: "error", problem })
    expect(text).toContain(
      "\nslipway.yaml has 1 problem:  \n  a&#124;b @\u200Bx  \n→ mend it &#91;CONFIG&#95;INVALID&#93;\n",
    )
    expect(text).not.toContain("| stage |")
  })

  it("has weaker gates first, and says why nothing was compared", () => {
    const gates = { policy: "", base: { ref: "main", sha: "" }, problem: null, more: 0, notable: [] }
    const weakened = [{ what: "quality.checks", from: "black, mypy", to: "black", where: "slipway.yaml" }]
    const failed = stage("failed", [finding()])
    const text = summary({ ...verdict([failed]), gates: { ...gates, weakened } }, [failed])
    expect(text.split("\n### ")[1]).toBe(`⚠️ 1 gate is weaker than in main

| gate | before | now | where |
|---|---|---|---|
| <code>quality.checks</code> | black, mypy | black | <code>slipway.yaml</code> |

| stage | status | time | cached | reason |
|---|---|---|---|---|
| quality flake8 | ❌ failed | 1.2 s | no | 1 problem in 1 file |
`)
    const unknown = { ...gates, base: null, problem: "this is the first commit", weakened: [] }
    expect(summary({ ...verdict([]), gates: unknown })).toContain(
      "\nGates were compared with no base: this is the first commit.\n",
    )
  })

  it("stays within its limit with the longest gates", () => {
    const long = "|".repeat(300)
    const weakened = Array.from({ length: 200 }, () => ({ what: long, from: long, to: long, where: long }))
    const gates = {
      policy: "",
      base: null,
      problem: null,
      weakened,
      more: 5,
      notable: Array<string>(20).fill(long),
    }
    const text = summary({ ...verdict([]), gates })
    expect(bytes(text)).toBeLessThan(SUMMARY_BYTES)
    expect(text).toMatch(/… and 20\d more in `verdict.json`/)
  })

  it("has the verdict, all stages and the failures, worst first", () => {
    const text = page(
      stage("passed", [], { name: "black", reason: "3 files formatted", cached: true }),
      stage("failed", [finding()]),
      stage("error", [], { name: "mypy", reason: "mypy is not installed", cached: null }),
    )
    expect(text).toBe(`## ❌ Slipway: failed

<code>push</code> <code>feature/x</code> <code>0123456789ab</code> in 1 min 05 s, run <code>run-1</code>

| stage | status | time | cached | reason |
|---|---|---|---|---|
| quality mypy | 💥 error | 1.2 s |  | mypy is not installed |
| quality flake8 | ❌ failed | 1.2 s | no | 1 problem in 1 file |
| quality black | ✅ passed | 1.2 s | yes | 3 files formatted |

### 💥 mypy: mypy is not installed

Repeat it:

\`\`\`sh
dagger call debug --stage=flake8 terminal
\`\`\`

### ❌ flake8: 1 problem in 1 file

Repeat it:

\`\`\`sh
dagger call debug --stage=flake8 terminal
\`\`\`

| location | rule | message |
|---|---|---|
| <code>app/main.py:3:1</code> | <code>flake8 F401</code> | &#39;os&#39; imported but unused |
`)
  })

  it("keeps hostile names inside their cells", () => {
    const text = page(
      stage("failed", [finding({ file: HOSTILE, rule: HOSTILE, message: HOSTILE })], {
        name: HOSTILE,
        reason: HOSTILE,
      }),
    )
    const rows = text.split("\n").filter((line) => line.startsWith("|"))
    expect(rows).toHaveLength(6)
    for (const row of rows) expect(row.split("|").length).toBe(rows.indexOf(row) < 3 ? 7 : 5)
    expect(text).not.toMatch(/^::error::|<img|[^\n\P{Cc}]|\p{Cs}/mu)
    expect(text.replace(/<code>.*?<\/code>/g, "")).not.toMatch(/@\w|<(?!\/?code)/)
  })

  it("stays within its size limit for very many findings, and says what is left out", () => {
    const many = Array.from({ length: 2000 }, (_, line) => finding({ line, message: "→|".repeat(200) }))
    const text = page(...["a", "b", "c"].map((name) => stage("failed", many, { name })))
    expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
    expect(bytes(text)).toBeGreaterThan(SUMMARY_BYTES / 2)
    for (const name of ["a", "b", "c"])
      expect(text).toMatch(new RegExp(`… and \\d+ more in <code>logs/${name}\\.log</code>`))
  })

  it("stays within its size limit for very many stages, and says how many are left out", () => {
    const stages = Array.from({ length: 1000 }, (_, index) =>
      stage(index % 2 ? "passed" : "failed", [finding()], { name: `s${index}`, reason: "💥".repeat(500) }),
    )
    const text = page(...stages)
    expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
    expect(text).toMatch(/… and \d+ more stages, see `verdict\.json`/)
    expect(text).toMatch(/… and \d+ more failed stages, see `report\.html`/)
    expect(text).toContain("### ❌ s0:")
  })

  it("shows the first 50 findings of a stage", () => {
    const text = page(
      stage(
        "failed",
        Array.from({ length: 60 }, () => finding()),
      ),
    )
    expect(text.match(/F401/g)).toHaveLength(50)
    expect(text).toContain("… and 10 more in <code>logs/flake8.log</code>")
  })

  it("shows no truncated command", () => {
    const text = page(stage("failed", [finding()], { repro: "x".repeat(100_000) }))
    expect(text).toContain("The command to repeat it is in `verdict.json`.")
    expect(bytes(text)).toBeLessThan(2000)
  })
})

describe("the summary's tables after the failures", () => {
  const section = (title: string, text: string): string => {
    const [, rest = ""] = text.split(`\n### ${title}\n`)
    return rest.split("\n### ")[0] ?? ""
  }

  it("are left out if they are empty", () => {
    expect(page(stage("passed", [], { tests: [], suppressed: [], facts: {} }))).not.toContain("###")
  })

  it("list flaky tests and the slowest ten of all suites", () => {
    const tests = Array.from({ length: 30 }, (_, n) => testCase({ id: `t.py::test_${n}`, seconds: n / 2 }))
    const text = page(
      stage("passed", [], { name: "unit", tests }),
      stage("passed", [], {
        name: "integration",
        tests: [
          testCase({ id: "t.py::shaky|x", seconds: 90, reruns: 2, message: "timed out" }),
          testCase({ id: "t.py::skipped", seconds: 999, status: "skipped", reruns: 1 }),
        ],
      }),
    )
    expect(section("Flaky tests", text)).toBe(`
| test | failures before it passed | last failure |
|---|---|---|
| <code>t.py::shaky&#124;x</code> | 2 | timed out |
`)
    const slowest = section("Slowest tests", text).split("\n").slice(3, -1)
    expect(slowest).toHaveLength(10)
    expect(slowest[0]).toBe("| <code>t.py::shaky&#124;x</code> | 1 min 30 s |")
    expect(slowest[1]).toBe("| <code>t.py::test&#95;29</code> | 14.5 s |")
    expect(text).not.toContain("more of them")
  })

  it("show the coverage, rounded down, with the worst files", () => {
    const files = Array.from({ length: 12 }, (_, n) => ({
      file: `f${n}.py`,
      covered: n,
      total: 12,
      missing: "3-9",
    }))
    const whole = { file: "whole.py", covered: 5, total: 5, missing: "" }
    const coverage = { covered: 79_999, total: 100_000, files: [...files, whole] }
    const text = section("Coverage in unit: 79.99 %", page(stage("failed", [], { name: "unit", coverage })))
    expect(text).toContain("| <code>f0.py</code> | 0.00 % | 3-9 |\n| <code>f1.py</code> | 8.33 % | 3-9 |\n")
    expect(text).not.toContain("f10.py")
    expect(text).not.toContain("whole.py")
    expect(text).toContain("… and 2 more files, see `report.html`")
    const full = page(
      stage("passed", [], { name: "unit", coverage: { covered: 5, total: 5, files: [whole] } }),
    )
    expect(section("Coverage in unit: 100.00 %", full)).toContain("| <code>all</code> | 100.00 % | none |")
  })

  it("list suppressions, those that expire first at the top", () => {
    const late = suppression({ expires: "2027-01-31", rule: "E501" })
    const soon = suppression({ reason: "a|b", owner: "@ann" })
    const placeless = without("file", "line", "column")
    const text = page(
      stage("passed", [], {
        suppressed: [
          { finding: placeless, suppression: late },
          { finding: finding(), suppression: soon },
          { finding: finding({ line: 9 }), suppression: soon },
        ],
      }),
    )
    expect(section("Suppressed: 3", text)).toBe(`
| expires | rule | location | reason | owner |
|---|---|---|---|---|
| 2026-12-31 | <code>flake8 F401</code> | <code>app/main.py:3:1</code>, 2 findings | a&#124;b | @\u200Bann |
| 2027-01-31 | <code>flake8 E501</code> |  | kept for its side effect | ann |
`)
  })

  it("list the facts of each stage", () => {
    const facts = { database: "made 2026-11-20 06:12 UTC, 3 h old", "a|b": "<c>" }
    expect(section("Facts", page(stage("passed", [], { name: "trivy", facts })))).toBe(`
| stage | fact | value |
|---|---|---|
| trivy | database | made 2026-11-20 06:12 UTC, 3 h old |
| trivy | a&#124;b | &#60;c&#62; |
`)
  })

  it("stay within the size limit after very many failures, and say what is left out", () => {
    const many = Array.from({ length: 500 }, (_, n) => n)
    const long = HOSTILE.repeat(50)
    const report = stage(
      "failed",
      many.map(() => finding({ message: long })),
      {
        tests: many.map((n) => testCase({ id: `${n}${long}`, reruns: 1, message: long, seconds: n })),
        coverage: {
          covered: 1,
          total: 9,
          files: many.map(() => ({ file: long, covered: 1, total: 9, missing: long })),
        },
        suppressed: many.map((line) => ({
          finding: finding({ file: long }),
          suppression: suppression({ line, reason: long, owner: long }),
        })),
        facts: Object.fromEntries(many.map((n) => [`${n}${long}`, long])),
      },
    )
    const stages = many
      .slice(0, 100)
      .map((n) => ({ ...report, name: `stage${n}`, findings: n < 10 ? report.findings : [finding()] }))
    const text = page(report, ...stages)
    expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
    for (const what of ["flaky tests", "files", "entries", "facts", "tables"])
      expect(text).toMatch(new RegExp(`… and \\d+ more ${what}, see`))
    for (const line of text.split("\n").filter((each) => each.startsWith("|")))
      expect(line.split("|").length, line).toBeLessThanOrEqual(7)
    expect(text).not.toMatch(/^::error::/m)
  })

  it("leave out advisory findings, which are counted", () => {
    const text = page(stage("failed", [finding({ advisory: true, rule: "below" }), finding()]))
    expect(text).not.toContain("flake8 below")
    expect(text).toContain("F401")
    expect(text).toContain("… and 1 below the gate in <code>logs/flake8.log</code>")
  })
})

describe("the summary's sections of stages", () => {
  const written = (...sections: string[]): StageReport => ({
    ...stage("passed", [], { name: "plan" }),
    sections,
  })
  const failing = (): StageReport =>
    stage(
      "failed",
      Array.from({ length: 200 }, () => finding({ message: "m".repeat(900) })),
    )

  it("are whole, between the failures and the other tables", () => {
    const facts = stage("passed", [], { facts: { tool: "1" } })
    const text = page(facts, written("### Plan: a\n", "### Plan: b\n"), stage("failed", [finding()]))
    expect(text).toContain("\n### Plan: a\n\n### Plan: b\n")
    expect(text.indexOf("### ❌")).toBeLessThan(text.indexOf("### Plan: a"))
    expect(text.indexOf("### Plan: b")).toBeLessThan(text.indexOf("### Facts"))
    expect(text).not.toContain(" more, see")
  })

  it("are left out if they are too long, smaller ones not", () => {
    const text = page(written(`A${"ü".repeat(29_000)}`, `B${"ü".repeat(20_000)}`, "C"))
    expect(text).toContain("\nAü")
    expect(text).not.toContain("\nBü")
    expect(text).toContain("\nC\n… and 1 more, see `terraform/`, `k6/` and `zap/`\n")
    expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
  })

  it.each([0, 1, 2, 3, 5, 8, 50, 500])("never exceed the size limit: %i", (count) => {
    const sections = Array.from({ length: count }, (_, index) => "é".repeat(1 + ((index * 7919) % 9000)))
    for (const others of [[], [failing()], Array.from({ length: 40 }, failing)]) {
      const text = page(...others, written(...sections))
      expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
      const left = /… and (\d+) more, see/.exec(text)?.[1] ?? "0"
      expect((text.match(/^é+$/gm) ?? []).length + Number(left)).toBe(count)
    }
  })
})
