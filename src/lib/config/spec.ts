/**
 * The language that specifies `slipway.yaml`.
 *
 * One object in it (`config.ts`) specifies the whole file: the type of the configuration, its defaults, its checks,
 * the JSON schema and the table of keys are derived from it.
 */

/** A rule for a text, for both the checks and the JSON schema. */
export interface TextRule {
  /** A description of a valid value, to follow "expected". */
  readonly expected: string
  /** A shorter noun for the table of keys; by default it is the one in `expected`. */
  readonly noun?: string
  readonly pattern: RegExp
}

export interface TextSpec {
  readonly kind: "text"
  readonly doc?: string
  /** The rules, of which the first that a text breaks is reported. */
  readonly rules: readonly TextRule[]
  /** Numbers that are accepted as if they were quoted. */
  readonly numbers?: readonly number[]
  /** Converts a text that matches every rule to its meaning. */
  readonly convert?: (text: string) => unknown
  readonly default?: string
}

export interface ChoiceSpec {
  readonly kind: "choice"
  readonly doc?: string
  readonly values: readonly (string | number | boolean)[]
  readonly default?: string | number | boolean
}

export interface IntegerSpec {
  readonly kind: "integer"
  readonly doc?: string
  readonly minimum: number
  readonly maximum: number
  readonly default?: number
}

export type LeafSpec = TextSpec | ChoiceSpec | IntegerSpec

/** A list, without duplicates unless `mayRepeat` is set. */
export interface ListSpec {
  readonly kind: "list"
  readonly mayRepeat?: true
  /** A word that may stand for an empty list. */
  readonly word?: string
  readonly doc?: string
  readonly item: LeafSpec
  readonly nonEmpty?: boolean
  readonly default?: readonly (string | number | boolean)[]
}

/** Values of one kind under known keys, each optional; a key that a file leaves out has its own default, if any. */
export interface MapSpec {
  readonly kind: "map"
  readonly doc?: string
  readonly keys: readonly string[]
  readonly item: LeafSpec
  readonly default?: Readonly<Record<string, string | number | boolean>>
}

/** Values of one kind under names that the file chooses. */
export interface NamedSpec {
  readonly kind: "named"
  readonly doc?: string
  readonly name: TextRule
  readonly item: LeafSpec | SectionSpec
  /** Names that need no value of their own: a list of them is accepted too. */
  readonly known?: readonly string[]
  /** Keys of the section under any other name that have no default. */
  readonly required?: readonly string[]
  /** Known names. */
  readonly default?: readonly string[]
}

/** Keys of different kinds. A section is always present: without it, it has its keys' defaults. */
export interface SectionSpec {
  readonly kind: "section"
  readonly doc?: string
  readonly fields: Readonly<Record<string, Spec & { readonly doc: string }>>
}

export type Spec = LeafSpec | ListSpec | MapSpec | NamedSpec | SectionSpec

/** The type that a spec reads. A key without a default is optional. */
export type Value<S> = S extends { kind: "section"; fields: infer Fields }
  ? SectionValue<Fields>
  : S extends { kind: "list"; item: infer Item }
    ? readonly Value<Item>[]
    : S extends {
          kind: "map"
          keys: readonly (infer Key extends string)[]
          item: infer Item
          default?: infer D
        }
      ? string extends Key
        ? Readonly<Record<string, Value<Item>>>
        : Flat<
            { readonly [K in Key & keyof D]: Value<Item> } & {
              readonly [K in Exclude<Key, keyof D>]?: Value<Item>
            }
          >
      : S extends { kind: "named"; item: infer Item }
        ? Readonly<Record<string, Value<Item>>>
        : S extends { kind: "choice"; values: readonly (infer Choice)[] }
          ? Choice
          : S extends { kind: "integer" }
            ? number
            : S extends { kind: "text"; convert: (text: string) => infer Meaning }
              ? Meaning
              : S extends { kind: "text" }
                ? string
                : never

type Present<Fields> = {
  [K in keyof Fields]: Fields[K] extends { kind: "section" } | { default: unknown } ? K : never
}[keyof Fields]

type SectionValue<Fields> = Flat<
  { readonly [K in Present<Fields>]: Value<Fields[K]> } & {
    readonly [K in Exclude<keyof Fields, Present<Fields>>]?: Value<Fields[K]>
  }
>

type Flat<T> = { [K in keyof T]: T[K] }

/** Converts a value that matches every rule to its meaning. */
export function convert(spec: LeafSpec, raw: string | number | boolean): unknown {
  if (spec.kind !== "text") return raw
  return spec.convert ? spec.convert(String(raw)) : String(raw)
}

/** Returns the default of a key; undefined if it has none. */
export function defaultOf(spec: Spec): unknown {
  switch (spec.kind) {
    case "section": {
      const all = Object.entries(spec.fields).map(([key, field]) => [key, defaultOf(field)] as const)
      return Object.fromEntries(all.filter(([, value]) => value !== undefined))
    }
    case "list":
      return spec.default?.map((raw) => convert(spec.item, raw))
    case "map": {
      const all = spec.default && Object.entries(spec.default)
      return all && Object.fromEntries(all.map(([key, raw]) => [key, convert(spec.item, raw)]))
    }
    case "named":
      return spec.default && Object.fromEntries(spec.default.map((name) => [name, defaultOf(spec.item)]))
    default:
      return spec.default === undefined ? undefined : convert(spec, spec.default)
  }
}

/** Returns the default of a key as a file would have it; undefined if it has none. */
export const writtenDefault = (spec: Exclude<Spec, SectionSpec>): unknown =>
  spec.kind === "named" && spec.known === undefined ? spec.default && {} : spec.default

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
