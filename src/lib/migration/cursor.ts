import { keyword, type Token } from "./sql.js"

/** Reads a statement's tokens from left to right. */
export class Cursor {
  private at = 0

  constructor(private readonly tokens: readonly Token[]) {}

  /** Passes these words over if all of them come next. */
  skip(...words: string[]): boolean {
    const here = words.every((word, index) => keyword(this.tokens[this.at + index]) === word)
    if (here) this.at += words.length
    return here
  }

  /** Passes over `IF EXISTS` and its like. */
  skipIf(): void {
    if (!this.skip("if", "not", "exists")) this.skip("if", "exists")
  }

  /** Passes one of these words over and returns it; else nothing. */
  one(...words: string[]): string | undefined {
    return words.find((word) => this.skip(word))
  }

  sign(value: string): boolean {
    const { kind, value: here } = this.tokens[this.at] ?? {}
    const found = kind === "sign" && here === value
    if (found) this.at += 1
    return found
  }

  /** The name that comes next, with its schema; empty where there is none. The schema `public` goes without saying. */
  name(): string {
    const parts: string[] = []
    do {
      const token = this.tokens[this.at]
      if (token?.kind !== "name") break
      parts.push(token.value)
      this.at += 1
    } while (this.sign("."))
    this.sign("*")
    return (parts.length > 1 && parts[0] === "public" ? parts.slice(1) : parts).join(".")
  }

  /** Names with commas between them. */
  names(): string[] {
    const found: string[] = []
    do {
      this.skip("only")
      found.push(this.name())
    } while (this.sign(","))
    return found.filter((name) => name !== "")
  }

  /** Whether a keyword is still to come, at any depth. */
  ahead(...words: string[]): boolean {
    return this.rest().some((_, index, rest) =>
      words.every((word, offset) => keyword(rest[index + offset]) === word),
    )
  }

  rest(): Token[] {
    return this.tokens.slice(this.at)
  }
}
