import { parse, TomlError } from "smol-toml"
import { fields } from "./json.js"

/** The tables of a TOML file. */
export interface Toml {
  data: Record<string, unknown>
  /** Why the file can't be parsed; then there is no data. */
  problem?: string
}

/** Parses TOML. Never throws: of an invalid text it returns the place and kind of the mistake. */
export function readToml(text: string): Toml {
  try {
    return { data: parse(text) }
  } catch (error) {
    const [message = ""] = String(error instanceof Error ? error.message : error).split("\n")
    const place = error instanceof TomlError ? `line ${error.line}, column ${error.column}: ` : ""
    return { data: {}, problem: `${place}${message}` }
  }
}

/** The value at a path of tables; undefined where one is missing. */
export const valueAt = (data: unknown, ...path: readonly string[]): unknown =>
  path.reduce((value, name) => fields(value)[name], data)

/** True if a TOML file has this table. Of an invalid file its header is enough: what reads the table reports the mistake. */
export function hasTable(file: string, ...path: readonly string[]): boolean {
  const { data, problem } = readToml(file)
  return problem === undefined ? valueAt(data, ...path) !== undefined : file.includes(`[${path.join(".")}`)
}

/** The texts of a list; anything else has none. */
export const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : []
