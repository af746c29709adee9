import { parse } from "yaml"
import { fields } from "./json.js"

/** The map in a YAML text; undefined if it can't be read, such as one with an alias of nothing. */
export function yamlMap(text: string): Record<string, unknown> | undefined {
  try {
    return fields(parse(text, { maxAliasCount: 20, logLevel: "silent" }))
  } catch {
    return undefined
  }
}
