import { loadChart } from "./loadChart.js"
import { type LoadChart } from "../../run/loadChart.js"
import type { StageReport } from "../../run/verdict.js"
import { listing, type Markup, markup, inlineText } from "./markup.js"
import { type Section, statusBadge } from "./parts.js"

const NOTES = { count: 20, bytes: 20_000 }
const NOTE_LENGTH = 600

type Loaded = StageReport & { load: LoadChart }

/** Load tests as charts with notes. */
export function loadTestSection(reports: readonly StageReport[]): Section[] {
  const loaded = reports.filter((report): report is Loaded => report.load !== undefined)
  const worst = loaded.find(({ status }) => status !== "passed") ?? loaded[0]
  if (worst === undefined) return []
  return [{ id: "load", title: "Load", summary: worst.status, body: loaded.map(one) }]
}

function one({ name, status, reason, load }: Loaded): Markup {
  const { shown } = listing(load.notes, NOTES, (note) => markup`<li>${inlineText(note, NOTE_LENGTH)}</li>`)
  return markup`<h3>${name}: ${load.title}</h3>
<p>${statusBadge(status)} ${inlineText(reason, NOTE_LENGTH)}</p>
<figure>${loadChart(load.seconds, load)}</figure>
<ul class="note">${shown}</ul>
<p class="files"><a href="${`k6/${name}.json`}">${`k6/${name}.json`}</a></p>
`
}
