import type { Finding } from "../run/finding.js"
import { clip, code, fencedLines, legible, markdown } from "../text/escape.js"
import { finding } from "../run/outcome.js"
import { count } from "../text/words.js"
import { BASELINE_FILE, type BaselineEntry } from "./baseline.js"
import { differenceLines } from "./differenceLines.js"
import type { DriftJudgement, JudgedDrift } from "./drift.js"
import { type About, heading, leftOut, origin } from "./planMarkdown.js"
import { byteLength, COMMENT_BYTES, fill } from "./commentSize.js"

const NAME_LENGTH = 300
const REASON_LENGTH = 300
const VALUE_LENGTH = 100

/** Bytes reserved for the note on what was left out. */
const NOTE_BYTES = 800
const KNOWN_BYTES = 12_000
const ENTRIES_BYTES = 4000

/** Space for the names of unknown drift, which precede all diffs. */
const LIST_BYTES = 20_000

const WORDS = {
  CLEAN: "Nothing drifts.",
  KNOWN: "All that drifts is in the baseline.",
  DRIFT: "**There is drift that is not in the baseline.**",
}

/** Formats drift as Markdown below `COMMENT_BYTES`, unknown drift first. */
export function driftMarkdown(report: DriftJudgement, about: About): { text: string; complete: boolean } {
  const [known, unknown] = [true, false].map((is) =>
    report.items.filter(({ entry }) => (entry !== undefined) === is),
  )
  const top = `${heading(`Drift: ${report.verdict}`, about)}\n${WORDS[report.verdict]} ${origin(about)}\n`
  const list = part("Drift", unknown ?? [], LIST_BYTES, driftItem)
  const rest = [
    part("Known drift", known ?? [], KNOWN_BYTES, knownItem),
    part("Expired entries", report.expired, ENTRIES_BYTES, entryItem),
    part("Entries that match nothing any more", report.unused, ENTRIES_BYTES, entryItem),
  ]
  const after = rest.map(({ text }) => text).join("")
  const diffs = diffsOf(unknown ?? [], COMMENT_BYTES - NOTE_BYTES - byteLength(top + list.text + after))
  const left = [list, ...rest].flatMap(({ hidden, title }) =>
    hidden === 0 ? [] : [`${hidden} more under “${title}”`],
  )
  if (diffs.hidden > 0) left.push(`the values of ${diffs.hidden} more`)
  if (diffs.cut > 0) left.push(`parts of ${count(diffs.cut, "value")}`)
  const clean = report.items.length === 0 && left.length === 0
  return {
    text: top + list.text + diffs.text + after + (clean ? "" : leftOut(left, about, "report")),
    complete: left.length === 0,
  }
}

function part<T>(
  title: string,
  items: readonly T[],
  room: number,
  write: (item: T) => string,
): { title: string; text: string; hidden: number } {
  const { text, taken } = fill(items, room, write)
  const head = `\n#### ${title}: ${items.length}\n\n`
  return { title, text: items.length === 0 ? "" : head + text, hidden: items.length - taken }
}

const named = (name: string): string => code(clip(legible(name), NAME_LENGTH))
const said = (text: string): string => markdown(clip(legible(text), REASON_LENGTH))

const place = ({ address, attribute }: JudgedDrift): string =>
  attribute === undefined ? `${named(address)} was deleted` : `${named(address)} ${named(attribute)}`

function driftItem(item: JudgedDrift): string {
  const { broken } = item
  const why =
    broken === undefined ? "" : `: the entry on line ${broken.entry.line} ${said(broken.fault.message)}`
  return `- ${place(item)}${why}\n`
}

const knownItem = (item: JudgedDrift): string =>
  `- ${place(item)}${item.entry === undefined ? "" : `: ${terms(item.entry)}`}\n`

const terms = ({ reason, owner, expires }: BaselineEntry): string =>
  `${said(reason)} (${said(owner)}, until ${said(expires)})`

const entryItem = (entry: BaselineEntry): string =>
  `- line ${entry.line}: ${named(entry.address)} ${named(entry.attribute)}, ${terms(entry)}\n`

/** Formats all diffs in one block, since most drift is a single line. */
function diffsOf(items: readonly JudgedDrift[], room: number): { text: string; hidden: number; cut: number } {
  const changed = items.filter(({ attribute }) => attribute !== undefined)
  const start = "\n<details><summary>Values in the state, and as they are now</summary>\n\n"
  const end = "\n</details>\n"
  const lines: string[] = []
  let left = room - byteLength(start + end) - NOTE_BYTES
  let [taken, cut] = [0, 0]
  let last = ""
  for (const item of changed) {
    const { address, attribute = "", before, after } = item
    const next = differenceLines({
      path: attribute,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })
    const own = [...(address === last ? [] : [`  ${clip(address, NAME_LENGTH)}`]), ...next.lines]
    left -= byteLength(fencedLines(own, ""))
    if (left < 0) break
    if (!next.complete) cut += 1
    last = address
    lines.push(...own)
    taken += 1
  }
  const text = lines.length === 0 ? "" : `${start}${fencedLines(lines, "diff")}${end}`
  return { text, hidden: changed.length - taken, cut }
}

/** Converts drift to findings: an error for unknown drift, a note for known drift, a warning for unused entries. */
export function driftFindings({ items, unused }: DriftJudgement): Finding[] {
  return [...items.map(itemFinding), ...unused.map(unusedFinding)]
}

function itemFinding(item: JudgedDrift): Finding {
  const { entry, broken } = item
  const says =
    entry === undefined ? undefined : `known: ${entry.reason} (${entry.owner}, until ${entry.expires})`
  const fault = broken && `the baseline's entry ${broken.fault.message}`
  const line = (entry ?? broken?.entry)?.line
  return finding({
    tool: "slipway",
    rule: entry !== undefined ? "known-drift" : (broken?.fault.rule ?? "drift"),
    level: entry === undefined ? "error" : "note",
    ...(line === undefined ? {} : { file: BASELINE_FILE, line }),
    message: [changeText(item), says ?? fault].filter(Boolean).join("; "),
  })
}

function changeText({ address, attribute, before, after }: JudgedDrift): string {
  if (attribute === undefined) return `${clip(address, NAME_LENGTH)} was deleted`
  const side = (value: string | undefined) => clip(value ?? "nothing", VALUE_LENGTH)
  const change = `changed from ${side(before)} to ${side(after)}`
  return `${clip(address, NAME_LENGTH)}: ${clip(attribute, NAME_LENGTH)} ${change}`
}

const unusedFinding = ({ address, attribute, line }: BaselineEntry): Finding =>
  finding({
    tool: "slipway",
    rule: "unused",
    level: "warning",
    file: BASELINE_FILE,
    line,
    message: `the entry for ${clip(address, NAME_LENGTH)} ${clip(attribute, NAME_LENGTH)} matches nothing any more: remove it`,
  })
