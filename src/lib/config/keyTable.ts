import { spec } from "./config.js"
import { isByEnvironment } from "./environments.js"
import {
  type LeafSpec,
  type NamedSpec,
  type SectionSpec,
  type Spec,
  type TextRule,
  writtenDefault,
} from "./spec.js"

const HEAD = "| key | type | default | meaning |\n| --- | --- | --- | --- |\n"

/**
 * Returns the tables of all keys of `slipway.yaml` in Markdown, for the documentation.
 *
 * Keys without a section come first, then each section under a heading of its own.
 */
export function keyTable(): string {
  const fields = Object.entries<Spec>(spec.fields)
  const sections = fields.flatMap(([key, field]) =>
    field.kind === "section" ? [`### ${key}\n\n${field.doc ?? ""}\n\n${HEAD}${rows(field, key)}`] : [],
  )
  const top = fields.map(([key, field]) => (field.kind === "section" ? "" : row(key, field))).join("")
  return [`### The whole file\n\n${HEAD}${top}`, ...sections].join("\n")
}

/** The rows of a section, with those of the sections in it. */
const rows = (section: SectionSpec, path: string): string =>
  Object.entries(section.fields)
    .map(([key, field]) => {
      const here = `${path}.${key}`
      if (field.kind === "section") return rows(field, here)
      const below =
        field.kind === "named" && field.item.kind === "section" ? rows(field.item, `${here}.*`) : ""
      return row(here, field) + below
    })
    .join("")

function row(path: string, field: Exclude<Spec, SectionSpec>): string {
  const keys = field.kind === "map" ? ` Keys: ${namesText(field.keys)}.` : ""
  const cells = [
    `\`${path}\``,
    typeText(field),
    defaultText(writtenDefault(field)),
    cell((field.doc ?? "") + keys),
  ]
  return `| ${cells.join(" | ")} |\n`
}

const namesText = (keys: readonly string[]): string =>
  isByEnvironment(keys) ? "the environments" : keys.join(", ")

function typeText(field: Exclude<Spec, SectionSpec>): string {
  if (field.kind === "list") return `list of ${leafText(field.item)}`
  if (field.kind === "map") return `map of ${leafText(field.item)}`
  if (field.kind === "named") return namedText(field)
  return leafText(field)
}

const namedText = ({ item, known }: NamedSpec): string =>
  item.kind === "section"
    ? `map by name${known === undefined ? "" : `, or list of ${known.join(", ")}`}`
    : `${leafText(item)} by name`

function leafText(leaf: LeafSpec): string {
  if (leaf.kind === "integer") return `${leaf.minimum} to ${leaf.maximum}`
  if (leaf.kind === "choice" && isByEnvironment(leaf.values)) return "environment"
  if (leaf.kind === "choice")
    return leaf.values.every((value) => typeof value === "boolean") ? "boolean" : leaf.values.join(", ")
  return nounOf(leaf.rules.at(-1))
}

/** The noun of a rule, or the one that its description begins with, without article and details. */
const nounOf = (rule?: TextRule): string =>
  rule?.noun ??
  (rule?.expected ?? "text")
    .replace(/^an? |^the /, "")
    .replace(/(:|,| \(| such as| that | without| with | on | from | in it).*/, "")

/** A text for a cell of a table, in which only code has a meaning. */
const cell = (text: string): string => text.replace(/[|*<]/g, "\\$&")

const defaultText = (value: unknown): string => (value === undefined ? "" : `\`${flow(value)}\``)

/** A value in YAML's flow style. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => ` ${key}: ${flow(item)}`)
      .join(",")}${Object.keys(value).length > 0 ? " " : ""}}`
  return String(value)
}
