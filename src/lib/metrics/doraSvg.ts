import { clip, visible, xml } from "../text/escape.js"
import type { Band } from "./bands.js"
import type { DoraReport } from "./dora.js"
import { metricTexts, type MetricText } from "./doraMarkdown.js"

const WIDTH = 960
const CARD = { width: 180, height: 112, gap: 12 }
const CHART = { top: 212, height: 120, bars: 30 }

/** Levels differ by their label as well as by their colour, which keeps a contrast of 4.5 to white. */
const COLOURS: Record<Band, string> = { elite: "#1a7f37", high: "#0969da", medium: "#9a6700", low: "#cf222e" }
const GOOD = "#1a7f37"
const BAD = "#cf222e"
const TEXT = "#1f2328"
const FAINT = "#59636e"

/** Draws the five metrics and a bar chart of deployments over time; the SVG loads nothing. */
export function doraSvg(report: DoraReport): string {
  const { environment, days, from, to } = report
  const title = `DORA: ${environment}, ${days} days up to ${to.slice(0, 10)}`
  const height = CHART.top + CHART.height + 48
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${xml(title)}" font-family="system-ui, sans-serif">`,
    `<title>${xml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    line(12, 32, 18, TEXT, title),
    ...metricTexts(report).map(card),
    ...chart(report),
    line(12, height - 12, 12, FAINT, from.slice(0, 10)),
    line(WIDTH - 12, height - 12, 12, FAINT, to.slice(0, 10), "end"),
    "</svg>",
    "",
  ].join("\n")
}

const line = (x: number, y: number, size: number, colour: string, text: string, anchor = "start"): string =>
  `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}" text-anchor="${anchor}">${xml(visible(text))}</text>`

function card({ name, value, detail, band }: MetricText, index: number): string {
  const x = 12 + index * (CARD.width + CARD.gap - 2)
  const colour = band === null ? FAINT : COLOURS[band]
  return [
    `<rect x="${x}" y="52" width="${CARD.width}" height="${CARD.height}" rx="6" fill="none" stroke="${colour}"/>`,
    line(x + 12, 76, 12, FAINT, name),
    line(x + 12, 106, 20, TEXT, value),
    line(x + 12, 128, 10, FAINT, clip(detail.split(";")[0] ?? "", 32)),
    line(x + 12, 150, 12, colour, band ?? ""),
  ].join("\n")
}

/** Bars of equal time: succeeded deployments at the bottom, failed ones on top. */
function chart({ deployments, from, to }: DoraReport): string[] {
  const [start, end] = [Date.parse(from), Date.parse(to)]
  const bars = Array.from({ length: CHART.bars }, () => ({ good: 0, bad: 0 }))
  for (const { finishedAt, status, failure } of deployments) {
    const part = (Date.parse(finishedAt) - start) / (end - start)
    const bar = bars[Math.min(CHART.bars - 1, Math.max(0, Math.ceil(part * CHART.bars) - 1))]
    if (bar === undefined || status === "pending") continue
    if (failure === "") bar.good += 1
    else bar.bad += 1
  }
  const most = Math.max(1, ...bars.map(({ good, bad }) => good + bad))
  const unit = CHART.height / most
  const width = (WIDTH - 24) / CHART.bars
  const base = CHART.top + CHART.height
  return [
    line(12, CHART.top - 16, 12, FAINT, `deployments, up to ${most} per bar; failed ones on top`),
    `<path d="M12 ${base + 0.5}H${WIDTH - 12}" stroke="${FAINT}"/>`,
    ...bars.flatMap(({ good, bad }, index) => {
      const x = (12 + index * width + 2).toFixed(1)
      const bar = (from: number, amount: number, colour: string) =>
        amount === 0
          ? []
          : [
              `<rect x="${x}" y="${(base - (from + amount) * unit).toFixed(1)}" width="${(width - 4).toFixed(1)}" height="${(amount * unit).toFixed(1)}" fill="${colour}"/>`,
            ]
      return [...bar(0, good, GOOD), ...bar(good, bad, BAD)]
    }),
  ]
}
