/** The dotted names of a configuration file's sections and keys, for example `flake8.max-line-length`. */
export type Keys = ReadonlySet<string>

/** Reads the sections and keys of an INI file as Python's configparser does: an indented line continues a value. */
export function iniKeys(text: string): Keys {
  const keys = new Set<string>()
  let section = ""
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[(.+)\]/.exec(line)?.[1]
    const key = /^([^\s#;[=:][^=:]*)[=:]/.exec(line)?.[1]?.trimEnd()
    if (header !== undefined) keys.add((section = header))
    else if (key !== undefined) keys.add(`${section}.${key.toLowerCase()}`)
  }
  return keys
}
