import type { Finding } from "../run/finding.js"
import type { Suppressed, Suppression } from "../run/suppressed.js"
import { percent } from "../run/coverage.js"
import { type Coverage } from "../run/coverage.js"
import type { TestCase } from "../run/testCase.js"
import type { StageReport, StageResult, StageStatus, Verdict } from "../run/verdict.js"
import { clip, code, fenced, markdown } from "../text/escape.js"
import { byGate, formatDuration, logPath, place, stopped } from "./place.js"

/** GitHub takes comments of 65,536 characters; the rest is for what a host wraps around. */
export const SUMMARY_BYTES = 60_000

const FINDINGS_PER_STAGE = 50
const REASON_LENGTH = 200
const MESSAGE_LENGTH = 300
const REPRO_LENGTH = 2000
const PROBLEM_LENGTH = 4000

/** Kept free for a note of what was cut. */
const NOTE_BYTES = 200

/** All that isn't a failure shares this much. */
const MORE_BYTES = 16_000
const SLOWEST = 10
const FLAKY = 20
const WORST_FILES = 10
const SUPPRESSIONS = 50
const FACTS = 50

const ICONS: Record<StageStatus, string> = { passed: "✅", failed: "❌", error: "💥", skipped: "⏭️" }
const ORDER: StageStatus[] = ["error", "failed", "passed", "skipped"]

/** Returns the verdict as Markdown, failures first, no longer than `SUMMARY_BYTES`; what had to be left out is said. */
export function summary(verdict: Verdict, reports: readonly StageReport[] = []): string {
  const top = headline(verdict) + problem(verdict) + stageTable(verdict.stages, SUMMARY_BYTES / 2)
  const bottom = rest(reports)
  const failures = [...reports.filter(stopped)].sort(byStatus)
  const room = SUMMARY_BYTES - bytes(top) - bytes(bottom) - NOTE_BYTES
  const middle = share(failures, room, failure, "failed stages")
  return top + middle + sections(reports, room - bytes(middle)) + bottom
}

/** What stages have written themselves: each whole, or where it can be read. */
function sections(reports: readonly StageReport[], room: number): string {
  let left = room - NOTE_BYTES
  const all = reports.flatMap(({ sections = [] }) => sections)
  const fitting = all.filter((text) => {
    const fits = bytes(text) < left
    if (fits) left -= bytes(text) + 1
    return fits
  })
  const hidden = all.length - fitting.length
  const note = hidden === 0 ? "" : `\n… and ${hidden} more, see \`terraform/\`, \`k6/\` and \`zap/\`\n`
  return fitting.map((text) => `\n${text}`).join("") + note
}

/** What one part leaves, the next ones share; of very many the first are shown, and not a crumb of each. */
function share<T>(
  items: readonly T[],
  room: number,
  part: (item: T, room: number) => string,
  what: string,
): string {
  const parts: string[] = []
  let left = room
  for (const [index, item] of items.entries()) {
    const text = part(item, Math.min(left, Math.max(left / (items.length - index), 2500)))
    left -= bytes(text)
    parts.push(text)
  }
  const hidden = parts.filter((text) => text === "").length
  return parts.join("") + (hidden === 0 ? "" : `\n… and ${hidden} more ${what}, see \`report.html\`\n`)
}

function headline({ status, run, milliseconds }: Verdict): string {
  const what = [run.event, run.ref, run.sha.slice(0, 12)]
    .map((part) => code(clip(part, REASON_LENGTH)))
    .join(" ")
  return `## ${ICONS[status]} Slipway: ${status}\n\n${what} in ${formatDuration(milliseconds)}, run ${code(clip(run.id, 100))}\n`
}

/** Returns why nothing ran, with its line breaks. */
function problem({ problem: text }: Verdict): string {
  if (text === null) return ""
  const lines = clip(text, PROBLEM_LENGTH).split("\n")
  return `\n${lines.map(markdown).join("  \n")}\n`
}

