import type { ExitCode } from "../../errors/catalogue.js"
import type { Run, StageResult, StageStatus, Verdict } from "../../run/verdict.js"
import { clip } from "../../text/escape.js"
import { stopped } from "../../run/command.js"
import { block, type Content, type Markup, markup, plural, inlineText } from "./markup.js"
import { type Section, statusIcon, time } from "./parts.js"

const SHORT_SHA = 12
const PROBLEM_LENGTH = 20_000

/** Limit on named stages. */
const NAMED = 5

/** Meanings of the exit codes, as in the README. */
const MEANINGS: Record<ExitCode, string> = {
  0: "all requested stages passed",
  1: "a gate failed: the service needs a change",
  2: "changes or drift found",
  3: "the infrastructure failed: engine, registry, network, time limit",
  4: "bad input: source, configuration, arguments",
  130: "interrupted",
}

export const STATUS_TITLES: Record<StageStatus, string> = {
  passed: "Passed",
  failed: "Failed",
  error: "Error",
  skipped: "Skipped",
}

/** Header with the verdict and the facts of the run. */
export function header(verdict: Verdict): Markup {
  const { run, status, exitCode, milliseconds } = verdict
  return markup`<header class="verdict ${status}">
<p class="product">Slipway report</p>
<h1>${statusIcon(status)}${STATUS_TITLES[status]}</h1>
<p class="lead">${lead(verdict)}</p>
<dl>
${pair("Exit code", markup`<b>${exitCode}</b> ${MEANINGS[exitCode]}`, "wide")}
${pair("Event", run.event)}
${pair("Ref", markup`<code>${run.ref}</code>`)}
${pair("Commit", commit(run))}
${pair("Run", markup`<code>${run.id}</code>`)}
${pair("Started", started(run))}
${pair("Duration", time(milliseconds))}
</dl>
</header>
`
}

const pair = (term: string, value: Content, kind = "short"): Markup =>
  markup`<div class="${kind}"><dt>${term}</dt><dd>${value}</dd></div>`

/** Commit with the rest of its hash hidden on a phone. */
const commit = ({ sha }: Run): Markup =>
  markup`<code>${sha.slice(0, SHORT_SHA)}<span class="rest">${clip(sha.slice(SHORT_SHA), 100)}</span></code>`

function started({ startedAt }: Run): Markup {
  const date = new Date(startedAt)
  if (Number.isNaN(date.getTime())) return inlineText(startedAt, 100)
  const iso = date.toISOString()
  return markup`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`
}

function lead({ stages, problem }: Verdict): Content {
  if (problem !== null) return "Nothing ran."
  if (stages.length === 0) return "No stage was requested."
  const failures = stages.filter(stopped)
  const skipped = stages.filter(({ status }) => status === "skipped").length
  const cached = stages.filter((stage) => stage.cached === true).length
  const rest = [
    skipped === 0 ? [] : [`${skipped}\u00a0skipped`],
    cached === 0 ? [] : [`${cached}\u00a0from the\u00a0cache`],
  ].flat()
  const aside = rest.length === 0 ? "" : ` (${rest.join(", ")})`
  return failures.length === 0
    ? `${plural(stages.length, "stage")}, none failed${aside}.`
    : markup`${failures.length} of ${plural(stages.length, "stage")} did not pass: ${names(failures)}${aside}.`
}

function names(failures: readonly StageResult[]): Content {
  const named = failures
    .slice(0, NAMED)
    .map(({ name }, index) => [index === 0 ? "" : ", ", markup`<b>${clip(name, 100)}</b>`])
  return failures.length > NAMED ? [named, ` and ${failures.length - NAMED} more`] : named
}

/** Section with the reason if nothing ran. */
export function problem({ problem: reason }: Verdict): Section[] {
  if (reason === null) return []
  const body = markup`<pre class="problem">${block(reason, PROBLEM_LENGTH)}</pre>
`
  return [{ id: "problem", title: "Why nothing ran", summary: undefined, body }]
}
