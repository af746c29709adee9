import { gatesHeadline } from "../../gates/text.js"
import type { Weakening } from "../../run/gateComparison.js"
import type { Verdict } from "../../run/verdict.js"
import { formatCount, inlineText, listing, type Markup, markup } from "./markup.js"
import { type Column, row, type Section, table } from "./parts.js"

const LENGTH = 300
const ROWS = { count: 200, bytes: 100_000 }

const COLUMNS: Column[] = [
  { title: "Gate" },
  { title: "Before", kind: "wide" },
  { title: "Now", kind: "wide" },
  { title: "Where", kind: "wide" },
]

/** What lets more pass than the base of a run, or why that isn't known. */
export function gatesSection({ gates }: Verdict): Section[] {
  if (gates === undefined) return []
  const { weakened, more, notable } = gates
  const { shown, hidden } = listing(weakened, ROWS, weakeningRow)
  const rest = hidden + more
  const notes = notable.map(
    (text) => markup`<li>${inlineText(text, LENGTH)}</li>
`,
  )
  const body = [
    markup`<p>${inlineText(gatesHeadline(gates), LENGTH)}.</p>
`,
    weakened.length === 0 ? "" : table("Gates that are weaker than before", COLUMNS, shown),
    rest === 0
      ? ""
      : markup`<p>… and ${formatCount(rest)} more.</p>
`,
    notes.length === 0
      ? ""
      : markup`<ul>
${notes}</ul>
`,
  ]
  const number = weakened.length + more
  return [{ id: "gates", title: "Weaker gates", summary: formatCount(number), body }]
}

const weakeningRow = ({ what, from, to, where }: Weakening): Markup =>
  row(COLUMNS, [
    inlineText(what, LENGTH),
    inlineText(from, LENGTH),
    inlineText(to, LENGTH),
    inlineText(where, 2 * LENGTH),
  ])
