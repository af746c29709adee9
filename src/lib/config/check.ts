import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from "yaml"
import { fields } from "../text/json.js"
import { nearest } from "./nearest.js"
import { type Problems, quoteValue } from "./problem.js"
import { convert, defaultOf } from "./spec.js"
import type {
  ChoiceSpec,
  IntegerSpec,
  LeafSpec,
  ListSpec,
  MapSpec,
  NamedSpec,
  SectionSpec,
  Spec,
  TextSpec,
} from "./spec.js"

type Node = ParsedNode | null

/** Checks the YAML of one file against a spec; what it reads is valid only if no problem was found. */
export class Checker {
  constructor(
    private readonly root: SectionSpec,
    private readonly problems: Problems,
  ) {}

  read(spec: Spec, node: Node, path: string): unknown {
    // Already reported by its token.
    if (isAlias(node) || node?.tag) return undefined
    switch (spec.kind) {
      case "section":
        return this.#section(spec, node, path)
      case "map":
        return this.#map(spec, node, path)
      case "named":
        return isSeq(node) && spec.known ? this.#knownNames(spec, node, path) : this.#named(spec, node, path)
      case "list":
        return isScalar(node) && node.value === spec.word && spec.word !== undefined
          ? []
          : this.#list(spec, node, path)
      default:
        return this.#leaf(spec, node, path)
    }
  }

  #section(spec: SectionSpec, node: Node, path: string): unknown {
    const defaults = defaultOf(spec) as Record<string, unknown>
    if (isEmpty(node)) return defaults
    if (!isMap(node)) return this.#wrong(node, path, "expected a map of keys")
    const read = this.#entries(node, path, Object.keys(spec.fields)).map(([key, value]) => {
      const field = spec.fields[key] as Spec
      return [key, this.read(field, value, join(path, key))] as const
    })
    return { ...defaults, ...Object.fromEntries(read.filter(([, value]) => value !== undefined)) }
  }

  #map(spec: MapSpec, node: Node, path: string): unknown {
    if (isEmpty(node)) return defaultOf(spec)
    if (!isMap(node)) return this.#wrong(node, path, `expected a map with the keys ${spec.keys.join(", ")}`)
    const read = this.#entries(node, path, spec.keys)
    const own = read.map(([key, value]) => [key, this.read(spec.item, value, join(path, key))] as const)
    return { ...(defaultOf(spec) as object | undefined), ...Object.fromEntries(own) }
  }

  #named(spec: NamedSpec, node: Node, path: string): unknown {
    if (isEmpty(node)) return defaultOf(spec)
    if (!isMap(node))
      return this.#wrong(node, path, `expected a map of names${spec.known ? ", or a list" : ""}`)
    const read = this.#entries(node, path).map(([name, value, key]) => {
      const place = join(path, name)
      if (!spec.name.pattern.test(name)) return this.#wrong(key, place, `expected ${spec.name.expected}`)
      const item = this.read(spec.item, value, place)
      const missing = spec.known?.includes(name) ? [] : missingKeys(item, spec.required)
      if (item === undefined || missing.length === 0) return [name, item] as const
      const others = spec.known ? `, which only ${spec.known.join(", ")} have by default` : ""
      return this.#report(key, place, `expected ${missing.join(" and ")}${others}`)
    })
    return Object.fromEntries(read.filter((entry) => entry !== undefined))
  }

  /** A list of known names in place of a map. */
  #knownNames(spec: NamedSpec, node: Node, path: string): unknown {
    const names = this.#list({ kind: "list", item: { kind: "choice", values: spec.known ?? [] } }, node, path)
    return Array.isArray(names)
      ? defaultOf({ ...spec, default: names.filter((name) => name !== undefined) })
      : undefined
  }

  #list(spec: ListSpec, node: Node, path: string): unknown {
    if (!isSeq(node)) return this.#wrong(node, path, "expected a list")
    if (spec.nonEmpty && node.items.length === 0)
      return this.#report(node, path, "expected at least one entry, received an empty list")
    if (!spec.mayRepeat) this.#unique(node.items, path)
    return node.items.map((item, index) => this.read(spec.item, item as Node, `${path}[${index}]`))
  }

  #leaf(spec: LeafSpec, node: Node, path: string): unknown {
    const value = isScalar(node) ? node.value : undefined
    const complaint =
      spec.kind === "text"
        ? textRules(spec, node)
        : spec.kind === "choice"
          ? choiceRule(spec, value)
          : integerRule(spec, value)
    if (complaint === undefined) return convert(spec, value as string | number | boolean)
    const [expected, hint] = complaint
    return this.#wrong(node, path, expected, hint)
  }

  /** Returns the entries with a known key, each once; reports all others. Without `known`, every name is one. */
  #entries(map: YAMLMap, path: string, known?: readonly string[]): [string, Node, Node][] {
    const first = new Map<string, number>()
    return map.items.flatMap(({ key, value }): [string, Node, Node][] => {
      const node = key as Node
      if (isAlias(node)) return []
      const name = keyName(node)
      if (node === null || name === undefined) {
        this.#report(node ?? map, path, `expected a name as key, received ${received(node)}`)
        return []
      }
      const offset = offsetOf(node)
      const before = first.get(name)
      if (before === undefined) first.set(name, offset)
      if (before !== undefined)
        this.#report(node, join(path, name), `duplicate key, first on line ${this.problems.line(before)}`)
      else if (known === undefined || known.includes(name)) return [[name, value as Node, node]]
      else this.#report(node, join(path, name), this.#unknownKey(name, known))
      return []
    })
  }

  #unknownKey(name: string, known: readonly string[]): string {
    if (name === "<<") return "merge keys are not allowed; write the keys themselves"
    const section = sectionOf(this.root, name)
    if (section !== undefined)
      return `unknown key here; it belongs ${section ? `below ${quoteValue(section)}` : "at the top of the file"}`
    const near = nearest(name, known)
    return `unknown key; ${near === undefined ? `expected one of ${known.join(", ")}` : `did you mean ${quoteValue(near)}?`}`
  }

  #unique(items: readonly Node[], path: string): void {
    const first = new Map<unknown, number>()
    items.forEach((item, index) => {
      if (!isScalar(item)) return
      const before = first.get(item.value)
      if (before === undefined) first.set(item.value, offsetOf(item))
      else {
        const line = this.problems.line(before)
        this.#report(
          item,
          `${path}[${index}]`,
          `${received(item)} is in the list twice, first on line ${line}`,
        )
      }
    })
  }

  #wrong(node: Node, path: string, expected: string, hint = ""): undefined {
    this.#report(node, path, `${expected}, received ${received(node)}${hint && `; ${hint}`}`)
  }

  #report(node: { range?: readonly number[] | null } | null, path: string, message: string): undefined {
    this.problems.add(offsetOf(node), path, message)
  }
}

