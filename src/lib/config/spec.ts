/**
 * The words in which `slipway.yaml` is described. One object made of them (`config.ts`) is all that is known of the
 * file: the type of the configuration, its defaults, the checks and the JSON schema are derived from it.
 */

/** A demand on a text, in a form that both the checks and the JSON schema can use. */
export interface TextRule {
  /** What a right value looks like; stands after "expected". */
  readonly expected: string
  readonly pattern: RegExp
}

export interface TextSpec {
  readonly kind: "text"
  readonly doc?: string
  /** The first rule that a text breaks is reported. */
  readonly rules: readonly TextRule[]
  /** Numbers that are taken as if they had been put in quotes. */
  readonly numbers?: readonly number[]
  /** What the text means, where that isn't the text itself. Called only with texts that keep every rule. */
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

/** A list in which nothing stands twice, unless it may. */
export interface ListSpec {
  readonly kind: "list"
  readonly mayRepeat?: true
  readonly doc?: string
  readonly item: LeafSpec
  readonly nonEmpty?: boolean
  readonly default?: readonly (string | number | boolean)[]
}

/** Values of one kind under names that are known beforehand, each of which may be left out. */
export interface MapSpec {
  readonly kind: "map"
  readonly doc?: string
  readonly keys: readonly string[]
  readonly item: LeafSpec
  readonly default?: Readonly<Record<string, string | number | boolean>>
}

/** Keys of different kinds. A section is always there: left out, it is made of its keys' defaults. */
export interface SectionSpec {
  readonly kind: "section"
  readonly doc?: string
  readonly fields: Readonly<Record<string, Spec & { readonly doc: string }>>
}

export type Spec = LeafSpec | ListSpec | MapSpec | SectionSpec

/** The type of what is read by a spec. A key without a default is absent where the file doesn't name it. */
export type Value<S> = S extends { kind: "section"; fields: infer Fields }
  ? SectionValue<Fields>
  : S extends { kind: "list"; item: infer Item }
    ? readonly Value<Item>[]
    : S extends { kind: "map"; keys: readonly (infer Key extends string)[]; item: infer Item }
      ? { readonly [K in Key]?: Value<Item> }
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

/** What a value that keeps every rule means. */
export function convert(spec: LeafSpec, raw: string | number | boolean): unknown {
  if (spec.kind !== "text") return raw
  return spec.convert ? spec.convert(String(raw)) : String(raw)
}

/** What stands in for a key that the file leaves out; undefined where the key is then absent. */
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
    default:
      return spec.default === undefined ? undefined : convert(spec, spec.default)
  }
}

/** Freezes a value and all that it holds. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
