import { percent } from "../run/coverage.js"
import type { ChangedFinding, CoverageChange, Listed, RunChanges, SlowerTest } from "../run/changes.js"
import type { StageChange, TestChange } from "../run/changes.js"
import { clip, code, markdown, visible } from "../text/escape.js"
import { count, someOf } from "../text/words.js"
import { formatDuration, place } from "./place.js"

const BYTES = 6000
const LENGTH = 300
const NAMED = 10
/** Lines of each kind on a terminal, and in a summary. */
const LINES = { terminal: 5, summary: 15 }

/** One sentence on the run that this one is compared with, or why it isn't. */
export function changesHeadline(changes: RunChanges): string {
  const { before, problem } = changes
  if (before === null) return `Not compared with the last run: ${problem ?? "there is none"}`
  const at = before.sha === "" ? "" : ` at ${before.sha.slice(0, 12)}`
  return `Since the last run${startOf(before.startedAt)}${at}: ${numbersOf(changes)}`
}

/** ` of 2026-03-01 12:00 UTC`; empty for an invalid time. */
function startOf(time: string): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? "" : ` of ${date.toISOString().slice(0, 16).replace("T", " ")} UTC`
}

/** The number of changes of each kind, such as `2 new findings, 1 test slower`; `nothing changed`. */
export function numbersOf(changes: RunChanges): string {
  const { fresh, fixed, failed, passed, slower, stages, coverage } = changes
  const said = (number: number, noun: string, rest = ""): string[] =>
    number === 0 ? [] : [`${count(number, noun)}${rest}`]
  const parts = [
    ...said(sizeOfList(fresh), "new finding"),
    ...said(sizeOfList(fixed), "fixed finding"),
    ...said(sizeOfList(failed), "test", " newly failed"),
    ...said(sizeOfList(passed), "test", " newly passed"),
    ...said(sizeOfList(slower), "test", " slower"),
    ...said(stages.length, "stage", " with another status"),
    ...coverage.map((each) => `coverage ${pointsOf(each)}`),
  ]
  return parts.length === 0 ? "nothing changed" : parts.join(", ")
}

export const sizeOfList = <T>({ items, more }: Listed<T>): number => items.length + more

/** Difference of coverage as its percentages show it: `+1.20 points`. */
export function pointsOf({ from, to }: CoverageChange): string {
  const points = Number(percent(to)) - Number(percent(from))
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)} points`
}

/** The changes for a terminal: a headline, and a few lines of each kind. */
export function changesLines(changes: RunChanges): string[] {
  return [
    `${changes.before === null ? "! " : ""}${changesHeadline(changes)}`,
    ...linesOf(changes, LINES.terminal).map((each) => `  ${each}`),
  ].map((text) => visible(clip(text, LENGTH)))
}

/** The changes as Markdown for a summary. */
export function changesMarkdown(changes: RunChanges): string {
  const headline = markdown(clip(changesHeadline(changes), LENGTH))
  const items = linesOf(changes, LINES.summary).map((text) => `- ${code(clip(text, LENGTH))}\n`)
  let used = 0
  const end = items.findIndex((item) => (used += Buffer.byteLength(item)) > BYTES)
  const shown = end < 0 ? items : items.slice(0, end)
  const rest = items.length - shown.length
  const note = rest === 0 ? "" : `- … and ${rest} more in \`report.html\`\n`
  return items.length === 0 ? `\n${headline}.\n` : `\n### ${headline}\n\n${shown.join("")}${note}`
}

/** A line for each change, up to a number of each kind, those that need attention first. */
function linesOf(changes: RunChanges, most: number): string[] {
  const { fresh, fixed, failed, passed, slower, stages, coverage, added, absent, left } = changes
  return [
    ...first({ items: stages, more: 0 }, most, stageText, "stages"),
    ...first(failed, most, (test) => `newly failed: ${testText(test)}`, "newly failed"),
    ...first(fresh, most, (finding) => `new: ${findingText(finding)}`, "new"),
    ...first(slower, most, slowerText, "slower"),
    ...first(fixed, most, (finding) => `fixed: ${findingText(finding)}`, "fixed"),
    ...first(passed, most, (test) => `newly passed: ${testText(test)}`, "newly passed"),
    ...first({ items: coverage, more: 0 }, most, coverageText, "stages"),
    ...(added.length === 0 ? [] : [`not in the last run: ${someOf(added, NAMED)}`]),
    ...(absent.length === 0 ? [] : [`not in this run: ${someOf(absent, NAMED)}`]),
    ...left,
  ]
}

function first<T>(list: Listed<T>, most: number, textOf: (item: T) => string, what: string): string[] {
  const rest = sizeOfList(list) - Math.min(list.items.length, most)
  return [...list.items.slice(0, most).map(textOf), ...(rest === 0 ? [] : [`… and ${rest} more ${what}`])]
}

const stageText = ({ name, from, to, reason }: StageChange): string =>
  `${name}: ${from} → ${to}: ${clip(reason, 120)}`

function findingText(finding: ChangedFinding): string {
  const { tool, rule, stage, message, advisory } = finding
  const where = place(finding)
  const named = `${stage === tool ? "" : `${stage} `}${tool} ${rule}${advisory ? ", advisory" : ""}`
  return `${where === "" ? "" : `${clip(where, 120)}: `}${clip(message, 120)} [${clip(named, 80)}]`
}

const testText = ({ id, from }: TestChange): string => `${clip(id, 200)}${from === null ? " (new)" : ""}`

const slowerText = ({ id, from, to }: SlowerTest): string =>
  `slower: ${clip(id, 200)}: ${formatDuration(from * 1000)} → ${formatDuration(to * 1000)}`

const coverageText = (change: CoverageChange): string =>
  `coverage in ${change.stage}: ${percent(change.from)} % → ${percent(change.to)} % (${pointsOf(change)})`
