import type { TestCase } from "../../run/testCase.js"
import type { StageReport } from "../../run/verdict.js"
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
import { type Column, logLink, logLinks, row, type Section, stageName, table, time } from "./parts.js"

const SLOWEST = 10
const ID_LENGTH = 300
const SUITES = { count: 50, bytes: 40_000 }
const FLAKY = { count: 50, bytes: 60_000 }
const SKIPPED = { count: 100, bytes: 80_000 }

/** A stage that ran tests. */
type Suite = StageReport & Required<Pick<StageReport, "tests">>

/** A test with the suite it belongs to. */
interface Placed extends TestCase {
  suite: string
}

const NUMBERS: Column[] = [
  { title: "Suite" },
  ...["Tests", "Passed", "Failed", "Errors", "Skipped", "Flaky", "Time"].map((title): Column => ({
    title,
    kind: "number",
  })),
]

const SLOW: Column[] = [{ title: "Test" }, { title: "Suite" }, { title: "Time", kind: "number" }]

/** Numbers of each suite with flaky, slow and skipped tests. */
export function testsSection(reports: readonly StageReport[]): Section[] {
  const suites = reports.filter((report): report is Suite => report.tests !== undefined)
  if (suites.length === 0) return []
  const all = suites.flatMap(({ name, tests }) => tests.map((test): Placed => ({ ...test, suite: name })))
  const { shown, hidden } = listing(suites, SUITES, numbers)
  const body = [
    table("Tests by suite", NUMBERS, shown),
    more(hidden, " suites", markup`<code>junit/</code>`),
    flakyList(all.filter(flaky), suites),
    slowest(all),
    skippedList(all, suites),
  ]
  const ran = all.filter(({ status }) => status !== "skipped").length
  const passed = all.filter(({ status }) => status === "passed").length
  return [{ id: "tests", title: "Tests", summary: `${formatCount(passed)} / ${formatCount(ran)}`, body }]
}

const flaky = ({ status, reruns = 0 }: TestCase): boolean => status === "passed" && reruns > 0

function numbers(suite: Suite): Markup {
  const { tests } = suite
  const having = (status: TestCase["status"]): number => tests.filter((test) => test.status === status).length
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0)
  return row(NUMBERS, [
    stageName(suite),
    formatCount(tests.length),
    formatCount(having("passed")),
    marked(having("failed"), "failed"),
    marked(having("error"), "error"),
    formatCount(having("skipped")),
    marked(tests.filter(flaky).length, "error"),
    time(seconds * 1000),
  ])
}

const marked = (number: number, kind: "failed" | "error"): Content =>
  number === 0 ? "0" : markup`<b class="${kind}">${formatCount(number)}</b>`

function flakyList(tests: readonly Placed[], suites: readonly Suite[]): Content {
  if (tests.length === 0) return undefined
  const { shown, hidden } = listing(
    tests,
    FLAKY,
    ({ id, reruns = 0, suite }) =>
      markup`<li><code>${inlineText(id, ID_LENGTH)}</code> <span class="dim">${inlineText(suite, 100)}, passed after ${plural(reruns, "failure")}</span></li>\n`,
  )
  return markup`<h3>Flaky</h3>
<ul class="plain">
${shown}</ul>
${more(hidden, "", logLinks(suites))}`
}

function slowest(tests: readonly Placed[]): Content {
  const ran = tests.filter(({ status }) => status !== "skipped")
  if (ran.length === 0) return undefined
  const rows = ran
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST)
    .map(({ id, suite, seconds }) =>
      row(SLOW, [
        markup`<code>${inlineText(id, ID_LENGTH)}</code>`,
        inlineText(suite, 100),
        `${seconds.toFixed(2)} s`,
      ]),
    )
  return table("Slowest tests", SLOW, rows)
}

function skippedList(tests: readonly Placed[], suites: readonly Suite[]): Content {
  const skipped = tests.filter(({ status }) => status === "skipped")
  if (skipped.length === 0) return undefined
  const { shown, hidden } = listing(
    skipped,
    SKIPPED,
    ({ id, message = "no reason given" }) =>
      markup`<li><code>${inlineText(id, ID_LENGTH)}</code> <span class="dim">${message}</span></li>\n`,
  )
  return markup`<details class="card"><summary><span class="name">Skipped</span> <span class="numbers">${plural(skipped.length, "test")}</span></summary>
<ul class="plain">
${shown}</ul>
${more(hidden, "", suites.length === 1 && suites[0] ? logLink(suites[0]) : logLinks(suites))}</details>
`
}
