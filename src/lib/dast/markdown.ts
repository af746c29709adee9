import type { Finding, Outcome } from "../run/finding.js"
import { clip, code, markdown } from "../text/escape.js"
import type { Alert } from "./report.js"

const ROWS = 30
const NAME_LENGTH = 150
const URL_LENGTH = 200

/** Renders a scan as Markdown for reviewers: a line for each kind of alert that isn't suppressed. */
export function dastMarkdown(
  title: string,
  { status, reason }: Pick<Outcome, "status" | "reason">,
  alerts: readonly Alert[],
  kept: readonly Finding[],
): string {
  const left = new Map<string, number>()
  for (const { rule } of kept) left.set(rule, (left.get(rule) ?? 0) + 1)
  const shown = alerts.filter(({ reference }) => left.has(reference))
  const rows = shown.slice(0, ROWS).map(({ risk, reference, name, instances }) => {
    const cells = [
      risk,
      code(clip(reference, NAME_LENGTH)),
      markdown(clip(name, NAME_LENGTH)),
      String(left.get(reference) ?? 0),
      code(clip(instances[0]?.url ?? "", URL_LENGTH)),
    ]
    return `| ${cells.join(" | ")} |\n`
  })
  const table =
    rows.length === 0
      ? ""
      : `\n| risk | rule | alert | places | first |\n|---|---|---|--:|---|\n${rows.join("")}`
  const hidden = shown.length - rows.length
  const more = hidden > 0 ? `\n… and ${hidden} more, see \`zap/report.html\`\n` : ""
  return `### ${markdown(title)}: ${status}\n\n${markdown(reason)}\n${table}${more}`
}
