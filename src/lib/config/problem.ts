import { LineCounter } from "yaml"
import { redact } from "../text/redact.js"

/** A problem with a `slipway.yaml`. */
export interface Problem {
  /** Counted from 1. */
  line: number
  /** Counted from 1. */
  column: number
  /** The key, for example `quality.checks[2]`; empty for the whole file. */
  path: string
  message: string
}

/** Collects the problems of one text. */
export class Problems {
  readonly #found: Problem[] = []
  readonly #lines = new LineCounter()

  constructor(text: string) {
    this.#lines.addNewLine(0)
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lines.addNewLine(at + 1)
  }

  add(offset: number, path: string, message: string): void {
    this.#found.push({ line: this.line(offset), column: this.#lines.linePos(offset).col, path, message })
  }

  line(offset: number): number {
    return this.#lines.linePos(offset).line
  }

  get any(): boolean {
    return this.#found.length > 0
  }

  /** In the order of the file. */
  get all(): Problem[] {
    return this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column)
  }
}

const LONGEST_QUOTE = 80

/** Quotes a value from the file for a message: short, on one line, without control characters and passwords. */
export function quoteValue(value: string): string {
  const shown = redact(value).replace(/\/\/[^/?#\s]*@/g, "//***@")
  return harmless(JSON.stringify(shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}…` : shown))
}

/** Escapes the invisible characters of a text. */
export function harmless(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}
