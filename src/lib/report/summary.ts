import type { Finding } from "../run/finding.js"
import type { Suppressed, Suppression } from "../run/suppressed.js"
import { percent } from "../run/coverage.js"
import { type Coverage } from "../run/coverage.js"
import type { TestCase } from "../run/testCase.js"
import type { StageReport, StageResult, StageStatus, Verdict } from "../run/verdict.js"
import { gatesMarkdown } from "../gates/text.js"
import { clip, code, fenced, markdown } from "../text/escape.js"
import { changesMarkdown } from "./changesText.js"
import { knownByStage } from "./known.js"
import { stopped } from "../run/command.js"
import { byGate, formatDuration, logPath, place } from "./place.js"

/** GitHub accepts comments of 65,536 characters; the rest is for the host's wrapping. */
export const SUMMARY_BYTES = 60_000

const FINDINGS_PER_STAGE = 50
const REASON_LENGTH = 200
const MESSAGE_LENGTH = 300
const REPRO_LENGTH = 2000
const PROBLEM_LENGTH = 4000

/** Reserved for a note of what is left out. */
const NOTE_BYTES = 200

/** Limit on everything but failures. */
const MORE_BYTES = 16_000
const SLOWEST = 10
const FLAKY = 20
const WORST_FILES = 10
const SUPPRESSIONS = 50
const FACTS = 50

const ICONS: Record<StageStatus, string> = { passed: "✅", failed: "❌", error: "💥", skipped: "⏭️" }
const ORDER: StageStatus[] = ["error", "failed", "passed", "skipped"]

/** Formats the verdict as Markdown of at most `SUMMARY_BYTES`, failures first; says what is left out. */
export function summary(verdict: Verdict, reports: readonly StageReport[] = []): string {
  const gates = verdict.gates === undefined ? "" : gatesMarkdown(verdict.gates)
  const changes = verdict.changes === undefined ? "" : changesMarkdown(verdict.changes)
  const table = stageTable(verdict.stages, SUMMARY_BYTES / 2)
  const top = headline(verdict) + problem(verdict) + gates + table + changes
  const bottom = rest(reports)
  const failures = [...reports.filter(stopped)].sort(byStatus)
  const room = SUMMARY_BYTES - bytes(top) - bytes(bottom) - NOTE_BYTES
  const middle = share(failures, room, failure, "failed stages")
  return top + middle + sections(reports, room - bytes(middle)) + bottom
}

/** Markdown sections of stages, each whole or replaced by a pointer to its file. */
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

/** Divides the room between parts; of very many only the first are shown. */
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

/** The reason why nothing ran, with line breaks. */
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

/** A failed stage with as many findings as fit; empty if not even its start fits. */
function failure(report: StageReport, room: number): string {
  const title = `\n### ${ICONS[report.status]} ${markdown(clip(report.name, 100))}: ${markdown(clip(report.reason, REASON_LENGTH))}\n`
  const repeat =
    report.repro.length > REPRO_LENGTH
      ? "\nThe command to repeat it is in `verdict.json`.\n"
      : `\nRepeat it:\n\n${fenced(report.repro, "sh")}`
  const start = title + repeat
  if (bytes(start) > room) return ""
  const { blocking, advisory } = byGate(report.findings)
  const head = "\n| location | rule | message |\n|---|---|---|\n"
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

/** Tables on tests, suppressions, facts and coverage. */
function rest(reports: readonly StageReport[]): string {
  const tables = [
    ...testTables(reports.flatMap(({ tests = [] }) => tests)),
    suppressedTable(reports.flatMap(({ suppressed = [] }) => suppressed)),
    knownTable(reports),
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
  /** Number of further rows. */
  more: number
  /** Name of the rows and where to find them. */
  what: string
}

/** The first rows of a table. */
const rowsOf = <T>(
  items: readonly T[],
  most: number,
  cells: (item: T) => string[],
): Pick<Table, "rows" | "more"> => ({
  rows: items.slice(0, most).map((item) => row(...cells(item))),
  more: Math.max(0, items.length - most),
})

/** A table with as many rows as fit; empty if not even its head fits. */
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
      head: ["test", "failures before it passed", "last failure"],
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

/** Coverage by file, without fully covered ones. */
function coverageTable(stage: string, coverage: Coverage): Table {
  const files = coverage.files.filter(({ covered, total }) => covered < total)
  const all = { ...coverage, file: "all", missing: "none" }
  return {
    title: `Coverage in ${markdown(clip(stage, 100))}: ${percent(coverage)} %`,
    head: ["file", "covered", "uncovered lines"],
    ...rowsOf(files.length === 0 ? [all] : files, WORST_FILES, (file) => [
      code(clip(file.file, REASON_LENGTH)),
      `${percent(file)} %`,
      markdown(clip(file.missing || "some branches", REASON_LENGTH)),
    ]),
    what: "files, see `report.html`",
  }
}

/** One row per suppression, those that expire first at the top. */
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
    head: ["expires", "rule", "location", "reason", "owner"],
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

/** What is left of the service's baseline, a row for each stage. */
function knownTable(reports: readonly StageReport[]): Table {
  const left = knownByStage(reports)
  return {
    title: `Known to the baseline: ${left.reduce((sum, { findings }) => sum + findings, 0)}`,
    head: ["stage", "left", "fixed since"],
    ...rowsOf(left, FACTS, ({ name, findings, fixed }) => [
      markdown(clip(name, 100)),
      String(findings),
      fixed === 0 ? "" : `${fixed}: \`slipway baseline\` removes them`,
    ]),
    what: "stages, see `report.html`",
  }
}

/** The first location and the number of findings. */
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
    title: "Facts",
    head: ["stage", "fact", "value"],
    ...rowsOf(facts, FACTS, (cells) => cells.map((cell) => markdown(clip(cell, REASON_LENGTH)))),
    what: "facts, see `report.html`",
  }
}

const row = (...cells: string[]): string => `| ${cells.join(" | ")} |\n`

const byStatus = (a: StageResult, b: StageResult): number => ORDER.indexOf(a.status) - ORDER.indexOf(b.status)

const bytes = (text: string): number => Buffer.byteLength(text)

/** Takes the first texts that fit into a number of UTF-8 bytes. */
function fit(texts: readonly string[], room: number): { text: string; cut: number } {
  let used = 0
  const end = texts.findIndex((text) => (used += bytes(text)) > room)
  const taken = end < 0 ? texts : texts.slice(0, end)
  return { text: taken.join(""), cut: texts.length - taken.length }
}
