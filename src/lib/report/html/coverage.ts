import { percent } from "../../run/coverage.js"
import { type FileCoverage } from "../../run/coverage.js"
import { type Coverage } from "../../run/coverage.js"
import type { StageReport } from "../../run/verdict.js"
import { type Content, formatCount, listing, type Markup, markup, more, inlineText } from "./markup.js"
import { type Column, logLink, row, type Section, statusBadge, table } from "./parts.js"

const MISSING_LENGTH = 200
const FILES = { count: 30, bytes: 80_000 }
const STAGES = { count: 10, bytes: 120_000 }

/** A stage that measured coverage. */
type Measured = StageReport & Required<Pick<StageReport, "coverage">>

type Share = Pick<Coverage, "covered" | "total">

const COLUMNS: Column[] = [
  { title: "File" },
  { title: "Covered", kind: "number" },
  { title: "Total", kind: "number" },
  { title: "Coverage", kind: "number" },
  { title: "Uncovered lines", kind: "wide" },
]

/** Coverage section with the least covered files. */
export function coverageSection(reports: readonly StageReport[]): Section[] {
  const measured = reports.filter((report): report is Measured => report.coverage !== undefined)
  const [first] = measured
  if (first === undefined) return []
  const { shown, hidden } = listing(measured, STAGES, one)
  const body = [shown, more(hidden, " stages", markup`<code>logs/</code>`)]
  return [{ id: "coverage", title: "Coverage", summary: perCent(first.coverage), body }]
}

function one(report: Measured): Markup {
  const { coverage, status } = report
  const gate = Object.entries(report.facts ?? {}).find(([name]) => /gate/i.test(name))?.[1]
  const lacking = coverage.files.filter(({ covered, total }) => covered < total)
  const { shown, hidden } = listing(lacking, FILES, fileRow)
  return markup`<p class="total"><b>${perCent(coverage)}</b> ${statusBadge(status)} <span class="dim">${formatCount(coverage.covered)} of ${formatCount(coverage.total)} lines and branches${gate === undefined ? "" : markup`; gate: ${inlineText(gate, 100)}`}</span></p>
${meter(coverage, gate)}
${shown.length === 0 ? "" : table("Least covered files", COLUMNS, shown)}${more(hidden, " files", logLink(report))}`
}

const perCent = (share: Share): string => `${percent(share)}\u00a0%`

/** Bar of a ratio with a mark at the gate. */
function meter({ covered, total }: Share, gate?: string): Markup {
  const width = total > 0 ? Math.min(100, Math.max(0, (covered / total) * 100)) : 0
  const at = Number(/\d+(\.\d+)?/.exec(gate?.slice(0, 100) ?? "")?.[0] ?? NaN)
  const mark: Content =
    at <= 100 ? markup`<rect class="mark" x="${at}%" width="2" height="100%"/>` : undefined
  return markup`<svg class="meter" aria-hidden="true"><rect class="share" width="${width.toFixed(1)}%" height="100%"/>${mark}</svg>`
}

function fileRow(file: FileCoverage): Markup {
  return row(COLUMNS, [
    markup`<code>${file.file}</code>`,
    formatCount(file.covered),
    formatCount(file.total),
    [perCent(file), meter(file)],
    markup`<code>${inlineText(file.missing, MISSING_LENGTH)}</code>`,
  ])
}
