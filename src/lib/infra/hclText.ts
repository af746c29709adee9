/** What a file of Terraform says, without its comments. */

/** Position in a file: in code, in a comment of several lines, or in a text that ends with a line of its name. */
type Place = "code" | "comment" | { end: string }

/** Removes comments and texts of several lines (heredocs), in which `#` and `/*` mean nothing. */
export function withoutComments(text: string): string {
  let place: Place = "code"
  const kept: string[] = []
  for (const line of text.split("\n")) {
    if (typeof place === "object") {
      if (line.trim() === place.end) place = "code"
      continue
    }
    const read = codeOf(line, place === "comment")
    kept.push(read.code)
    place = read.place
  }
  return kept.join("\n")
}

/** One that isn't closed ends with its line, else each of its quotes would be looked for again. */
const STRING = /"(?:[^"\\]|\\.)*"?/y
const HEREDOC = /<<[-~]?([A-Za-z_][\w-]*)/y

/** Reads one line. */
function codeOf(line: string, inComment: boolean): { code: string; place: Place } {
  let code = ""
  let at = 0
  if (inComment) {
    const end = line.indexOf("*/")
    if (end < 0) return { code, place: "comment" }
    at = end + 2
  }
  while (at < line.length) {
    const text = tokenAt(STRING, line, at)
    if (text !== undefined) {
      code += text[0]
      at += text[0].length
      continue
    }
    if (line[at] === "#" || line.startsWith("//", at)) break
    if (line.startsWith("/*", at)) {
      const end = line.indexOf("*/", at + 2)
      if (end < 0) return { code, place: "comment" }
      at = end + 2
      continue
    }
    const heredoc = tokenAt(HEREDOC, line, at)
    if (heredoc?.[1] !== undefined) return { code, place: { end: heredoc[1] } }
    code += line[at] ?? ""
    at += 1
  }
  return { code, place: "code" }
}

function tokenAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(line) ?? undefined
}
