import { CST, Lexer } from "yaml"
import { type Problems, quoteValue } from "./problem.js"

/**
 * The checks of a text before it is parsed.
 *
 * The parser recurses for each level of nesting, and a process whose stack overflows there can die without a chance
 * to catch it, so the depth is measured on the tokens.
 */

/** Far more than anyone writes by hand. */
const MOST_BYTES = 256 * 1024

/** The parser needs up to a second for 100,000 tokens in the worst order. */
const MOST_TOKENS = 20_000

/** The parser's stack overflows at about 800 levels. */
const DEEPEST = 100

/** Reports what makes a text unsafe to parse. Returns false if it must not be parsed. */
export function checkSource(text: string, problems: Problems): boolean {
  return (
    checkSize(text, problems) && checkCharacters(text, problems) && checkTokens(text, problems, new Depth())
  )
}

function checkSize(text: string, problems: Problems): boolean {
  const bytes = Buffer.byteLength(text)
  if (bytes <= MOST_BYTES) return true
  problems.add(0, "", `the file is too large: expected at most ${MOST_BYTES} bytes, received ${bytes}`)
  return false
}

/** Rejects control characters, and U+FFFD, which replaces bytes that are not UTF-8. */
function checkCharacters(text: string, problems: Problems): boolean {
  const found = /(?![\t\n\r])\p{Cc}|\uFFFD/u.exec(text)
  if (!found) return true
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")
  problems.add(found.index, "", `expected text in UTF-8, received the character U+${code}`)
  return false
}

function checkTokens(text: string, problems: Problems, depth: Depth): boolean {
  let count = 0
  for (const token of tokens(text)) {
    if (++count > MOST_TOKENS) {
      problems.add(token.offset, "", `the file has too many parts: expected at most ${MOST_TOKENS}`)
      return false
    }
    if (depth.after(token) > DEEPEST) {
      problems.add(token.offset, "", `nested too deeply: expected at most ${DEEPEST} levels`)
      return false
    }
    const message = token.type && refused[token.type]?.(token.source)
    if (message) problems.add(token.offset, "", message)
  }
  return true
}

/** Messages for YAML beyond plain data, which a configuration doesn't need; aliases can grow without bound. */
const refused: Partial<Record<CST.TokenType, (source: string) => string>> = {
  anchor: (source) =>
    `anchors are not allowed, received ${quoteValue(source)}; write the value itself at each place`,
  alias: (source) => `aliases are not allowed, received ${quoteValue(source)}; write the value itself`,
  tag: (source) =>
    `tags are not allowed, received ${quoteValue(source)}; remove it, and put a text in quotes`,
  "directive-line": (source) => `directives are not allowed, received ${quoteValue(source)}; remove the line`,
}

interface Token {
  /** Null for a scalar without quotes, and for text that isn't a token. */
  type: CST.TokenType | null
  source: string
  offset: number
}

function* tokens(text: string): Generator<Token> {
  let offset = 0
  let scalarNext = false
  for (const source of new Lexer().lex(text)) {
    const type: CST.TokenType | null = scalarNext ? null : CST.tokenType(source)
    scalarNext = type === "scalar"
    // These three are states of the lexer, not part of the text.
    if (type === "scalar" || type === "doc-mode" || type === "flow-error-end") continue
    yield { type, source, offset }
    offset += source.length
  }
}

const INDICATORS: readonly unknown[] = ["seq-item-ind", "explicit-key-ind", "map-value-ind"]
const OPENING: readonly unknown[] = ["flow-map-start", "flow-seq-start"]
const CLOSING: readonly unknown[] = ["flow-map-end", "flow-seq-end"]

/** Counts levels of nesting from tokens: rather too many than too few, since each space of indentation counts. */
class Depth {
  #total = 0
  #lineBegins = true
  /** Levels since each open bracket, which a comma closes; outside of brackets, the end of the line. */
  readonly #open = [0]

  /** Returns the depth after a token that opens a level; 0 for other tokens. */
  after({ type, source }: Token): number {
    const indents = this.#lineBegins && type === "space"
    if (type === "newline") this.#endLine()
    else if (!indents) this.#lineBegins = false
    if (indents && this.#open.length === 1) this.#add(source.length)
    if (INDICATORS.includes(type)) this.#add(1)
    if (OPENING.includes(type)) this.#begin()
    if (CLOSING.includes(type)) this.#end()
    if (type === "comma") this.#reset()
    return INDICATORS.includes(type) || OPENING.includes(type) ? this.#total : 0
  }

  #add(levels: number): void {
    this.#open.push((this.#open.pop() ?? 0) + levels)
    this.#total += levels
  }

  #reset(): void {
    this.#total -= this.#open.pop() ?? 0
    this.#open.push(0)
  }

  #endLine(): void {
    this.#lineBegins = true
    if (this.#open.length === 1) this.#reset()
  }

  #begin(): void {
    this.#add(1)
    this.#open.push(0)
  }

  #end(): void {
    if (this.#open.length === 1) return
    this.#reset()
    this.#open.pop()
    this.#add(-1)
  }
}
