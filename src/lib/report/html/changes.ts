import { percent } from "../../run/coverage.js"
import type { ChangedFinding, CoverageChange, Listed, RunChanges, SlowerTest } from "../../run/changes.js"
import type { StageChange, TestChange } from "../../run/changes.js"
import type { Verdict } from "../../run/verdict.js"
import { someOf } from "../../text/words.js"
import { changesHeadline, pointsOf, sizeOfList } from "../changesText.js"
import { place } from "../place.js"
import { type Content, inlineText, listing, type ListLimit, type Markup, markup, more } from "./markup.js"
import { type Column, row, type Section, stageName, statusBadge, table, time } from "./parts.js"

const LENGTH = 300
const ID_LENGTH = 300
const NAMED = 20
const ROWS: ListLimit = { count: 50, bytes: 40_000 }

const STAGES: Column[] = [
  { title: "Stage" },
  { title: "Before" },
  { title: "Now" },
  { title: "Result", kind: "wide" },
]
const FINDINGS: Column[] = [{ title: "Location" }, { title: "Message", kind: "wide" }, { title: "Rule" }]
const TESTS: Column[] = [{ title: "Test" }, { title: "Suite" }, { title: "Before" }, { title: "Now" }]
const TIMES: Column[] = [
  { title: "Test" },
  { title: "Suite" },
  { title: "Before", kind: "number" },
  { title: "Now", kind: "number" },
]
const COVERAGE: Column[] = [
  { title: "Stage" },
  { title: "Before", kind: "number" },
  { title: "Now", kind: "number" },
  { title: "Difference", kind: "number" },
]

/** What changed since the last run of the same branch, or why that isn't known. */
export function changesSection({ changes }: Verdict): Section[] {
  if (changes === undefined) return []
  const { fresh, fixed, failed, passed, slower, stages, coverage } = changes
  const body = [
    markup`<p>${inlineText(changesHeadline(changes), LENGTH)}.</p>\n`,
    tableOf("Stages with another status", STAGES, { items: stages, more: 0 }, stageRow),
    tableOf("Tests that newly failed", TESTS, failed, testRow),
    tableOf("New findings", FINDINGS, fresh, findingRow),
    tableOf("Tests that take longer", TIMES, slower, slowerRow),
    tableOf("Fixed findings", FINDINGS, fixed, findingRow),
    tableOf("Tests that newly passed", TESTS, passed, testRow),
    tableOf("Coverage", COVERAGE, { items: coverage, more: 0 }, coverageRow),
    notes(changes),
  ]
  return [{ id: "changes", title: "Since the last run", summary: summaryOf(changes), body }]
}

/** New and fixed findings for the navigation; absent if nothing was compared. */
const summaryOf = ({ before, fresh, fixed }: RunChanges): Content =>
  before === null ? undefined : `+${sizeOfList(fresh)} −${sizeOfList(fixed)}`

function tableOf<T>(
  title: string,
  columns: readonly Column[],
  list: Listed<T>,
  rowOf: (item: T) => Markup,
): Content {
  if (list.items.length === 0) return undefined
  const { shown, hidden } = listing(list.items, ROWS, rowOf)
  const rest = more(
    hidden + list.more,
    "",
    markup`<code>sarif/</code>, <code>junit/</code> and <a href="verdict.json">verdict.json</a>`,
  )
  return [table(title, columns, shown), rest]
}

/** What isn't in both runs, and what isn't compared. */
function notes({ added, absent, left }: RunChanges): Content {
  const texts = [
    ...(added.length === 0 ? [] : [`Not in the last run: ${someOf(added, NAMED)}`]),
    ...(absent.length === 0 ? [] : [`Not in this run: ${someOf(absent, NAMED)}`]),
    ...left.map((text) => text.charAt(0).toUpperCase() + text.slice(1)),
  ]
  return texts.map((text) => markup`<p class="note">${inlineText(text, 2 * LENGTH)}.</p>\n`)
}

const stageRow = (change: StageChange): Markup =>
  row(STAGES, [
    stageName(change),
    statusBadge(change.from),
    statusBadge(change.to),
    inlineText(change.reason, LENGTH),
  ])

function findingRow(finding: ChangedFinding): Markup {
  const { stage, tool, rule, message, advisory } = finding
  const where = place(finding)
  const of = stage === tool ? "" : markup` <span class="dim">${inlineText(stage, 100)}</span>`
  return row(FINDINGS, [
    where === "" ? "the whole run" : markup`<code>${where}</code>`,
    inlineText(message, LENGTH),
    markup`<code>${inlineText(`${tool} ${rule}`, 80)}</code>${of}${advisory ? markup` <span class="tag">advisory</span>` : ""}`,
  ])
}

const testRow = ({ id, stage, from, to }: TestChange): Markup =>
  row(TESTS, [
    markup`<code>${inlineText(id, ID_LENGTH)}</code>`,
    inlineText(stage, 100),
    from === null ? "new" : statusBadge(from),
    statusBadge(to),
  ])

const slowerRow = ({ id, stage, from, to }: SlowerTest): Markup =>
  row(TIMES, [
    markup`<code>${inlineText(id, ID_LENGTH)}</code>`,
    inlineText(stage, 100),
    time(from * 1000),
    time(to * 1000),
  ])

const coverageRow = (change: CoverageChange): Markup =>
  row(COVERAGE, [
    inlineText(change.stage, 100),
    `${percent(change.from)}\u00a0%`,
    `${percent(change.to)}\u00a0%`,
    pointsOf(change),
  ])
