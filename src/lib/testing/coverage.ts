import { Coverage, FileCoverage, percent } from "../run/coverage.js"
import type { Outcome } from "../run/finding.js"
import { fields, parseJson } from "../text/json.js"

/** Reads the JSON report of coverage.py; undefined for any other text. */
export function readCoverage(text: string): Coverage | undefined {
  const report = fields(parseJson(text))
  const files = Object.entries(fields(report.files)).map(([file, entry]) => {
    const { missing_lines: missing, summary } = fields(entry)
    return {
      file,
      ...counts(fields(summary)),
      missing: ranges(Array.isArray(missing) ? missing.map(Number) : []),
    }
  })
  if (files.length === 0) return undefined
  return { ...counts(fields(report.totals)), files: files.sort(worstFirst) }
}

function counts(summary: Record<string, unknown>): { covered: number; total: number } {
  const number = (key: string): number => Number(summary[key] ?? 0)
  return {
    covered: number("covered_lines") + number("covered_branches"),
    total: number("num_statements") + number("num_branches"),
  }
}

const share = ({ covered, total }: { covered: number; total: number }): number =>
  total === 0 ? 1 : covered / total

/** Sorts the least covered file first, and of two alike the bigger one. */
const worstFirst = (a: FileCoverage, b: FileCoverage): number =>
  share(a) - share(b) || b.total - a.total || (a.file < b.file ? -1 : 1)

/** Returns ascending numbers as ranges: `3-9, 14`. */
function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = []
  for (const number of numbers) {
    const last = found.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else found.push([number, number])
  }
  return found.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ")
}

/** Judges the gate: strictly more than a percentage, counted in whole lines and branches. */
export function coverageOutcome(coverage: Coverage, above: number): Outcome {
  const { covered, total } = coverage
  const reason = `${percent(coverage)} % of ${total} lines and branches`
  if (total === 0)
    return { status: "error", reason: "no code to measure coverage of was found", findings: [] }
  if (covered * 100 > above * total) return { status: "passed", reason, findings: [] }
  return {
    status: "failed",
    reason: `${reason}; it must be more than ${above} %`,
    findings: coverage.files
      .filter((file) => file.covered < file.total)
      .slice(0, 20)
      .map((file) => ({
        tool: "coverage",
        rule: "coverage",
        level: "error" as const,
        file: file.file,
        message: `${percent(file)} % covered; never ran: ${file.missing || "some branches"}`,
      })),
  }
}
