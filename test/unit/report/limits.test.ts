// What hosts accept is limited: reports keep to that whatever they are of, and say what they leave out.
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { html, PAGE_BYTES } from "../../../src/lib/report/html/page.js"
import { junit, JUNIT_BYTES } from "../../../src/lib/report/junit.js"
import { sarif, SARIF_LIMITS } from "../../../src/lib/report/sarif.js"
import { summary, SUMMARY_BYTES } from "../../../src/lib/report/summary.js"
import { terminalText } from "../../../src/lib/report/terminal.js"
import type { Finding } from "../../../src/lib/run/finding.js"
import { failed, failedRun, numberedFinding, numberedTest, testCases, times } from "./many.js"
import { stage } from "./stages.js"

describe("hosts' limits", () => {
  /** Texts of a megabyte, of characters that take the most room when escaped. */
  const huge = times(5, (index) => {
    const text = "&<\u{1F642}\u202E\n".repeat(150_000)
    return numberedFinding(index, {
      rule: text,
      file: text,
      message: text,
      tool: text,
      url: `https://a/${text}`,
    })
  })
  const many = (n: number, more: (index: number) => Partial<Finding>) =>
    times(n, (index) => numberedFinding(index, more(index)))
  const parsed = (text: string) => {
    const { runs } = JSON.parse(text) as { runs: { results: { ruleId: string }[]; invocations: unknown }[] }
    return runs[0] ?? { results: [], invocations: [] }
  }

  it.each<[what: string, findings: Finding[], cut: boolean]>([
    ["25,000 findings", many(25_000, () => ({ message: "m" })), false],
    ["30,000 findings", many(30_000, () => ({ message: "m" })), true],
    ["30,000 long messages", many(30_000, (index) => ({ message: `${index}${"🙂".repeat(150)}` })), true],
    ["30,000 rules", many(30_000, (index) => ({ rule: `${index}${"r".repeat(500)}` })), true],
    ["names of a megabyte", huge, false],
  ])("SARIF keeps to code scanning's limits with %s and says what it leaves out", (_, findings, cut) => {
    const text = sarif(stage("failed", findings), "1")
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SARIF_LIMITS.bytes)
    expect(gzipSync(text).length).toBeLessThan(10_000_000)
    const { results, invocations } = parsed(text)
    expect(results.length).toBeLessThanOrEqual(25_000)
    const left = findings.length - results.length
    expect(left > 0).toBe(cut)
    const said = `${left} more findings are left out, since code scanning refuses more; see logs/flake8.log`
    if (cut) expect(JSON.stringify(invocations)).toContain(said)
    else expect(JSON.stringify(invocations)).not.toContain("left out")
  })

  it("SARIF leaves out advisory findings and notes first", () => {
    const weak = many(25_000, (index) => (index % 2 === 0 ? { advisory: true } : { level: "note" }))
    const strong = many(10, (index) => ({ rule: `strong${index}` }))
    const { results } = parsed(sarif(stage("failed", [...weak, ...strong]), "1"))
    expect(results.slice(0, 10).map(({ ruleId }) => ruleId)).toEqual(times(10, (index) => `strong${index}`))
  })

  it("JUnit reports have a limit, keep failures, and say what they leave out", () => {
    const name = '"<&>'.repeat(200)
    const cases = times(15_000, (index) => ({ ...numberedTest(index), id: `${name}::${index}` }))
    const text = junit(failed([], { tests: [...cases, numberedTest(15_001, "failed")] }))
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(JUNIT_BYTES)
    expect(text).toContain("test_case[15001]")
    const shown = text.split("<testcase ").length - 2
    expect(text).toContain(`name="… and ${15_001 - shown} more"`)
  })

  it.each([
    ["100,000 findings and tests", many(100_000, () => ({})), testCases(100_000)],
    [
      "names of a megabyte",
      huge,
      times(5, (index) => ({ ...numberedTest(index, "failed"), id: "x".repeat(1_000_000) })),
    ],
  ])("comments, summaries and pages keep to theirs with %s", (_, findings, cases) => {
    const { verdict, reports } = failedRun(failed(findings, { tests: cases }))
    const text = summary(verdict, reports)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
    expect(SUMMARY_BYTES).toBeLessThan(65_536) // a comment; a step summary may have 1 MiB
    expect(/… and [\d,]+ more/.test(text)).toBe(findings.length > 50)
    expect(Buffer.byteLength(html(verdict, reports))).toBeLessThan(PAGE_BYTES)
    expect(terminalText(reports).length).toBeLessThan(100_000)
  })
})
