import { stripVTControlCharacters } from "node:util"
import type { Diagnostic } from "./diagnostics.js"

const BEGINS = /^Error: /m

/** Beginnings of errors that older versions print without the word. */
const BEGINS_OTHERWISE =
  /\n(?=Error refreshing state: |Failed to \w+ state: |Workspace "[^"\n]*" doesn't exist)/

/** Place of an error, with the lines of the file shown with it. */
const PLACE = /^[ \t]+on (\S.*?) line (\d+)/
const SHOWN = /^[ \t]+\d+: /

/** Parses errors from output for people, the only output of `init`. */
export function textErrors(log: string): Diagnostic[] {
  const text = stripVTControlCharacters(log).replace(/^[│╷╵] ?/gm, "")
  const [, ...blocks] = text.split(BEGINS)
  const [, ...others] = blocks.length > 0 ? [] : `\n${text}`.split(BEGINS_OTHERWISE)
  return [...blocks, ...others].map(printedError)
}

function printedError(block: string): Diagnostic {
  const [summary = "", ...lines] = block.split("\n")
  const detail = lines
    .filter((line) => !PLACE.test(line) && !SHOWN.test(line))
    .join(" ")
    .replace(/\s+/g, " ")
    .trim()
  const at = lines.map((line) => PLACE.exec(line)).find((match) => match !== null)
  // For a module that can't be read, the place is in the sentence.
  const [, file, line] = at ?? / at ([^\s:]+):(\d+)\.(?: |$)/.exec(detail) ?? []
  const place = file === undefined ? {} : { file, line: Number(line) }
  return { severity: "error", summary: summary.trim(), detail, ...place }
}
