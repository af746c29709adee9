import type { Finding } from "../finding.js"
import type { StageReport, StageResult, StageStatus, Verdict } from "../verdict.js"
import { clip, code, fenced, markdown } from "./escape.js"
import { duration, logPath, place, stopped } from "./place.js"

/** GitHub takes comments of 65,536 characters; the rest is for what a host wraps around. */
export const SUMMARY_BYTES = 60_000

const FINDINGS_PER_STAGE = 50
const REASON_LENGTH = 200
const MESSAGE_LENGTH = 300
const REPRO_LENGTH = 2000
const PROBLEM_LENGTH = 4000
/** Kept free for a note of what was cut. */
const NOTE_BYTES = 200

const ICONS: Record<StageStatus, string> = { passed: "✅", failed: "❌", error: "💥", skipped: "⏭️" }
const ORDER: StageStatus[] = ["error", "failed", "passed", "skipped"]

/** Returns the verdict as Markdown, failures first, no longer than `SUMMARY_BYTES`; what had to be left out is said. */
export function summary(verdict: Verdict, reports: readonly StageReport[] = []): string {
  const top = headline(verdict) + problem(verdict) + stageTable(verdict.stages, SUMMARY_BYTES / 2)
  const failures = [...reports.filter(stopped)].sort(byStatus)
  const parts: string[] = []
  let room = SUMMARY_BYTES - bytes(top) - NOTE_BYTES
  for (const [index, report] of failures.entries()) {
    // What one leaves, the next ones share; of very many the first are shown, and not a crumb of each.
    const part = failure(report, Math.min(room, Math.max(room / (failures.length - index), 2500)))
    room -= bytes(part)
    parts.push(part)
  }
  const hidden = parts.filter((part) => part === "").length
  return (
    top +
    parts.join("") +
    (hidden === 0 ? "" : `\n… and ${hidden} more failed stages, see \`out/report.html\`\n`)
  )
}

function headline({ status, run, milliseconds }: Verdict): string {
  const what = [run.event, run.ref, run.sha.slice(0, 12)]
    .map((part) => code(clip(part, REASON_LENGTH)))
    .join(" ")
  return `## ${ICONS[status]} Slipway: ${status}\n\n${what} in ${duration(milliseconds)}, run ${code(clip(run.id, 100))}\n`
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
    duration(milliseconds),
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
  const head = report.findings.length === 0 ? "" : "\n| where | rule | message |\n|---|---|---|\n"
  const shown = report.findings.slice(0, FINDINGS_PER_STAGE).map(findingRow)
  const { text, cut } = fit(shown, room - bytes(start) - bytes(head) - NOTE_BYTES)
  const hidden = cut + report.findings.length - shown.length
  const table = text === "" ? "" : head + text
  return start + table + (hidden === 0 ? "" : `\n… and ${hidden} more in ${code(logPath(report))}\n`)
}

function findingRow(finding: Finding): string {
  const where = place(finding)
  const rule = code(clip(`${finding.tool} ${finding.rule}`, 100))
  return row(
    where === "" ? "" : code(clip(where, REASON_LENGTH)),
    rule,
    markdown(clip(finding.message, MESSAGE_LENGTH)),
  )
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
