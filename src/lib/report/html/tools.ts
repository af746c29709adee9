import type { StageReport } from "../../run/verdict.js"
import { listing, type Markup, markup, more, inlineText } from "./markup.js"
import { type Column, row, type Section, stageName, table } from "./parts.js"

const FACTS = 20
const TOOLS = { count: 200, bytes: 80_000 }

const COLUMNS: Column[] = [{ title: "Stage" }, { title: "Version" }, { title: "Facts", kind: "wide" }]

/** Tool versions and facts of each stage. */
export function toolsSection(reports: readonly StageReport[]): Section[] {
  if (reports.length === 0) return []
  const { shown, hidden } = listing(reports, TOOLS, toolRow)
  const body = [
    table("Versions and facts", COLUMNS, shown),
    more(hidden, " stages", markup`<code>sarif/</code>`),
  ]
  return [{ id: "tools", title: "Tools", summary: undefined, body }]
}

function toolRow(report: StageReport): Markup {
  const facts = Object.entries(report.facts ?? {})
    .slice(0, FACTS)
    .map(
      ([name, value]) =>
        markup`<span class="fact">${inlineText(name, 80)}: <b>${inlineText(value, 200)}</b></span> `,
    )
  return row(COLUMNS, [
    stageName(report),
    report.version === "" ? "–" : markup`<code>${inlineText(report.version, 80)}</code>`,
    facts.length === 0 ? "–" : facts,
  ])
}
