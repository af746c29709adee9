/** Sections of an INI file with their keys, both as written but for the keys' case; values without their first line break. */
export type Ini = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Reads an INI file as Python's configparser does: indented lines continue a value. Takes time linear in its length. */
export function readIni(text: string): Ini {
  const sections = new Map<string, Map<string, string>>()
  let keys = new Map<string, string>()
  let key: string | undefined
  for (const line of text.replace(/^\uFEFF/, "").split("\n")) {
    const trimmed = line.trim()
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";")) continue
    if (/^\s/.test(line)) {
      if (key !== undefined) keys.set(key, `${keys.get(key) ?? ""}\n${trimmed}`.trim())
    } else if (trimmed.startsWith("[") && trimmed.includes("]")) {
      const name = trimmed.slice(1, trimmed.lastIndexOf("]"))
      keys = sections.get(name) ?? new Map<string, string>()
      sections.set(name, keys)
      key = undefined
    } else key = entry(trimmed, keys)
  }
  return sections
}

/** Sets a line's key; returns it. */
function entry(line: string, keys: Map<string, string>): string {
  const at = line.search(/[=:]/)
  const key = (at < 0 ? line : line.slice(0, at)).trim().toLowerCase()
  keys.set(key, at < 0 ? "" : line.slice(at + 1).trim())
  return key
}
