import type { TestCase } from "../../run/testCase.js"
import type { StageReport, StageStatus } from "../../run/verdict.js"
import { stopped } from "../../run/command.js"
import { byGate } from "../place.js"
import { unsuccessful, withoutFailedTests } from "../testFindings.js"
import { findingList } from "./findings.js"
import {
  block,
  type Content,
  listing,
  type Markup,
  markup,
  more,
  plural,
  type ListLimit,
  inlineText,
} from "./markup.js"
import { logLink, sarifLink, type Section, statusIcon, stageName, statusBadge, time } from "./parts.js"

const REASON_LENGTH = 1000
const REPRO_LENGTH = 2000
const MESSAGE_LENGTH = 500
const DETAILS_LENGTH = 20_000
const FAILURES: ListLimit = { count: 100, bytes: 800_000 }
const FINDINGS = 50
const TESTS = 50

const ORDER: StageStatus[] = ["error", "failed"]

/** Failed stages with reason, command to repeat and findings. */
export function failuresSection(reports: readonly StageReport[]): Section[] {
  const failures = reports.filter(stopped).sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
  if (failures.length === 0) return []
  const share = FAILURES.bytes / Math.min(failures.length, FAILURES.count)
  const { shown, hidden } = listing(failures, FAILURES, (report, index) => failure(report, index, share))
  const rest = more(hidden, " stages", markup`<a href="verdict.json">verdict.json</a>`)
  return [
    {
      id: "failures",
      title: "Failures",
      summary: markup`<span class="failed">${failures.length}</span>`,
      body: [shown, rest],
    },
  ]
}

function failure(report: StageReport, index: number, share: number): Markup {
  const { status, reason, milliseconds, cached } = report
  const failed = (report.tests ?? []).filter(unsuccessful)
  const { blocking, advisory } = byGate(report.findings)
  const own = withoutFailedTests(blocking, failed)
  return markup`<article class="card failure ${status}" aria-labelledby="failure-${index}">
<h3 id="failure-${index}">${statusIcon(status)}${stageName(report)}</h3>
<p class="facts">${statusBadge(status)} <span>${time(milliseconds)}</span>${cached ? markup` <span>from the cache</span>` : ""}</p>
<p class="reason">${inlineText(reason, REASON_LENGTH)}</p>
${repeat(report)}
${testList(failed, report, { count: TESTS, bytes: share * 0.6 })}${own.length === 0 ? "" : markup`<p class="label">Findings</p>\n`}${findingList(own, report, { count: FINDINGS, bytes: share * 0.3 })}${advisory.length === 0 ? "" : markup`<p class="note">Below the gate: <a href="#findings">${plural(advisory.length, "advisory finding")}</a></p>\n`}<p class="files">${logLink(report)} ${sarifLink(report)}${report.coverage ? markup` <a href="#coverage">coverage by file</a>` : ""}</p>
</article>
`
}

function repeat({ repro }: StageReport): Markup {
  // A truncated command would run something else.
  return repro.length > REPRO_LENGTH
    ? markup`<p class="note">The command to repeat it is in <a href="verdict.json">verdict.json</a>.</p>`
    : markup`<div class="repeat"><p class="label">Repeat it</p>
<pre><code>${words(repro)}</code></pre></div>`
}

/** Wraps each word of a command so that lines break between them; copied text is unchanged. */
const words = (command: string): Content =>
  command
    .split(/( +)/)
    .map((part, index) => (index % 2 === 1 ? part : markup`<span>${inlineText(part, REPRO_LENGTH)}</span>`))

function testList(tests: readonly TestCase[], report: StageReport, room: ListLimit): Content {
  if (tests.length === 0) return undefined
  const { shown, hidden } = listing(tests, room, test)
  return markup`<p class="label">Failed tests</p>
<ul class="tests">
${shown}</ul>
${more(hidden, "", logLink(report))}`
}

function test({ id, status, message, details, seconds, reruns = 0 }: TestCase): Markup {
  const again = reruns === 0 ? "" : `, failed ${reruns + 1} times`
  const name = markup`<code>${inlineText(id, MESSAGE_LENGTH)}</code> <span class="dim">${status}, ${time(seconds * 1000)}${again}</span> <span class="message">${inlineText(message ?? "no message", MESSAGE_LENGTH)}</span>`
  return details === undefined
    ? markup`<li><div class="plain">${name}</div></li>\n`
    : markup`<li><details><summary>${name}</summary><pre>${block(details, DETAILS_LENGTH)}</pre></details></li>\n`
}