function stageTable(stages: readonly StageResult[], room: number): string {
  if (stages.length === 0) return ""
  const head = "\n| stage | status | time | cached | reason |\n|---|---|---|---|---|\n"
  const { text, cut } = fit([...stages].sort(byStatus).map(stageRow), room - bytes(head) - NOTE_BYTES)
  return head + text + (cut === 0 ? "" : `\n… and ${cut} more stages, see \`verdict.json\`\n`)
}

function stageRow({ name, group, status, milliseconds, cached, reason }: StageResult): string {
  const stage = markdown(clip(group === name ? name : `${group} ${name}`, 100))
  const fromCache = cached === null ? "" : cached ? "yes" : "no"
  return row(
    stage,
    `${ICONS[status]} ${status}`,
    formatDuration(milliseconds),
    fromCache,
    markdown(clip(reason, REASON_LENGTH)),
  )
}

/** Returns a failed stage with as many findings as the room holds, or nothing if not even its start fits. */
function failure(report: StageReport, room: number): string {
  const title = `\n### ${ICONS[report.status]} ${markdown(clip(report.name, 100))}: ${markdown(clip(report.reason, REASON_LENGTH))}\n`
  const repeat =
    report.repro.length > REPRO_LENGTH
      ? "\nThe command that repeats it is in `verdict.json`.\n"
      : `\nRepeat it:\n\n${fenced(report.repro, "sh")}`
  const start = title + repeat
  if (bytes(start) > room) return ""
  const { blocking, advisory } = byGate(report.findings)
  const head = "\n| where | rule | message |\n|---|---|---|\n"
  const shown = blocking.slice(0, FINDINGS_PER_STAGE).map(findingRow)
  const { text, cut } = fit(shown, room - bytes(start) - bytes(head) - NOTE_BYTES)
  const hidden = [
    ...count(cut + blocking.length - shown.length, "more"),
    ...count(advisory.length, "below the gate"),
  ].join(" and ")
  const table = text === "" ? "" : head + text
  return start + table + (hidden === "" ? "" : `\n… and ${hidden} in ${code(logPath(report))}\n`)
}

const count = (number: number, what: string): string[] => (number === 0 ? [] : [`${number} ${what}`])

function findingRow(finding: Finding): string {
  const where = place(finding)
  const rule = code(clip(`${finding.tool} ${finding.rule}`, 100))
  return row(
    where === "" ? "" : code(clip(where, REASON_LENGTH)),
    rule,
    markdown(clip(finding.message, MESSAGE_LENGTH)),
  )
}

/** Returns what is worth knowing of a run whatever became of it. */
function rest(reports: readonly StageReport[]): string {
  const tables = [
    ...testTables(reports.flatMap(({ tests = [] }) => tests)),
    suppressedTable(reports.flatMap(({ suppressed = [] }) => suppressed)),
    factTable(reports),
    ...reports.flatMap(({ name, coverage }) =>
      coverage === undefined ? [] : [coverageTable(name, coverage)],
    ),
  ].filter(({ rows }) => rows.length > 0)
  return share(tables, MORE_BYTES, section, "tables")
}

interface Table {
  title: string
  head: string[]
  rows: string[]
  /** How many rows more there are. */
  more: number
  /** What these are, and where they can be found. */
  what: string
}

/** Returns a table's first rows; only these are written, since there may be very many. */
const rowsOf = <T>(
  items: readonly T[],
  most: number,
  cells: (item: T) => string[],
): Pick<Table, "rows" | "more"> => ({
  rows: items.slice(0, most).map((item) => row(...cells(item))),
  more: Math.max(0, items.length - most),
})

/** Returns a table with as many rows as the room holds, or nothing if not even its head fits. */
function section({ title, head, rows, more, what }: Table, room: number): string {
  const start = `\n### ${title}\n\n${row(...head)}|${"---|".repeat(head.length)}\n`
  const { text, cut } = fit(rows, room - bytes(start) - NOTE_BYTES)
  if (text === "") return ""
  return start + text + (cut + more === 0 ? "" : `\n… and ${cut + more} more ${what}\n`)
}

