import { columnsOf, type TerminalSize } from "./liveTable.js"

/** Moves to the start of the lines that were painted last, which the terminal may have wrapped since. */
export function toStart(lines: readonly string[], { columns, rows }: TerminalSize): string {
  const wrapped = (line: string) => Math.max(1, Math.ceil(columnsOf(line) / Math.max(1, columns)))
  const above = lines.reduce((sum, line) => sum + wrapped(line), 0) - 1
  // Above the first row there is nothing to go to.
  const up = Math.min(Math.max(0, above), Math.max(0, rows - 1))
  return up === 0 ? "\r" : `\r\x1b[${up}A`
}

/** Paints lines over those before, in one write: erased all at once they would flicker. */
export const repainted = (before: readonly string[], lines: readonly string[], size: TerminalSize): string =>
  `${toStart(before, size)}${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J`

/** Erases the lines that were painted last. */
export const erased = (before: readonly string[], size: TerminalSize): string =>
  `${toStart(before, size)}\x1b[J`
