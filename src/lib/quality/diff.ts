/** One file of a unified diff. */
interface FileDiff {
  file: string
  /** The first line of the old file that changes, counted from 1. */
  line: number
}

interface Style {
  /** Suffix of the name in the `---` and `+++` lines, before the tab and the time. */
  before: string
  after: string
}

const TIME = String.raw`\t\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?\n`

/**
 * Reads the files and first changed lines of a diff as black and isort print it.
 *
 * A name may hold newlines, colons or `---`, and isort glues a header to the end of a file that lacks its
 * last newline, so lines can't be trusted: a header is where the same name stands before and after `+++`.
 */
export function readDiff(text: string, { before, after }: Style = { before: "", after: "" }): FileDiff[] {
  const middle = new RegExp(`${before}${TIME}\\+\\+\\+ `, "g")
  const end = new RegExp(`${after}${TIME}@@ -(\\d+)(?:,\\d+)? \\+[\\d,]+ @@\\n`, "g")
  const diffs: FileDiff[] = []
  for (let match = middle.exec(text); match !== null; match = middle.exec(text)) {
    const start = match.index + match[0].length
    end.lastIndex = start
    const header = end.exec(text)
    if (header === null) break
    const file = text.slice(start, header.index)
    if (!text.slice(0, match.index).endsWith(`--- ${file}`)) continue
    diffs.push({ file, line: firstChange(text, header.index + header[0].length, Number(header[1])) })
    middle.lastIndex = header.index + header[0].length
  }
  return diffs
}

/** Counts the lines of context between a hunk's start and its first change. */
function firstChange(text: string, start: number, first: number): number {
  let line = Math.max(first, 1)
  for (let at = start; text[at] === " "; line += 1) {
    const newline = text.indexOf("\n", at)
    if (newline < 0) break
    at = newline + 1
  }
  return line
}
