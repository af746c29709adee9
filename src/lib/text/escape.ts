/** Line breaks, control characters, and those that change the direction of writing. */
const UNSEEN = /[\p{Cc}\p{Cs}\u061C\u200B-\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu

const NAMES: Partial<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** Returns the text on one line with visible control characters: a file's name can't forge a line of output. */
export const visible = (text: string): string => text.replace(UNSEEN, visibleChar)

/** A character as an escape sequence: `\n`, `\x1b`, `\u202e`. */
export const visibleChar = (char: string): string => NAMES[char] ?? hex(char)

function hex(char: string): string {
  const code = char.charCodeAt(0)
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`
}

/** Cuts a text to a length, never inside a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text
  const cut = text.slice(0, length - 1)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** Replaces lone surrogates, which UTF-8 can't encode. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "\uFFFD")

/** Characters that XML 1.0 can't represent, even as references. */
// eslint-disable-next-line no-control-regex -- controls are what is looked for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const XML: Partial<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
}

/** Escapes a text for XML, in an attribute or an element: line breaks become references. */
export const xml = (text: string): string =>
  wellFormed(text)
    .replace(NOT_XML, "\uFFFD")
    .replace(/[&<>"'\t\n\r]/g, (char) => XML[char] ?? `&#${char.charCodeAt(0)};`)

/** Escapes everything that Markdown, HTML or a table would interpret, bare links included. */
const inert = (text: string): string =>
  text
    .replace(/[&<>"'`|*_~[\]\\!(){}$^]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/:(?=\/\/)/g, "&#58;")
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}&#46;`)

/** Escapes a text for a line of Markdown, without mentions and references. */
export const markdown = (text: string): string => inert(visible(text).replace(/[@#](?=\w)/g, "$&\u200B"))

/** Formats a text as inline code of Markdown, where mentions have no effect. */
export const code = (text: string): string => `<code>${inert(visible(text))}</code>`

/** Formats a text as a fenced block, with a fence longer than any in it. */
export function fenced(text: string, language: string): string {
  const fence = fenceFor(text)
  return `${fence}${language}\n${visible(text)}\n${fence}\n`
}

/** A fence longer than any in a text. */
function fenceFor(text: string): string {
  let longest = 2
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  return "`".repeat(longest + 1)
}

/** Invisible characters that `visible` keeps, except for those that choose an emoji's style. */
const FAINT = /(?![\uFE00-\uFE0F])\p{Default_Ignorable_Code_Point}|[\uFFF9-\uFFFB]/gu

/** Like `visible`, with all other characters of no width made visible too. */
export const legible = (text: string): string =>
  visible(text).replace(FAINT, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** Formats lines as a fenced block, with a fence longer than any in them. */
export function fencedLines(lines: readonly string[], language: string): string {
  const text = lines.map(legible).join("\n")
  const fence = fenceFor(text)
  return `${fence}${language}\n${text}\n${fence}\n`
}
