import { isMap, isScalar, isSeq, type Pair, type ParsedNode, parseDocument, type YAMLMap } from "yaml"
import type { Finding, Outcome } from "../run/finding.js"
import { oneLine } from "../text/words.js"
import { count } from "../text/words.js"
import { Checker } from "./check.js"
import { formatProblem } from "./parse.js"
import { harmless, type Problem, Problems } from "./problem.js"
import { checkSource } from "./source.js"
import type { SectionSpec, TextRule, Value } from "./spec.js"

type Node = ParsedNode | null

/** The format of a file of exceptions, each with a reason, an owner and an expiry. */
export interface EntryFile<S extends SectionSpec, T> {
  /** Its path in the source. */
  file: string
  /** The key of the list. */
  list: string
  entry: S
  /** The keys that an entry must have, each with a hint for the error if it is missing. */
  required: Readonly<Record<string, string>>
  /** Normalizes an entry before it is checked. */
  prepare?: (map: YAMLMap) => void
  make: (entry: Value<S>, place: EntryPlace) => T
}

/** The place of an entry, for checks that only its own reader can make. */
export interface EntryPlace {
  /** Counted from 1. */
  line: number
  /** True if it has a key, with a valid value or not. */
  has: (key: string) => boolean
  /** Reports a problem with a key's value. */
  report: (key: string, message: string) => void
}

/** The keys of every exception: its reason, its owner and the last day on which it holds. */
export const exceptionFields = (reason: string) => {
  const day: TextRule = { expected: "a day such as 2026-12-31", pattern: /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/ }
  return {
    reason: { kind: "text", doc: reason, rules: [] },
    expires: { kind: "text", doc: "The last day on which it holds.", rules: [day] },
    owner: { kind: "text", doc: "The owner of the exception.", rules: [] },
  } as const
}

/** Keys without which an entry is void but still readable, so that other findings are reported as well. */
const OPTIONAL: readonly unknown[] = ["reason", "expires", "owner"]

/** Reads the text of such a file; undefined if the service has none. Returns an outcome only if it can't be read. */
export function readEntries<S extends SectionSpec, T>(
  text: string | undefined,
  definition: EntryFile<S, T>,
): { entries: T[]; outcome?: Outcome } {
  if (text === undefined) return { entries: [] }
  const body = text.replace(/^\uFEFF/, "")
  const problems = new Problems(body)
  const entries = checkSource(body, problems) ? read(body, problems, definition) : []
  return problems.any ? { entries: [], outcome: unreadable(definition.file, problems.all) } : { entries }
}

function unreadable(file: string, problems: readonly Problem[]): Outcome {
  const [first] = problems
  const example = first === undefined ? "" : `: ${formatProblem(first, file)}`
  return {
    status: "error",
    reason: oneLine(`${file} has ${count(problems.length, "problem")}${example}`),
    findings: problems.map((problem) => asFinding(file, problem)),
  }
}

const asFinding = (file: string, { line, column, path, message }: Problem): Finding => ({
  tool: "slipway",
  rule: "invalid",
  level: "error",
  file,
  line,
  column,
  message: [path, message].filter(Boolean).join(": "),
})

function read<S extends SectionSpec, T>(text: string, problems: Problems, definition: EntryFile<S, T>): T[] {
  try {
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error" })
    // An unknown tag is already reported by its token.
    const errors = document.errors.filter(({ code }) => code !== "TAG_RESOLVE_FAILED")
    for (const { pos, message } of errors)
      problems.add(pos[0], "", `not valid YAML: ${harmless(message.slice(0, 200))}`)
    return errors.length > 0 ? [] : new Reader(problems, definition).read(document.contents)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problems.add(0, "", "nested too deeply to be read")
    return []
  }
}

class Reader<S extends SectionSpec, T> {
  /** The spec of the file without its entries, which a spec can't describe. */
  readonly #file: SectionSpec
  readonly #checker: Checker

  constructor(
    private readonly problems: Problems,
    private readonly definition: EntryFile<S, T>,
  ) {
    this.#file = {
      kind: "section",
      fields: {
        version: { kind: "choice", doc: "The version of this file's format.", values: [1], default: 1 },
        [definition.list]: { kind: "section", doc: "The entries.", fields: {} },
      },
    }
    this.#checker = new Checker(this.#file, problems)
  }

  read(contents: Node): T[] {
    const { list: name } = this.definition
    const pair = isMap(contents) ? pairOf(contents, name) : undefined
    const list = pair?.value as Node | undefined
    if (pair !== undefined) pair.value = null // only the rest is checked against the spec
    this.#checker.read(this.#file, contents, "")
    if (list === undefined || list === null || (isScalar(list) && list.value === null)) return []
    if (!isSeq(list)) {
      this.problems.add(offset(list), name, "expected a list")
      return []
    }
    return list.items.flatMap((item, index) => this.#entry(item as Node, `${name}[${index}]`, list))
  }

  #entry(node: Node, path: string, list: ParsedNode): T[] {
    const { entry: spec, required, prepare, make } = this.definition
    if (isMap(node)) {
      prepare?.(node)
      dropEmpty(node)
    }
    const at = offset(node ?? list)
    const entry = this.#checker.read(spec, node, path) as (Value<S> & { expires?: string }) | undefined
    if (entry === undefined) return []
    for (const [key, hint] of Object.entries(required))
      if (!isMap(node) || !pairOf(node, key))
        this.problems.add(at, path, `the key ${key} is missing${hint && `; ${hint}`}`)
    const report = (key: string, message: string) =>
      this.problems.add(offsetOf(node, key), `${path}.${key}`, message)
    const { expires } = entry
    if (expires !== undefined && !isCalendarDay(expires))
      report("expires", `expected a day of the calendar, received "${harmless(expires.slice(0, 40))}"`)
    const has = (key: string) => isMap(node) && pairOf(node, key) !== undefined
    return [make(entry, { line: this.problems.line(at), has, report })]
  }
}

/** Drops optional keys without a value. */
function dropEmpty(map: YAMLMap): void {
  map.items = map.items.filter(({ key, value }) => {
    const empty = value === null || (isScalar(value) && value.value === null)
    return !(empty && isScalar(key) && OPTIONAL.includes(key.value))
  })
}

const pairOf = (map: YAMLMap, name: string): Pair | undefined =>
  map.items.find(({ key }) => isScalar(key) && key.value === name)

const offset = (node: Node): number => node?.range[0] ?? 0

/** The offset of a key's value, or of the entry if it has no such key. */
const offsetOf = (node: Node, key: string): number =>
  offset((isMap(node) ? (pairOf(node, key)?.value as Node | undefined) : undefined) ?? node)

/** True if the calendar has this day: JavaScript reads 30 February as 2 March. */
function isCalendarDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
