import type { Finding } from "../../run/finding.js"
import type { StageReport } from "../../run/verdict.js"
import { byGate, place } from "../place.js"
import {
  type Content,
  formatCount,
  listing,
  type Markup,
  markup,
  more,
  plural,
  type ListLimit,
  inlineText,
} from "./markup.js"
import { logLink, sarifLink, type Section } from "./parts.js"

const MESSAGE_LENGTH = 1000
const RULE_LENGTH = 80
const URL_LENGTH = 500

/** A plain https URL of printable characters. */
const EXPLANATION = /^https:\/\/[!-~]{1,480}$/

/** Longer lists are in the SARIF files. */
const PER_TOOL: ListLimit = { count: 100, bytes: 60_000 }
const TOOLS: ListLimit = { count: 50, bytes: 250_000 }

const LEVELS: Finding["level"][] = ["error", "warning", "note"]

/** List of findings that says how many are left out. */
export function findingList(findings: readonly Finding[], report: StageReport, room: ListLimit): Content {
  if (findings.length === 0) return undefined
  const { shown, hidden } = listing(findings, room, item)
  const list = shown.length === 0 ? undefined : markup`<ul class="findings">\n${shown}</ul>\n`
  return [list, more(hidden, "", logLink(report))]
}

function item(finding: Finding): Markup {
  const { level, severity, message, advisory } = finding
  const where = place(finding)
  return markup`<li><span class="place">${where === "" ? "the whole run" : markup`<code>${where}</code>`}</span>
<span class="message">${inlineText(message, MESSAGE_LENGTH)}</span>
<span class="rule"><span class="level ${level}">${severity ?? level}</span> ${ruleName(finding)}${advisory ? markup` <span class="tag">advisory</span>` : ""}</span></li>
`
}

/** Name of a finding's rule with a link to its documentation. */
export function ruleName({ tool, rule, url = "" }: Finding): Markup {
  const name = markup`<code>${inlineText(`${tool} ${rule}`, RULE_LENGTH)}</code>`
  return EXPLANATION.test(url)
    ? markup`<a href="${inlineText(url, URL_LENGTH)}" rel="noreferrer">${name}</a>`
    : name
}

/** The findings of one tool in one stage. */
interface Group {
  tool: string
  report: StageReport
  findings: Finding[]
}

/** Findings of every tool, collapsed. */
export function findingsSection(reports: readonly StageReport[]): Section[] {
  const groups = reports.flatMap(groupsOf)
  const all = groups.flatMap(({ findings }) => findings)
  if (all.length === 0) return []
  const { shown, hidden } = listing(groups, TOOLS, group)
  const advisory = byGate(all).advisory.length
  const note =
    advisory === 0
      ? undefined
      : markup`<p class="note">${formatCount(advisory)} of ${formatCount(all.length)} are advisory: below the gate.</p>\n`
  const rest = more(hidden, " tools", markup`<code>sarif/</code>`)
  return [{ id: "findings", title: "Findings", summary: formatCount(all.length), body: [note, shown, rest] }]
}

function groupsOf(report: StageReport): Group[] {
  const tools = new Map<string, Finding[]>()
  for (const finding of report.findings) {
    const same = tools.get(finding.tool)
    if (same === undefined) tools.set(finding.tool, [finding])
    else same.push(finding)
  }
  return [...tools].map(([tool, findings]) => ({ tool, report, findings: findings.sort(byWeight) }))
}

/** Findings that fail the gate first, then by level. */
const byWeight = (a: Finding, b: Finding): number =>
  Number(a.advisory ?? false) - Number(b.advisory ?? false) ||
  LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)

function group({ tool, report, findings }: Group): Markup {
  const advisory = byGate(findings).advisory.length
  const numbers = [
    plural(findings.length, "finding"),
    advisory === 0 ? [] : `${formatCount(advisory)} advisory`,
  ]
  const stage =
    tool === report.name ? undefined : markup` <span class="dim">${inlineText(report.name, 100)}</span>`
  return markup`<details class="card"><summary><span class="name">${inlineText(tool, 100)}</span>${stage} <span class="numbers">${numbers.flat().join(", ")}</span></summary>
${findingList(findings, report, PER_TOOL)}<p class="files">${sarifLink(report)}</p>
</details>
`
}
