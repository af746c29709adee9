import { spec } from "./config.js"
import { environmentRule, isByEnvironment } from "./environments.js"
import {
  type LeafSpec,
  type ListSpec,
  type MapSpec,
  type NamedSpec,
  type SectionSpec,
  type Spec,
  type TextSpec,
  writtenDefault,
} from "./spec.js"

/** A JSON schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The schema's file in a service's repository, where editors find it without Slipway or a network. */
export const SCHEMA_FILE = ".slipway/slipway.schema.json"

/** Returns the JSON schema of `slipway.yaml`, for editors. It accepts what `checkConfig` accepts, but no old names. */
export const jsonSchema = (): JsonSchema => fileSchema(spec, "slipway.yaml")

/** Returns the JSON schema of a file by its spec. */
export const fileSchema = (own: SectionSpec, name: string): JsonSchema => ({
  // The newest draft that every editor reads in full; nothing here needs a newer one.
  $schema: "http://json-schema.org/draft-07/schema#",
  ...sectionSchema(own, name, ""),
})

function schemaOf(spec: Spec, path: string): JsonSchema {
  switch (spec.kind) {
    case "section":
      return sectionSchema(spec, path, `${path}.`)
    case "map":
      return { ...about(spec, path), ...mapSchema(spec) }
    case "named":
      return { ...about(spec, path), ...namedSchema(spec, path) }
    case "list":
      return { ...about(spec, path), ...listSchema(spec) }
    default:
      return { ...about(spec, path), ...leafSchema(spec) }
  }
}

function sectionSchema(spec: SectionSpec, title: string, prefix: string): JsonSchema {
  const fields = Object.entries(spec.fields)
  return {
    ...about(spec, title),
    ...closed(fields.map(([key, field]) => [key, schemaOf(field, prefix + key)])),
  }
}

/** A map with known keys, or with the names of environments. */
const mapSchema = ({ keys, item }: MapSpec): JsonSchema =>
  isByEnvironment(keys)
    ? {
        type: ["object", "null"],
        propertyNames: { pattern: environmentRule.pattern.source },
        additionalProperties: leafSchema(item),
      }
    : closed(keys.map((key) => [key, leafSchema(item)]))

function listSchema(spec: ListSpec): JsonSchema {
  const list = {
    type: "array",
    items: leafSchema(spec.item),
    uniqueItems: spec.mayRepeat !== true,
    ...(spec.nonEmpty && { minItems: 1 }),
  }
  return spec.word === undefined ? list : { anyOf: [list, { const: spec.word }] }
}

/** A map with names of the file's own, or null; for known names a list too. */
function namedSchema({ name, item, known = [], required = [] }: NamedSpec, path: string): JsonSchema {
  const value = schemaOf(item, `${path}.*`)
  const map = {
    type: ["object", "null"],
    propertyNames: { pattern: name.pattern.source },
    ...(known.length > 0 && { patternProperties: { [`^(${known.join("|")})$`]: value } }),
    additionalProperties: required.length > 0 ? { allOf: [value, { type: "object", required }] } : value,
  }
  if (known.length === 0) return map
  return { anyOf: [map, listSchema({ kind: "list", item: { kind: "choice", values: known } })] }
}

/** A map with these keys alone, or null. */
function closed(properties: [string, JsonSchema][]): JsonSchema {
  return { type: ["object", "null"], properties: Object.fromEntries(properties), additionalProperties: false }
}

function leafSchema(spec: LeafSpec): JsonSchema {
  switch (spec.kind) {
    case "choice":
      return isByEnvironment(spec.values)
        ? { type: "string", pattern: environmentRule.pattern.source }
        : { enum: spec.values }
    case "integer":
      return { type: "integer", minimum: spec.minimum, maximum: spec.maximum }
    case "text":
      return spec.numbers ? { anyOf: [textSchema(spec), { enum: spec.numbers }] } : textSchema(spec)
  }
}

function textSchema({ rules: [first, ...more] }: TextSpec): JsonSchema {
  const patterns = (first ? [first, ...more] : []).map((rule) => ({ pattern: rule.pattern.source }))
  return { type: "string", ...(patterns.length > 1 ? { allOf: patterns } : patterns[0]) }
}

function about(spec: Spec, title: string): JsonSchema {
  return {
    title,
    ...(spec.doc !== undefined && { description: spec.doc }),
    ...("default" in spec && { default: writtenDefault(spec) }),
  }
}
