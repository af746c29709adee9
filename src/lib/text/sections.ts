/** The dotted names of a configuration file's tables and keys, for example `tool.black.line-length`. */
export type Keys = ReadonlySet<string>

/** What may stand in the way of reading TOML line by line: comments and strings of several lines. */
const TOML_NOISE = /#[^\n]*|"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/g

/** Reads the tables and keys of a TOML file; their values are of no interest here. */
export function tomlKeys(text: string): Keys {
  const keys = new Set<string>()
  let table: string[] = []
  const quiet = text.replace(TOML_NOISE, (noise) =>
    noise.startsWith("#") ? "" : noise.includes("\n") || /^("""|''')/.test(noise) ? '""' : noise,
  )
  for (const line of quiet.split(/\r?\n/)) {
    const header = /^\s*\[\[?([\w\s."'-]+)\]\]?\s*$/.exec(line)?.[1]
    const key = /^\s*([\w\s."'-]+?)\s*=/.exec(line)?.[1]
    if (header !== undefined) table = parts(header)
    if (header !== undefined || key !== undefined) addPrefixes(keys, [...table, ...parts(key ?? "")])
  }
  return keys
}

const parts = (dotted: string): string[] =>
  dotted
    .split(".")
    .map((part) => part.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .filter(Boolean)

function addPrefixes(keys: Set<string>, path: string[]): void {
  path.forEach((_, index) => keys.add(path.slice(0, index + 1).join(".")))
}

/** Reads the sections and keys of an INI file as Python's configparser sees them: an indented line goes on with a value. */
export function iniKeys(text: string): Keys {
  const keys = new Set<string>()
  let section = ""
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[(.+)\]/.exec(line)?.[1]
    const key = /^([^\s#;[=:][^=:]*?)\s*[=:]/.exec(line)?.[1]
    if (header !== undefined) keys.add((section = header))
    else if (key !== undefined) keys.add(`${section}.${key.toLowerCase()}`)
  }
  return keys
}
