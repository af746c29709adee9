/** SVG chart of a load test: users, response times, requests and errors over time. */
import { type Content, Markup, markup } from "./markup.js"
import type { BreakingPoint } from "../../run/loadChart.js"
import type { Second } from "../../run/loadChart.js"

const WIDTH = 720
const HEIGHT = 110
const LEFT = 70
const RIGHT = 12
const GAP = 26

/** More points than pixels would only make the file large. */
const MOST_POINTS = 300

interface Line {
  name: string
  of: (second: Second) => number | undefined
}

interface Panel {
  title: string
  unit: string
  lines: Line[]
  limit?: number
}

const panels = (p95: number): Panel[] => [
  { title: "Users", unit: "", lines: [{ name: "users", of: ({ users }) => users }] },
  {
    title: "Response time: median and p95",
    unit: " ms",
    lines: [
      { name: "p50", of: ({ p50 }) => p50 },
      { name: "p95", of: (second) => second.p95 },
    ],
    limit: p95,
  },
  {
    title: "Requests and errors per second",
    unit: "",
    lines: [
      { name: "requests", of: ({ requests }) => requests },
      { name: "errors", of: ({ errors }) => errors },
    ],
  },
]

/** Draws a load test with its p95 limit and breaking point. `standalone` adds namespace and style for a file. */
export function loadChart(
  seconds: readonly Second[],
  {
    p95,
    broke,
    standalone = false,
  }: { p95: number; broke?: BreakingPoint | undefined; standalone?: boolean },
): Markup {
  const points = thinned(seconds)
  const end = Math.max(1, points.at(-1)?.at ?? 1)
  const all = panels(p95)
  const height = all.length * (HEIGHT + GAP) + 20
  const drawn = all.map((panel, index) => panelOf(panel, points, end, index * (HEIGHT + GAP), broke))
  const own = standalone ? markup` xmlns="http://www.w3.org/2000/svg"` : undefined
  const style = standalone ? new Markup(STYLE) : undefined
  return markup`<svg${own} class="load" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Users, response times and requests per second; the JSON file has the same data">${style}
${drawn}<text class="axis" x="${LEFT}" y="${height - 6}">0 s</text><text class="axis end" x="${WIDTH - RIGHT}" y="${height - 6}">${Math.round(end)} s</text>
</svg>
`
}

/** Style of the chart on the page and in a file. */
export const LOAD_CHART_STYLE = `
.load { width: 100%; height: auto; max-width: 48rem; display: block; }
.load text { font-size: 12px; fill: currentColor; }
.load .axis { opacity: 0.75; }
.load .end { text-anchor: end; }
.load path { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.load .p95, .load .errors { stroke-width: 2.5; stroke-dasharray: 5 2; }
.load line { stroke: currentColor; opacity: 0.3; }
.load .limit, .load .broke { opacity: 0.9; stroke-dasharray: 2 3; }
`

const STYLE = `<style>svg { font-family: sans-serif; color: #24292f; background: #ffffff; }${LOAD_CHART_STYLE}</style>`

/** Reduces the points to the worst of each interval. */
function thinned(seconds: readonly Second[]): Second[] {
  const step = Math.ceil(seconds.length / MOST_POINTS)
  if (step <= 1) return [...seconds]
  return seconds
    .filter((_, index) => index % step === 0)
    .map((first, index) => {
      const part = seconds.slice(index * step, (index + 1) * step)
      const worst = (of: (second: Second) => number | undefined) =>
        Math.max(...part.map((second) => of(second) ?? 0))
      return {
        at: first.at,
        users: worst(({ users }) => users),
        requests: worst(({ requests }) => requests),
        errors: worst(({ errors }) => errors),
        p50: worst(({ p50 }) => p50),
        p95: worst(({ p95 }) => p95),
      }
    })
}

function panelOf(
  { title, unit, lines, limit }: Panel,
  points: readonly Second[],
  end: number,
  top: number,
  broke: BreakingPoint | undefined,
): Markup {
  const highest = Math.max(1, ...points.flatMap((point) => lines.map(({ of }) => of(point) ?? 0)))
  const x = (at: number) => round(LEFT + (at / end) * (WIDTH - LEFT - RIGHT))
  const y = (value: number) => round(top + GAP + (HEIGHT - GAP) * (1 - value / highest))
  const paths = lines.map(({ name, of }) => {
    const places = points.flatMap((point) => {
      const value = of(point)
      return value === undefined ? [] : [`${x(point.at)} ${y(value)}`]
    })
    return places.length === 0
      ? undefined
      : markup`<path class="${name}" d="M${new Markup(places.join("L"))}"/>`
  })
  const annotations: Content = [
    limit !== undefined && limit <= highest
      ? markup`<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(limit)}" y2="${y(limit)}"/>`
      : undefined,
    broke === undefined
      ? undefined
      : markup`<line class="broke" x1="${x(broke.at)}" x2="${x(broke.at)}" y1="${top + GAP}" y2="${top + HEIGHT}"/>`,
  ]
  return markup`<text x="${LEFT}" y="${top + GAP - 9}">${title}</text><text class="axis end" x="${LEFT - 6}" y="${y(highest) + 5}">${round(highest)}${unit}</text><text class="axis end" x="${LEFT - 6}" y="${y(0)}">0</text><line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(0)}" y2="${y(0)}"/>${paths}${annotations}
`
}

const round = (value: number): number => Math.round(value * 10) / 10
