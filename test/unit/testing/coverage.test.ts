import { describe, expect, it } from "vitest"
import { coverageOutcome, readCoverage } from "../../../src/lib/testing/coverage.js"
import { percent } from "../../../src/lib/run/coverage.js"

const of = (covered: number, total: number) => ({ covered, total, files: [] })

describe("coverageOutcome", () => {
  it.each([
    [of(81, 100), "passed"],
    [of(80, 100), "failed"],
    [of(8001, 10_000), "passed"],
    [of(7999, 10_000), "failed"],
    [of(4, 5), "failed"],
    [of(0, 0), "error"],
  ])("requires strictly more than 80 per cent: %j is %s", (coverage, status) => {
    expect(coverageOutcome(coverage, 80).status).toBe(status)
  })

  it("lists the files with least coverage, and their lines that never ran", () => {
    const files = [
      { file: "a.py", covered: 0, total: 4, missing: "1-4" },
      { file: "b.py", covered: 4, total: 4, missing: "" },
    ]
    const { reason, findings } = coverageOutcome({ covered: 4, total: 8, files }, 80)
    expect(reason).toBe("50.00 % of 8 lines and branches; it must be more than 80 %")
    expect(findings).toMatchObject([{ file: "a.py", message: "0.00 % covered; never ran: 1-4" }])
  })
})

it("percent rounds down, so that less than 80 % never looks like it", () => {
  expect(percent(of(79_999, 100_000))).toBe("79.99")
  expect(percent(of(2, 3))).toBe("66.66")
  expect(percent(of(0, 0))).toBe("100.00")
})

describe("readCoverage", () => {
  const summary = (covered: number, total: number, branches: number, of: number) => ({
    covered_lines: covered,
    num_statements: total,
    covered_branches: branches,
    num_branches: of,
  })

  it("counts branches, sorts the worst file first and joins lines to ranges", () => {
    const files = {
      "good.py": { summary: summary(5, 5, 2, 2), missing_lines: [] },
      "never.py": { summary: summary(0, 4, 0, 2), missing_lines: [1, 2, 3, 7] },
    }
    expect(readCoverage(JSON.stringify({ files, totals: summary(5, 9, 2, 4) }))).toEqual({
      covered: 7,
      total: 13,
      files: [
        { file: "never.py", covered: 0, total: 6, missing: "1-3, 7" },
        { file: "good.py", covered: 7, total: 7, missing: "" },
      ],
    })
  })

  it.each(["", "{}", "[]", '{"files": {}}'])("returns undefined for %j", (text) => {
    expect(readCoverage(text)).toBeUndefined()
  })
})
