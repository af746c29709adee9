import type { StageEntry } from "../../src/lib/pipeline/journal.js"
import { formatDuration } from "../../src/lib/report/place.js"
import type { StageStatus } from "../../src/lib/run/verdict.js"
import { visible } from "../../src/lib/text/escape.js"

/** A stage as the table shows it. */
export interface LiveRow {
  name: string
  state: "waiting" | "running" | StageStatus
  /** Start, in milliseconds since 1970, of a running stage. */
  began?: number
  /** Duration of an ended stage. */
  milliseconds?: number
  cached?: boolean
}

/** Size of a terminal, in characters. */
export interface TerminalSize {
  columns: number
  rows: number
}

/** The rows after an entry of the run's journal. */
export function withEntry(rows: readonly LiveRow[], entry: StageEntry, now: number): LiveRow[] {
  if ("planned" in entry)
    return entry.planned.reduce<LiveRow[]>(
      (all, name) => replaced(all, { name, state: "waiting" }),
      [...rows],
    )
  if ("started" in entry) return replaced(rows, { name: entry.started, state: "running", began: now })
  const { name, status, milliseconds, cached } = entry.ended
  return replaced(rows, { name, state: status, milliseconds, cached: cached === true })
}

function replaced(rows: readonly LiveRow[], row: LiveRow): LiveRow[] {
  const known = rows.some(({ name }) => name === row.name)
  return known ? rows.map((each) => (each.name === row.name ? row : each)) : [...rows, row]
}

/** What the line above the rows shows. */
export interface LiveStatus {
  /** Start of the run, in milliseconds since 1970. */
  begun: number
  now: number
  /** What runs at this moment. */
  activity: string
}

/**
 * The lines of the table: one for the run, then one for each stage.
 *
 * No line is wider than the terminal, and all of them fit in its height. Where there is room for only some of the stages,
 * those that run or failed go before those that wait, and these before those that passed.
 */
export function tableLines(rows: readonly LiveRow[], size: TerminalSize, status: LiveStatus): string[] {
  const { begun, now, activity } = status
  // A line in the last column makes some terminals begin another, and one row remains for the cursor.
  const [columns, height] = [Math.max(1, size.columns - 1), Math.max(1, size.rows - 1)]
  const ended = rows.filter(({ state }) => state !== "waiting" && state !== "running").length
  const counted = rows.length === 0 ? [] : [`${ended} of ${rows.length} stages`]
  const first = `${((now - begun) / 1000).toFixed(1)} s  ${[...counted, ...(activity === "" ? [] : [activity])].join("; ")}`
  const shown = fitting(rows, height - 1)
  const width = Math.max(...shown.map(({ name }) => columnsOf(visible(name))), 0)
  const rest = rows.length - shown.length
  return [
    first,
    ...shown.map((row) => rowText(row, Math.min(width, NAME_COLUMNS), now)),
    ...(rest === 0 || height < 2 ? [] : [`  … and ${rest} more`]),
  ].map((line) => clipColumns(visible(line), columns))
}

/** Columns of the longest name that the others are aligned with. */
const NAME_COLUMNS = 24

/** The rows that fit in a number of lines, in their order; if not all do, a line is left to say so. */
function fitting(rows: readonly LiveRow[], lines: number): LiveRow[] {
  if (rows.length <= lines) return [...rows]
  const first = rows.toSorted((a, b) => RANKS[a.state] - RANKS[b.state]).slice(0, Math.max(0, lines - 1))
  return rows.filter((row) => first.includes(row))
}

const RANKS: Record<LiveRow["state"], number> = {
  running: 0,
  failed: 1,
  error: 1,
  waiting: 2,
  passed: 3,
  skipped: 4,
}

const SIGNS: Record<LiveRow["state"], string> = {
  waiting: "·",
  running: "▸",
  passed: "✓",
  failed: "✗",
  error: "✗",
  skipped: "-",
}

function rowText({ name, state, began, milliseconds, cached }: LiveRow, width: number, now: number): string {
  const shown = clipColumns(visible(name), width)
  const padded = shown + " ".repeat(Math.max(0, width - columnsOf(shown)))
  const took = state === "running" && began !== undefined ? now - began : milliseconds
  const time = took === undefined || state === "skipped" ? "" : formatDuration(took)
  return `${SIGNS[state]} ${padded}  ${state.padEnd(7)}  ${time}${cached ? ", cached" : ""}`.trimEnd()
}

/** Columns that a text takes at most: characters beyond Latin count as wide, as many are. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const char of text) columns += widthOf(char)
  return columns
}

const widthOf = (char: string): number => ((char.codePointAt(0) ?? 0) < 0x300 || NARROW.has(char) ? 1 : 2)

/** Signs of one column that the table itself uses. */
const NARROW = new Set(["…", ...Object.values(SIGNS)])

/** Cuts a text to a number of columns. */
export function clipColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let [kept, used] = ["", 0]
  for (const char of text) {
    used += widthOf(char)
    if (used > columns - 1) break
    kept += char
  }
  return `${kept}…`
}
