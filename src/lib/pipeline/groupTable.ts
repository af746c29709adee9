import { groupRecord, GROUPS } from "./stages.js"

/** Markdown table of the groups of stages, for the README. */
export function groupTable(): string {
  const rows = GROUPS.map((group) => {
    const { stages, summary, effect } = groupRecord(group)
    return [`\`${group}\``, summary, effect ? "yes" : "", stages.map((name) => `\`${name}\``).join(" ")]
  })
  const table = [["group", "what it does", "effect", "stages"], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`
  const [head = [], ...body] = table
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line), ""].join("\n")
}
