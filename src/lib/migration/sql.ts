/** A piece of SQL. Comments and blanks are none. */
export interface Token {
  /** `name`: a word, in small letters, or what stood in double quotes, as it stood. `text`: what a string holds. */
  kind: "name" | "text" | "number" | "sign"
  value: string
  /** A quoted name is no keyword. */
  quoted?: true
  /** Counted from 1. */
  line: number
}

export interface Statement {
  tokens: Token[]
  /** Where it begins, counted from 1. */
  line: number
  /** The revision of Alembic that it belongs to, where that is known. */
  revision?: string
}

/** What Alembic prints before a revision's statements: `-- Running upgrade 0001 -> 0002`. */
const RUNNING = /^--\s*Running upgrade [^\n]*?-> ([^\s,]+)/

const BLANKS = /\s+/y
const LINE_COMMENT = /--[^\n]*/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?/iy
const DOLLAR = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
/** Strings whose backslashes escape, that hold code points, or bits. */
const PREFIXED = /(?:U&|[EBXN])(?=')/iy
const UNICODE_NAME = /U&(?=")/iy

/** Splits a text into its statements, whatever stands in comments, strings, quoted names and dollar quotes. */
export function statementsOf(sql: string): Statement[] {
  return new Reader(sql).statements()
}

/** Reads one text once, from its start to its end. Where a string isn't closed, it ends with the text. */
class Reader {
  private at = 0
  private line = 1
  private revision: string | undefined

  constructor(private readonly sql: string) {}

  statements(): Statement[] {
    const found: Statement[] = []
    let tokens: Token[] = []
    const end = () => {
      const [first] = tokens
      if (first === undefined) return
      const { revision } = this
      found.push({ tokens, line: first.line, ...(revision === undefined ? {} : { revision }) })
      tokens = []
    }
    while (this.at < this.sql.length) {
      // What a comment says of the revision holds for what follows; a statement without its semicolon ends there.
      const [, revision] = this.sql.startsWith("--", this.at) ? (RUNNING.exec(this.restOfLine()) ?? []) : []
      if (revision !== undefined) {
        end()
        this.revision = revision
      }
      const token = this.next()
      if (token === undefined) continue
      if (token.kind === "sign" && token.value === ";") end()
      else tokens.push(token)
    }
    end()
    return found
  }

  private restOfLine(): string {
    const end = this.sql.indexOf("\n", this.at)
    return this.sql.slice(this.at, end < 0 ? undefined : end)
  }

  /** The next token; undefined for a blank or a comment. */
  private next(): Token | undefined {
    const { line } = this
    if (this.take(BLANKS) ?? this.take(LINE_COMMENT)) return undefined
    if (this.sql.startsWith("/*", this.at)) return this.skipComment()
    const dollar = this.take(DOLLAR)
    if (dollar !== undefined) return { kind: "text", value: this.upTo(dollar), line }
    const prefix = this.take(PREFIXED)
    if (prefix !== undefined || this.sql[this.at] === "'")
      return { kind: "text", value: this.quoted("'", prefix?.toUpperCase() === "E"), line }
    this.take(UNICODE_NAME)
    if (this.sql[this.at] === '"') return { kind: "name", value: this.quoted('"', false), quoted: true, line }
    const word = this.take(WORD)
    if (word !== undefined) return { kind: "name", value: word.toLowerCase(), line }
    const number = this.take(NUMBER)
    if (number !== undefined) return { kind: "number", value: number, line }
    return { kind: "sign", value: this.move(1), line }
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const [text] = pattern.exec(this.sql) ?? []
    return text === undefined ? undefined : this.move(text.length)
  }

  private move(length: number): string {
    const text = this.sql.slice(this.at, this.at + length)
    this.at += text.length
    for (const char of text) if (char === "\n") this.line += 1
    return text
  }

  /** In PostgreSQL comments hold comments. */
  private skipComment(): undefined {
    let depth = 0
    do {
      const pair = this.sql.slice(this.at, this.at + 2)
      if (pair === "/*") depth += 1
      if (pair === "*/") depth -= 1
      this.move(pair === "/*" || pair === "*/" ? 2 : 1)
    } while (depth > 0 && this.at < this.sql.length)
    return undefined
  }

  private upTo(mark: string): string {
    const end = this.sql.indexOf(mark, this.at)
    const text = this.move((end < 0 ? this.sql.length : end) - this.at)
    this.move(mark.length)
    return text
  }

  /** What stands in quotes: a doubled one stands for itself, and so does one after a backslash where these escape. */
  private quoted(quote: string, escapes: boolean): string {
    const parts: string[] = []
    this.move(1)
    while (this.at < this.sql.length) {
      const char = this.sql[this.at] ?? ""
      const pair = char === quote ? this.sql[this.at + 1] === quote : char === "\\" && escapes
      if (char === quote && !pair) {
        this.move(1)
        break
      }
      parts.push(pair ? this.move(2).slice(1) : this.move(1))
    }
    return parts.join("")
  }
}

/** Where a token begins what a group of brackets holds: how deep each token stands. */
export function depths(tokens: readonly Token[]): number[] {
  let depth = 0
  return tokens.map(({ kind, value }) => {
    if (kind !== "sign") return depth
    if (value === "(" || value === "[") return depth++
    if (value === ")" || value === "]") depth = Math.max(0, depth - 1)
    return depth
  })
}

/** Splits tokens at the commas that stand in no brackets. */
export function atCommas(tokens: readonly Token[]): Token[][] {
  const deep = depths(tokens)
  const parts: Token[][] = [[]]
  tokens.forEach((token, index) => {
    if (token.kind === "sign" && token.value === "," && deep[index] === 0) parts.push([])
    else parts.at(-1)?.push(token)
  })
  return parts
}

/** A token as a keyword; empty for all else. */
export const keyword = (token: Token | undefined): string =>
  token?.kind === "name" && token.quoted === undefined ? token.value : ""

/** The tokens on one line, for people. What strings hold is nobody's business. */
export function printed(tokens: readonly Token[]): string {
  const text = tokens.map((token) => {
    if (token.kind === "text") return "'…'"
    if (token.quoted) return `"${token.value.replaceAll('"', '""')}"`
    return keyword(token) !== "" && KEYWORDS.has(token.value) ? token.value.toUpperCase() : token.value
  })
  return text
    .join(" ")
    .replace(/ ?([.:]) ?/g, "$1")
    .replace(/ ([,)\]])/g, "$1")
    .replace(/([([]) /g, "$1")
}

/** Those that are printed in capitals. */
const KEYWORDS = new Set(
  (
    "add all alter and as by cascade check cluster column concurrently constraint create database default " +
    "delete drop exists foreign from full if in index into key lock materialized not null on only or primary " +
    "references refresh reindex rename schema set table to truncate type unique update using vacuum valid view where"
  ).split(" "),
)
