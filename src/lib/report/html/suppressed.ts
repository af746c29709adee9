import type { Finding } from "../../run/finding.js"
import type { Suppression } from "../../run/suppressed.js"
import type { Run, StageReport } from "../../run/verdict.js"
import { clip } from "../../text/escape.js"
import { place } from "../place.js"
import { ruleName } from "./findings.js"
import {
  type Content,
  formatCount,
  listing,
  type Markup,
  markup,
  more,
  plural,
  inlineText,
} from "./markup.js"
import { type Column, logLinks, row, type Section, table } from "./parts.js"

const REASON_LENGTH = 500
const ENTRIES = { count: 200, bytes: 100_000 }
const RULE_LENGTH = 100
const PLACES = 3

/** Days before expiry from which an entry is highlighted. */
const SOON_DAYS = 14
const DAY = 86_400_000

/** A suppression with its findings. */
interface Entry {
  suppression: Suppression
  findings: [Finding, ...Finding[]]
}

const COLUMNS: Column[] = [
  { title: "Rule" },
  { title: "Location", kind: "wide" },
  { title: "Reason", kind: "wide" },
  { title: "Owner" },
  { title: "Expires" },
]

/** Suppressed findings, those that expire first at the top. */
export function suppressedSection(run: Run, reports: readonly StageReport[]): Section[] {
  const from = reports.filter(({ suppressed = [] }) => suppressed.length > 0)
  const all = from.flatMap(({ suppressed = [] }) => suppressed)
  if (all.length === 0) return []
  const entries = entriesOf(from).sort((a, b) => compare(a.suppression.expires, b.suppression.expires))
  const now = Date.parse(run.startedAt)
  const { shown, hidden } = listing(entries, ENTRIES, (entry) => entryRow(entry, now))
  const body = [table("Suppressed findings", COLUMNS, shown), more(hidden, " entries", logLinks(from))]
  return [{ id: "suppressed", title: "Suppressed", summary: formatCount(all.length), body }]
}

function entriesOf(reports: readonly StageReport[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const { suppressed = [] } of reports)
    for (const { finding, suppression } of suppressed) {
      const { line, tool, rule } = suppression
      const key = JSON.stringify([line, clip(tool, RULE_LENGTH), clip(rule, RULE_LENGTH)])
      const entry = entries.get(key)
      if (entry === undefined) entries.set(key, { suppression, findings: [finding] })
      else entry.findings.push(finding)
    }
  return [...entries.values()]
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function entryRow({ suppression, findings }: Entry, now: number): Markup {
  const { reason, owner, expires } = suppression
  return row(COLUMNS, [
    ruleName(findings[0]),
    places(findings),
    inlineText(reason, REASON_LENGTH),
    owner,
    [inlineText(expires, 20), " ", remaining(expires, now)],
  ])
}

function places(findings: readonly Finding[]): Content {
  const shown = findings.slice(0, PLACES).map((finding, index) => {
    const where = place(finding)
    return [index === 0 ? "" : ", ", where === "" ? "the whole run" : markup`<code>${where}</code>`]
  })
  return findings.length > PLACES ? [shown, ` and ${formatCount(findings.length - PLACES)} more`] : shown
}

/** Remaining days; an entry expires at the end of its day. */
function remaining(expires: string, now: number): Content {
  const days = Math.floor((Date.parse(expires) + DAY - now) / DAY)
  if (Number.isNaN(days) || days > SOON_DAYS) return undefined
  return markup`<span class="tag soon">${days < 0 ? "expired" : days === 0 ? "last day" : plural(days, "day")}</span>`
}
