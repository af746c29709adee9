import { stripVTControlCharacters } from "node:util"
import { clip, visible, xml } from "../../text/escape.js"

/** Default length limit of a text. */
const TEXT_LENGTH = 300

/** Trusted markup. A class, so that no untrusted value can pass for it. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Content = string | number | Markup | undefined | readonly Content[]

/** Template tag for markup: truncates and escapes every string, inserts only `Markup` verbatim. */
export function markup(parts: TemplateStringsArray, ...contents: Content[]): Markup {
  const written = contents.map((content, index) => write(content) + (parts[index + 1] ?? ""))
  return new Markup((parts[0] ?? "") + written.join(""))
}

function write(content: Content): string {
  if (content === undefined) return ""
  if (content instanceof Markup) return content.text
  if (typeof content === "object") return content.map(write).join("")
  return typeof content === "number" ? String(content) : inlineText(content).text
}

/** Escapes a text on one line, truncated. */
export const inlineText = (content: string, length = TEXT_LENGTH): Markup =>
  new Markup(xml(visible(clip(content, length))))

/** Escapes a text with its line breaks and tabs, for `<pre>`. */
export function block(content: string, length: number): Markup {
  const lines = clip(stripVTControlCharacters(clip(content, length * 2)), length).split(/\r?\n/)
  return new Markup(
    lines.map((line) => line.split("\t").map(visible).map(xml).join("\t").trimEnd()).join("\n"),
  )
}

/** Size limits of a list. */
export interface ListLimit {
  count: number
  bytes: number
}

/** Renders the first items within the limits and counts those left out. */
export function listing<T>(
  items: readonly T[],
  { count, bytes }: ListLimit,
  render: (item: T, index: number) => Markup,
): { shown: Markup[]; hidden: number } {
  const shown: Markup[] = []
  let used = 0
  for (const [index, item] of items.slice(0, count).entries()) {
    const rendered = render(item, index)
    used += Buffer.byteLength(rendered.text)
    if (used > bytes) break
    shown.push(rendered)
  }
  return { shown, hidden: items.length - shown.length }
}

/** Note of how many items are left out and where they are. */
export const more = (hidden: number, what: string, where: Content): Content =>
  hidden === 0 ? undefined : markup`<p class="more">… and ${formatCount(hidden)} more${what} in ${where}</p>`

export const formatCount = (number: number): string => number.toLocaleString("en-US")

/** Returns `1 stage`, `2 stages`. */
export const plural = (number: number, noun: string): string =>
  `${formatCount(number)} ${noun}${number === 1 ? "" : "s"}`
