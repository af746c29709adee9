import type { PlacedText } from "./findings.js"

/** The logical lines of a text with commands, at their first lines; comments and empty ones are left out. */
export function commandLines(file: string, text: string): PlacedText[] {
  const found: PlacedText[] = []
  let open: PlacedText | undefined
  text.split("\n").forEach((raw, index) => {
    const trimmed = raw.trim()
    if (open === undefined && (trimmed === "" || trimmed.startsWith("#"))) return
    const continues = trimmed.endsWith("\\")
    const part = continues ? trimmed.slice(0, -1).trimEnd() : trimmed
    open =
      open === undefined ? { text: part, file, line: index + 1 } : { ...open, text: `${open.text} ${part}` }
    if (continues) return
    found.push(open)
    open = undefined
  })
  return open === undefined ? found : [...found, open]
}

/** The words of a command, without quotes around them. */
export const commandWords = (line: string): string[] =>
  (line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ""))

/** The values of an option in a command's words, in each of its spellings: `-t x`, `--tag=x`. */
export const wordsAfter = (words: readonly string[], ...names: readonly string[]): string[] =>
  words.flatMap((word, index) => {
    const [name = "", ...rest] = word.split("=")
    if (!names.includes(name)) return []
    const value = rest.length > 0 ? rest.join("=") : words[index + 1]
    return value === undefined ? [] : [value]
  })

/** Puts in the defaults of variables: `${TAG:-15}` is `15`. */
export const withDefaults = (text: string): string => text.replace(/\$\{\w+:?-([^${}]*)\}/g, "$1")
