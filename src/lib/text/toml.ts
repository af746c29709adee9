import { parse, TomlError } from "smol-toml"
import { fields } from "./json.js"

/** Content of a TOML file. */
interface Toml {
  data: Record<string, unknown>
  /** Why the file can't be parsed; then there is no data. */
  problem?: string
}

/** Parses TOML. Never throws: for an invalid text it returns the position and kind of the error. */
export function readToml(text: string): Toml {
  try {
    return { data: parse(text) }
  } catch (error) {
    const [message = ""] = String(error instanceof Error ? error.message : error).split("\n")
    const place = error instanceof TomlError ? `line ${error.line}, column ${error.column}: ` : ""
    return { data: {}, problem: `${place}${message}` }
  }
}

/** Value at a path of tables; undefined if one is missing. */
export const valueAt = (data: unknown, ...path: readonly string[]): unknown =>
  path.reduce((value, name) => fields(value)[name], data)

/** True if a TOML file has this table. In an invalid file its header counts: the table's reader reports it. */
export function hasTable(file: string, ...path: readonly string[]): boolean {
  const { data, problem } = readToml(file)
  return problem === undefined ? valueAt(data, ...path) !== undefined : file.includes(`[${path.join(".")}`)
}

/** Strings of an array; none for anything else. */
export const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : []
