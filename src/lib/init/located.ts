import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type YAMLMap,
} from "yaml"
import type { PlacedText } from "./findings.js"

/** A value of a YAML file, with its place. */
export class Located {
  constructor(
    readonly file: string,
    readonly line: number,
    private readonly node: unknown,
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {}

  /** The text of a scalar, as written unless it is quoted; empty for anything else. */
  get text(): string {
    if (!isScalar(this.node)) return ""
    const { value, source } = this.node
    if (typeof value === "string") return value
    return value === null ? "" : (source ?? JSON.stringify(value))
  }

  get placed(): PlacedText {
    return { text: this.text, file: this.file, line: this.line }
  }

  /** The value at a path of keys; undefined if there is none. */
  at(...path: readonly string[]): Located | undefined {
    const [key, ...rest] = path
    if (key === undefined) return this
    const found = this.entries.find(([name]) => name === key)?.[1]
    return found?.at(...rest)
  }

  /** The entries of a map, at the lines of their keys; those that are merged into it come last. */
  get entries(): [string, Located][] {
    if (!isMap(this.node)) return []
    const found = new Map<string, Located>()
    for (const [name, value] of this.#own(this.node)) if (!found.has(name)) found.set(name, value)
    return [...found]
  }

  /** The items of a list. */
  get items(): Located[] {
    if (!isSeq(this.node)) return []
    return this.node.items.map((item) => this.#located(item, this.line))
  }

  #own(map: YAMLMap): [string, Located][] {
    const merged: [string, Located][] = []
    const own = map.items.flatMap(({ key, value }): [string, Located][] => {
      const name = isScalar(key) ? String(key.value) : ""
      const located = this.#located(value, this.#lineOf(key) ?? this.line, this.#lineOf(key))
      if (name !== "<<") return [[name, located]]
      merged.push(...[located, ...located.items].flatMap(({ entries }) => entries))
      return []
    })
    return [...own, ...merged]
  }

  #located(node: unknown, fallback: number, line = this.#lineOf(node)): Located {
    const resolved = isAlias(node) ? node.resolve(this.document) : node
    return new Located(this.file, line ?? fallback, resolved, this.document, this.lines)
  }

  #lineOf(node: unknown): number | undefined {
    const range = (node as { range?: readonly number[] } | null)?.range
    return range?.[0] === undefined ? undefined : this.lines.linePos(range[0]).line
  }
}

/** The documents of a YAML file; none if it can't be read, such as a template. */
export function locatedDocuments(file: string, text: string): Located[] {
  const lines = new LineCounter()
  try {
    const parsed = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent", uniqueKeys: false })
    const documents: readonly Document[] = Array.isArray(parsed) ? parsed : []
    return documents
      .filter(({ errors }) => errors.length === 0)
      .map((document) => new Located(file, 1, document.contents, document, lines))
  } catch {
    return []
  }
}
