/** What a text may not hold where a terminal, a parser or a reader could be led astray. */

/** Line breaks, controls, and the marks that turn the direction of writing. */
const UNSEEN = /[\p{Cc}\p{Cs}\u061C\u200B-\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu

const NAMES: Partial<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** Returns the text on one line with every control made visible: a file's name can't forge a line of output. */
export const visible = (text: string): string => text.replace(UNSEEN, (char) => NAMES[char] ?? hex(char))

function hex(char: string): string {
  const code = char.charCodeAt(0)
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`
}

/** Cuts a text to a length, never through a surrogate pair. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text
  const cut = text.slice(0, length - 1)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/** Returns the text with lone surrogates replaced: only then has it a form in UTF-8. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "\uFFFD")

/** Characters that XML 1.0 can't hold in any spelling. */
// eslint-disable-next-line no-control-regex -- controls are what is looked for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const XML: Partial<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
}

/** Returns the text for XML, in an attribute or an element: line breaks survive as references. */
export const xml = (text: string): string =>
  wellFormed(text)
    .replace(NOT_XML, "\uFFFD")
    .replace(/[&<>"'\t\n\r]/g, (char) => XML[char] ?? `&#${char.charCodeAt(0)};`)

/** Returns the text with nothing that Markdown, HTML or a table would act upon, links by their looks included. */
const inert = (text: string): string =>
  text
    .replace(/[&<>"'`|*_~[\]\\!(){}$^]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/:(?=\/\/)/g, "&#58;")
    .replace(/\bwww\./gi, (match) => `${match.slice(0, 3)}&#46;`)

/** Returns the text for a line of Markdown, without mentions and references. */
export const markdown = (text: string): string => inert(visible(text).replace(/[@#](?=\w)/g, "$&\u200B"))

/** Returns the text as code in a line of Markdown, where no mention is looked for. */
export const code = (text: string): string => `<code>${inert(visible(text))}</code>`

/** Returns the text as a fenced block, with a fence longer than any in it. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${visible(text)}\n${fence}\n`
}

/** What `visible` lets pass and no reader sees; only what chooses between two looks of an emoji may stay. */
const FAINT = /(?![\uFE00-\uFE0F])\p{Default_Ignorable_Code_Point}|[\uFFF9-\uFFFB]/gu

/** Returns the text as `visible` does, with whatever else has no width written out too. */
export const legible = (text: string): string =>
  visible(text).replace(FAINT, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** Returns lines as a fenced block, with a fence longer than any in them. */
export function fencedLines(lines: readonly string[], language: string): string {
  const text = lines.map(legible).join("\n")
  let longest = 2
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length)
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}\n`
}