function testTables(tests: readonly TestCase[]): Table[] {
  const flaky = tests.filter(({ status, reruns = 0 }) => status === "passed" && reruns > 0)
  const slowest = tests
    .filter(({ status }) => status !== "skipped")
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST)
  return [
    {
      title: "Flaky tests",
      head: ["test", "failures before it passed", "the last one"],
      ...rowsOf(flaky, FLAKY, ({ id, reruns = 0, message = "" }) => [
        testCell(id),
        String(reruns),
        markdown(clip(message, MESSAGE_LENGTH)),
      ]),
      what: "flaky tests, see `junit/`",
    },
    {
      title: "Slowest tests",
      head: ["test", "time"],
      ...rowsOf(slowest, SLOWEST, ({ id, seconds }) => [testCell(id), formatDuration(seconds * 1000)]),
      what: "of them, see `junit/`",
    },
  ]
}

const testCell = (id: string): string => code(clip(id, REASON_LENGTH))

/** A file that is covered whole is no news; the table stands even so. */
function coverageTable(stage: string, coverage: Coverage): Table {
  const files = coverage.files.filter(({ covered, total }) => covered < total)
  const all = { ...coverage, file: "all", missing: "none" }
  return {
    title: `Coverage in ${markdown(clip(stage, 100))}: ${percent(coverage)} %`,
    head: ["file", "covered", "lines that never ran"],
    ...rowsOf(files.length === 0 ? [all] : files, WORST_FILES, (file) => [
      code(clip(file.file, REASON_LENGTH)),
      `${percent(file)} %`,
      markdown(clip(file.missing || "some branches", REASON_LENGTH)),
    ]),
    what: "files, see `report.html`",
  }
}

/** An entry is one row, however many findings it suppresses; what ends first stands first. */
function suppressedTable(suppressed: readonly Suppressed[]): Table {
  const groups = new Map<Suppression, Finding[]>()
  for (const { finding, suppression } of suppressed) {
    const group = groups.get(suppression)
    if (group === undefined) groups.set(suppression, [finding])
    else group.push(finding)
  }
  const entries = [...groups].sort(([a], [b]) => (a.expires < b.expires ? -1 : a.expires > b.expires ? 1 : 0))
  return {
    title: `Suppressed: ${suppressed.length}`,
    head: ["until", "rule", "where", "reason", "owner"],
    ...rowsOf(entries, SUPPRESSIONS, ([{ expires, tool, rule, reason, owner }, findings]) => [
      markdown(expires),
      code(clip(`${tool} ${rule}`, 100)),
      places(findings),
      markdown(clip(reason, REASON_LENGTH)),
      markdown(clip(owner, 100)),
    ]),
    what: "entries, see `.slipway/suppressions.yaml`",
  }
}

/** Returns the first place, and how many findings it stands for. */
function places(findings: readonly Finding[]): string {
  const [first] = findings.map(place).filter((where) => where !== "")
  return [
    ...(first === undefined ? [] : [code(clip(first, REASON_LENGTH))]),
    ...(findings.length === 1 ? [] : [`${findings.length} findings`]),
  ].join(", ")
}

function factTable(reports: readonly StageReport[]): Table {
  const facts = reports.flatMap(({ name, facts = {} }) =>
    Object.entries(facts).map(([what, value]) => [name, what, value]),
  )
  return {
    title: "Worth knowing",
    head: ["stage", "what", "value"],
    ...rowsOf(facts, FACTS, (cells) => cells.map((cell) => markdown(clip(cell, REASON_LENGTH)))),
    what: "facts, see `report.html`",
  }
}

const row = (...cells: string[]): string => `| ${cells.join(" | ")} |\n`

const byStatus = (a: StageResult, b: StageResult): number => ORDER.indexOf(a.status) - ORDER.indexOf(b.status)

const bytes = (text: string): number => Buffer.byteLength(text)

/** Takes as many of the texts as fit in so many bytes of UTF-8, in their order. */
function fit(texts: readonly string[], room: number): { text: string; cut: number } {
  let used = 0
  const end = texts.findIndex((text) => (used += bytes(text)) > room)
  const taken = end < 0 ? texts : texts.slice(0, end)
  return { text: taken.join(""), cut: texts.length - taken.length }
}