type Complaint = readonly [expected: string, hint?: string] | undefined

function textRules(spec: TextSpec, node: Node): Complaint {
  const { value, source } = isScalar(node) ? node : {}
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
    return ["expected a text"]
  const text = typeof value === "string" ? value : (source ?? "")
  const broken = spec.rules.find((rule) => !rule.pattern.test(text))
  if (typeof value === "string") return broken && [`expected ${broken.expected}`]
  const inexact = typeof value === "number" && text !== String(value)
  if (!inexact && spec.numbers?.some((number) => number === value)) return undefined
  const hint = inexact ? `YAML reads it as ${value}, so put it in quotes` : "put it in quotes"
  return [`expected ${broken?.expected ?? "a text"}`, hint]
}

function choiceRule(spec: ChoiceSpec, value: unknown): Complaint {
  if (spec.values.some((choice) => choice === value)) return undefined
  const names = spec.values.filter((choice) => typeof choice === "string")
  const near = typeof value === "string" ? nearest(value, names) : undefined
  const expected = spec.values.length === 1 ? "expected" : "expected one of"
  if (spec.values.some((choice) => typeof choice === "boolean" && String(choice) === value))
    return [`${expected} ${spec.values.join(", ")}`, "remove the quotes"]
  return [
    `${expected} ${spec.values.join(", ")}`,
    near === undefined ? "" : `did you mean ${quoteValue(near)}?`,
  ]
}

function integerRule(spec: IntegerSpec, value: unknown): Complaint {
  const fits = Number.isInteger(value) && Number(value) >= spec.minimum && Number(value) <= spec.maximum
  return fits ? undefined : [`expected a whole number from ${spec.minimum} to ${spec.maximum}`]
}

/** The path of the section with this key; undefined if there is none. */
function sectionOf(section: SectionSpec, key: string, path = ""): string | undefined {
  if (Object.hasOwn(section.fields, key)) return path
  for (const [name, field] of Object.entries(section.fields)) {
    const section = field.kind === "section" ? sectionOf(field, key, join(path, name)) : undefined
    if (section !== undefined) return section
  }
  return undefined
}

function keyName(key: Node): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined
  return typeof key.value === "string" ? key.value : (key.source ?? undefined)
}

const join = (path: string, key: string): string => {
  const name = /^[\w-]{1,80}$/.test(key) ? key : quoteValue(key)
  return path ? `${path}.${name}` : name
}

const missingKeys = (section: unknown, required: readonly string[] = []): string[] =>
  required.filter((key) => fields(section)[key] === undefined)

const isEmpty = (node: Node): boolean => node === null || (isScalar(node) && node.value === null)

const offsetOf = (node: { range?: readonly number[] | null } | null): number => node?.range?.[0] ?? 0

/** Describes a value that was received, quoted. */
function received(node: Node): string {
  if (isEmpty(node)) return "nothing"
  if (isMap(node)) return "a map"
  if (isSeq(node)) return "a list"
  if (!isScalar(node)) return "an alias"
  if (typeof node.value === "string") return quoteValue(node.value)
  return `the ${typeof node.value} ${node.source ?? ""}`
}
