import type { StageReport } from "../../run/verdict.js"
import { knownByStage } from "../known.js"
import { formatCount, listing, type Markup, markup, more } from "./markup.js"
import { type Column, logLinks, row, sarifLink, type Section, table } from "./parts.js"

const STAGES = { count: 50, bytes: 20_000 }

const COLUMNS: Column[] = [
  { title: "Stage" },
  { title: "Left", kind: "number" },
  { title: "Fixed since", kind: "number" },
  { title: "Findings" },
]

/** What is left of the service's baseline, by stage. */
export function knownSection(reports: readonly StageReport[]): Section[] {
  const left = knownByStage(reports)
  if (left.length === 0) return []
  const sum = (key: "findings" | "fixed") => left.reduce((all, each) => all + each[key], 0)
  const { shown, hidden } = listing(left, STAGES, stageRow)
  const body = [
    markup`<p class="note">Findings that were there before: they don’t fail a gate, new ones do.${
      sum("fixed") === 0 ? "" : markup` <code>slipway baseline</code> removes what is fixed.`
    }</p>\n`,
    table("Known to the baseline", COLUMNS, shown),
    more(hidden, " stages", logLinks(reports)),
  ]
  return [{ id: "known", title: "Baseline", summary: formatCount(sum("findings")), body }]
}

const stageRow = (stage: ReturnType<typeof knownByStage>[number]): Markup =>
  row(COLUMNS, [stage.name, formatCount(stage.findings), formatCount(stage.fixed), sarifLink(stage)])
