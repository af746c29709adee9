import { clip, code, markdown, visible } from "../text/escape.js"
import { count } from "../text/words.js"
import type { GateBase, GateComparison } from "../run/gateComparison.js"
import { weakeningText } from "./weakened.js"

/** Limits on what a summary or a comment, and a terminal, show of the gates. */
const BYTES = 10_000
const LINES = 20
const LENGTH = 300

/** One sentence on what was compared and found. */
export function gatesHeadline({ base, problem, weakened, more }: GateComparison): string {
  if (problem !== null || base === null)
    return `Gates were compared with no base: ${problem ?? "there is none"}`
  const number = weakened.length + more
  const name = baseName(base)
  if (number === 0) return `No gate is weaker than in ${name}`
  return `${count(number, "gate")} ${number === 1 ? "is" : "are"} weaker than in ${name}`
}

const baseName = ({ ref, sha }: GateBase): string => (sha === "" ? ref : `${ref} (${sha.slice(0, 12)})`)

/** The gates for a terminal, a line each; for a run without weakenings only what is notable. */
export function gatesText(comparison: GateComparison): string[] {
  const { base, problem, weakened, more, notable } = comparison
  const shown = weakened.slice(0, LINES)
  const rest = weakened.length + more - shown.length
  const compared = problem === null && base !== null && weakened.length === 0
  return [
    ...(compared ? [] : [`! ${line(gatesHeadline(comparison))}`]),
    ...shown.map((each) => `  ${line(weakeningText(each))}`),
    ...(rest > 0 ? [`  … and ${rest} more in verdict.json`] : []),
    ...notable.map((text) => `! ${line(text)}`),
  ]
}

const line = (text: string): string => visible(clip(text, LENGTH))

/** The gates as Markdown, for the top of a summary and for a comment. */
export function gatesMarkdown(comparison: GateComparison): string {
  const { weakened, more, notable } = comparison
  const headline = markdown(clip(gatesHeadline(comparison), LENGTH))
  const notes = notable.map((text) => `- ${markdown(clip(text, LENGTH))}\n`).join("")
  if (weakened.length === 0) return `\n${headline}.\n${notes === "" ? "" : `\n${notes}`}`
  const rows = weakened.map(
    ({ what, from, to, where }) =>
      `| ${code(what)} | ${markdown(from)} | ${markdown(to)} | ${where === "" ? "" : code(where)} |\n`,
  )
  const shown = fitting(rows)
  const rest = rows.length + more - shown.length
  const note = rest > 0 ? `\n… and ${rest} more in \`verdict.json\`\n` : ""
  const table = `| gate | before | now | where |\n|---|---|---|---|\n${shown.join("")}${note}`
  return `\n### ⚠️ ${headline}\n\n${table}${notes === "" ? "" : `\n${notes}`}`
}

/** The first rows that fit. */
function fitting(rows: readonly string[]): readonly string[] {
  let used = 0
  const end = rows.findIndex((row) => (used += Buffer.byteLength(row)) > BYTES)
  return end < 0 ? rows : rows.slice(0, end)
}
