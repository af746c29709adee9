import type { Run, StageReport, StageResult, StageStatus, Verdict } from "../../run/verdict.js"
import { listing, type Markup, markup, more, inlineText, type Content } from "./markup.js"
import {
  type Column,
  shortLinks,
  row,
  type Section,
  statusIcon,
  stageName,
  statusBadge,
  table,
  time,
} from "./parts.js"

const REASON_LENGTH = 300
const BARS = { count: 60, bytes: 40_000 }
const ROWS = { count: 200, bytes: 150_000 }

/** Minimum width of a bar in per cent. */
const THINNEST = 0.6

/** Limit on labels, for phones. */
const TICKS = 5
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200].map(
  (seconds) => seconds * 1000,
)

type Stage = StageResult & Pick<StageReport, "began">

/** Start of a stage in milliseconds since the run began, and its duration. */
interface Bar extends Pick<Stage, "name" | "group" | "status" | "cached"> {
  start: number
  length: number
}

const COLUMNS: Column[] = [
  { title: "Stage" },
  { title: "Status" },
  { title: "Started", kind: "number" },
  { title: "Duration", kind: "number" },
  { title: "Cached" },
  { title: "Result", kind: "wide" },
  { title: "Files", kind: "wide" },
]

/** All stages as a timeline and as a table. */
export function stagesSection(verdict: Verdict, reports: readonly StageReport[]): Section[] {
  const stages: readonly Stage[] = reports.length > 0 ? reports : verdict.stages
  if (stages.length === 0) return []
  const span = Math.max(1, ...[verdict, ...stages].map(({ milliseconds }) => known(milliseconds)))
  const bars = stages.map((stage) => bar(stage, verdict.run, span))
  const { shown, hidden } = listing(stages, ROWS, (stage, index) => stageRow(stage, verdict.run, bars[index]))
  const body = [
    timeline(bars, span),
    table("All stages", COLUMNS, shown),
    more(hidden, " stages", markup`<a href="verdict.json">verdict.json</a>`),
  ]
  return [{ id: "stages", title: "Stages", summary: stages.length, body }]
}

const known = (milliseconds: number): number =>
  Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0

/** Bar of a stage, clamped to the run: a cached result is older, and clocks may differ. */
function bar({ name, group, status, cached, milliseconds, began }: Stage, run: Run, span: number): Bar {
  const length = known(milliseconds)
  const start = (began ?? NaN) - Date.parse(run.startedAt)
  return {
    name,
    group,
    status,
    cached,
    length,
    start: Number.isFinite(start) ? Math.min(Math.max(0, start), span - length) : 0,
  }
}

function stageRow(stage: Stage, run: Run, drawn?: Bar): Markup {
  const { status, milliseconds, cached, reason } = stage
  const ran = status !== "skipped"
  return row(COLUMNS, [
    stageName(stage),
    statusBadge(status),
    ran ? began(stage, run, drawn) : "–",
    ran ? time(milliseconds) : "–",
    cached === null ? "unknown" : cached ? "yes" : "no",
    inlineText(reason, REASON_LENGTH),
    shortLinks(stage),
  ])
}

function began(stage: Stage, run: Run, drawn?: Bar): string {
  const after = (stage.began ?? NaN) - Date.parse(run.startedAt)
  if (!Number.isFinite(after)) return "unknown"
  return stage.cached && after < 0 ? "earlier" : `+${time(drawn?.start ?? 0)}`
}

function timeline(bars: readonly Bar[], span: number): Markup {
  const step = STEPS.find((candidate) => span / candidate <= TICKS) ?? span / TICKS
  const ticks = Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step)
  const lines = ticks.map((tick) => markup`<line x1="${per(tick, span)}" x2="${per(tick, span)}" y2="100%"/>`)
  const { shown, hidden } = listing(bars, BARS, (one) => barRow(one, span, lines))
  return markup`<figure class="timeline">
<figcaption>When each stage ran, from the start of the run. Hatched: the result came from the cache. The table below has the same data.</figcaption>
<div aria-hidden="true">
<div class="bar"><svg class="axis">${axis(ticks, span)}</svg></div>
${shown}</div>
${more(hidden, " stages", "the table below")}</figure>
`
}

/** Axis labels, without those that would leave the chart. */
const axis = (ticks: readonly number[], span: number): Content =>
  ticks
    .filter((tick) => tick <= span * 0.93)
    .map(
      (tick) =>
        markup`<text x="${per(tick, span)}" y="11"${tick === 0 ? "" : markup` class="middle"`}>${label(tick, span)}</text>`,
    )

const label = (tick: number, span: number): string =>
  tick === 0
    ? "0"
    : span >= 300_000
      ? `${Math.round(tick / 6000) / 10} min`
      : `${Math.round(tick / 100) / 10} s`

function barRow(one: Bar, span: number, lines: Content): Markup {
  const width = Math.max((one.length / span) * 100, THINNEST)
  const x = Math.min((one.start / span) * 100, 100 - width)
  const shape = (kind: StageStatus | "hatch"): Markup =>
    markup`<rect class="${kind}" x="${x.toFixed(2)}%" width="${width.toFixed(2)}%" y="4" height="12" rx="2"/>`
  const drawn =
    one.status === "skipped" ? undefined : [shape(one.status), one.cached ? shape("hatch") : undefined]
  return markup`<div class="bar"><span class="who">${statusIcon(one.status)}${stageName(one)}</span><svg>${lines}${drawn}</svg><span class="took">${one.status === "skipped" ? "skipped" : time(one.length)}</span></div>
`
}

const per = (part: number, whole: number): string => `${((part / whole) * 100).toFixed(2)}%`
