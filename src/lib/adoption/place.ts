/** The line and column of an offset, counted from 1: `3:5`. */
function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, Math.max(0, offset))
  return `${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}`
}

/** Finds a path of keys in the text of a JSON file: each key behind the one before. */
export function placeOf(text: string, path: readonly string[]): string {
  let offset = 0
  for (const key of path) {
    const at = text.indexOf(JSON.stringify(key), offset)
    if (at < 0) break
    offset = at
  }
  return lineAndColumn(text, offset)
}

/** Characters that V8 shows before and after an unexpected one. */
const CONTEXT = 10

/** Finds the place of a syntax error, of which V8 says the position, or shows the text around. */
export function syntaxPlace(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return lineAndColumn(text, Number(position))
  const cut = message.indexOf(', ..."')
  const start = cut < 0 ? message.indexOf(', "') + ', "'.length : cut + ', ..."'.length
  const end = message.lastIndexOf(" is not valid JSON")
  if (end < start) return lineAndColumn(text, text.length)
  const shown = message.slice(start, end).replace(/"(?:\.\.\.)?$/, "")
  return lineAndColumn(text, text.indexOf(shown) + (cut < 0 ? 0 : CONTEXT))
}
