import { isMap, isScalar, isSeq, type Pair, type ParsedNode, parseDocument, type YAMLMap } from "yaml"
import { Checker } from "../config/check.js"
import { formatProblem } from "../config/parse.js"
import { harmless, type Problem, Problems } from "../config/problem.js"
import { inside, printable, relative } from "../config/rules.js"
import { checkSource } from "../config/source.js"
import type { SectionSpec, TextRule, Value } from "../config/spec.js"
import type { Finding, Outcome } from "../finding.js"
import { count, oneLine } from "../tools/outcome.js"
import { PLACES, type Suppression, SUPPRESSIONS_FILE } from "./suppressions.js"

/** The tools whose findings can be suppressed. */
const TOOLS = ["bandit", "trivy", "zap"] as const

const day: TextRule = {
  expected: "a day such as 2026-12-31",
  pattern: /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/,
}

/** Its path is matched with every finding's. */
const short: TextRule = { expected: "at most 1000 characters", pattern: /^.{0,1000}$/s }

/** The file but for its entries, which the spec has no word for. */
const root = {
  kind: "section",
  fields: {
    version: { kind: "choice", doc: "The version of this file's format.", values: [1], default: 1 },
    suppressions: { kind: "section", doc: "What may be ignored.", fields: {} },
  },
} as const satisfies SectionSpec

const entrySpec = {
  kind: "section",
  fields: {
    tool: { kind: "choice", doc: "The tool that reports it.", values: TOOLS },
    rule: { kind: "text", doc: "The tool's name of the rule.", rules: [printable, short] },
    path: { kind: "text", doc: "The files it holds for.", rules: [printable, relative, inside, short] },
    in: {
      kind: "choice",
      doc: "Where it holds: in the source or in the image. Both, if left out.",
      values: PLACES,
    },
    reason: { kind: "text", doc: "Why it may be ignored.", rules: [] },
    expires: { kind: "text", doc: "The last day on which it holds.", rules: [day] },
    owner: { kind: "text", doc: "Who answers for it.", rules: [] },
  },
} as const satisfies SectionSpec

/** Keys whose lack fails the gate instead of the reading: what else the file says can still be told. */
const MAY_LACK: readonly unknown[] = ["reason", "expires", "owner"]

type Node = ParsedNode | null
type Entry = Value<typeof entrySpec>

/** Reads the text of the file; undefined stands for a service without. The outcome is there when it can't be read. */
export function parseSuppressions(text: string | undefined): {
  suppressions: Suppression[]
  outcome?: Outcome
} {
  if (text === undefined) return { suppressions: [] }
  const body = text.replace(/^\uFEFF/, "")
  const problems = new Problems(body)
  const suppressions = checkSource(body, problems) ? read(body, problems) : []
  return problems.any ? { suppressions: [], outcome: unreadable(problems.all) } : { suppressions }
}

function unreadable(problems: readonly Problem[]): Outcome {
  const [first] = problems
  const example = first === undefined ? "" : `: ${formatProblem(first, SUPPRESSIONS_FILE)}`
  return {
    status: "error",
    reason: oneLine(`${SUPPRESSIONS_FILE} has ${count(problems.length, "problem")}${example}`),
    findings: problems.map(asFinding),
  }
}

const asFinding = ({ line, column, path, message }: Problem): Finding => ({
  tool: "slipway",
  rule: "invalid",
  level: "error",
  file: SUPPRESSIONS_FILE,
  line,
  column,
  message: [path, message].filter(Boolean).join(": "),
})

function read(text: string, problems: Problems): Suppression[] {
  try {
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error" })
    // An unknown tag is already reported by its token.
    const errors = document.errors.filter(({ code }) => code !== "TAG_RESOLVE_FAILED")
    for (const { pos, message } of errors)
      problems.add(pos[0], "", `not valid YAML: ${harmless(message.slice(0, 200))}`)
    return errors.length > 0 ? [] : new Reader(problems).read(document.contents)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problems.add(0, "", "nested too deeply to be read")
    return []
  }
}

class Reader {
  readonly #checker: Checker

  constructor(private readonly problems: Problems) {
    this.#checker = new Checker(root, problems)
  }

  read(contents: Node): Suppression[] {
    const pair = isMap(contents) ? pairOf(contents, "suppressions") : undefined
    const list = pair?.value as Node | undefined
    if (pair !== undefined) pair.value = null // all but the entries is held against the spec
    this.#checker.read(root, contents, "")
    if (list === undefined || list === null || (isScalar(list) && list.value === null)) return []
    if (!isSeq(list)) {
      this.problems.add(offset(list), "suppressions", "expected a list")
      return []
    }
    return list.items.flatMap((item, index) => this.#entry(item as Node, `suppressions[${index}]`, list))
  }

  #entry(node: Node, path: string, list: ParsedNode): Suppression[] {
    if (isMap(node)) normalize(node)
    const at = offset(node ?? list)
    const entry = this.#checker.read(entrySpec, node, path) as Entry | undefined
    if (entry === undefined) return []
    const missing = (["tool", "rule"] as const).filter((key) => !isMap(node) || !pairOf(node, key))
    for (const key of missing)
      this.problems.add(
        at,
        path,
        `the key ${key} is missing${key === "tool" ? `; expected one of ${TOOLS.join(", ")}` : ""}`,
      )
    this.#checkDay(entry.expires, node, `${path}.expires`)
    const { tool = "", rule = "", path: files, reason = "", expires = "", owner = "" } = entry
    return [
      {
        tool,
        rule,
        ...(files === undefined ? {} : { path: files }),
        ...(entry.in === undefined ? {} : { in: entry.in }),
        reason: reason.replace(/\s+/g, " ").trim(),
        expires,
        owner: owner.trim(),
        line: this.problems.line(at),
      },
    ]
  }

  #checkDay(expires: string | undefined, node: Node, path: string): void {
    if (expires === undefined || exists(expires)) return
    const value = isMap(node) ? (pairOf(node, "expires")?.value as Node | undefined) : undefined
    this.problems.add(offset(value ?? node), path, `expected a day that exists, received "${expires}"`)
  }
}

/** Takes numbers as rules, which is what ZAP has, and keys that may be left out as left out where they have no value. */
function normalize(map: YAMLMap): void {
  map.items = map.items.filter(({ key, value }) => {
    const name = isScalar(key) ? key.value : undefined
    const nothing = value === null || (isScalar(value) && value.value === null)
    if (name === "rule" && isScalar(value) && typeof value.value === "number") value.value = value.source
    return !(nothing && MAY_LACK.includes(name))
  })
}

const pairOf = (map: YAMLMap, name: string): Pair | undefined =>
  map.items.find(({ key }) => isScalar(key) && key.value === name)

const offset = (node: Node): number => node?.range[0] ?? 0

/** Returns whether the calendar has a day: JavaScript takes 30 February for 2 March. */
function exists(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
