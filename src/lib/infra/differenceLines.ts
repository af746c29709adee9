import { clip } from "../text/escape.js"
import { parseJson } from "../text/json.js"
import type { Difference } from "./differences.js"
import { type DiffLine, hunks, lineDiff } from "./lineDiff.js"

const PATH_LENGTH = 300
const VALUE_LENGTH = 500
const LINE_LENGTH = 300
/** Number of lines that a person can compare by eye. */
const MOST_LINES = 80
const CONTEXT = 2
/** Length up to which a text is shown in full; of a longer one only the beginning is. */
const LONGEST_TEXT = 64 * 1024

/** Lines of a diff block, not escaped; `complete` if nothing was cut. */
export interface Lines {
  lines: string[]
  complete: boolean
}

/** Formats a difference as lines that begin with `+`, `-` or `~`; texts of several lines are compared line by line. */
export function differenceLines(difference: Difference): Lines {
  const { before, after } = difference
  const texts = [textOf(before), textOf(after)]
  const long = texts.some((text) => text !== undefined && text.length > 1)
  return long && !hasMarker(difference) ? several(difference, texts) : single(difference)
}

function single({ path, before, after, note, forces }: Difference): Lines {
  const name = clip(path === "" ? "value" : path, PATH_LENGTH)
  const [old, young] = [before, after].map((side) => side && clip(side, VALUE_LENGTH))
  const remark = [note, forces && "forces the replacement"].filter(Boolean).join(", ")
  const values = old === undefined ? young : young === undefined ? old : `${old} → ${young}`
  return {
    lines: [`${signOf({ before, after })} ${name}: ${values ?? ""}${remark && `  # ${remark}`}`],
    complete: old === before && young === after && path.length <= PATH_LENGTH,
  }
}

function several(difference: Difference, [before = [], after = []]: (string[] | undefined)[]): Lines {
  const { path, forces } = difference
  const all = hunks(lineDiff(before, after), CONTEXT)
  // Equal but for the white space of a JSON text, which its lines don't show.
  if (!all.some(({ sign }) => sign !== " ")) return single(difference)
  const shown = all.slice(0, MOST_LINES)
  const hidden = all.length - shown.length
  const head = `${signOf(difference)} ${clip(path === "" ? "value" : path, PATH_LENGTH)}:${forces ? "  # forces the replacement" : ""}`
  return {
    lines: [head, ...shown.map(line), ...(hidden === 0 ? [] : [`    … and ${hidden} more lines`])],
    complete: hidden === 0 && shown.every(({ text }) => text.length <= LINE_LENGTH),
  }
}

const line = ({ sign, text }: DiffLine): string => `${sign}   ${clip(text, LINE_LENGTH)}`

const signOf = ({ before, after }: Pick<Difference, "before" | "after">): string =>
  before === undefined ? "+" : after === undefined ? "-" : "~"

/** True if a side is a placeholder: values are JSON, and none begins with a parenthesis. */
const hasMarker = ({ before, after }: Difference): boolean =>
  [before, after].some((side) => side?.startsWith("(") === true)

/** Lines of a text; JSON within one is formatted. */
function textOf(side: string | undefined): string[] | undefined {
  if (side === undefined || !side.startsWith('"') || side.length > LONGEST_TEXT) return undefined
  const text = parseJson(side)
  if (typeof text !== "string") return undefined
  const json = /^\s*[[{]/.test(text) ? parseJson(text) : undefined
  return (json === undefined ? text : JSON.stringify(json, undefined, 2)).split("\n")
}
