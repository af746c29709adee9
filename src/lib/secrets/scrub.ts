import { wellFormed } from "../text/escape.js"
import { bare, decodings, plainView, type View } from "./views.js"
import { type Automaton, automaton, type Span, spans } from "./words.js"

const MASK = "***"
/** Length below which a piece of base64 may appear by chance. */
const LEAST_BASE64 = 6

/** Bytes below which a secret is not searched for behind escapes, within decoded bytes, and across white space. */
const [LEAST_ESCAPED, LEAST_DECODED, LEAST_SPACED] = [4, 5, 8]

/** How often base64 and hexadecimal are decoded. */
const DEPTH = 2

/** Length of the pieces that a text is searched in, which bounds the memory. */
const PIECE = 1 << 20

/** Longest encoding of a secret for each byte of it, such as `0x61, ` with some white space, and what goes with it. */
const [EXPANSION, MARGIN] = [12, 4096]

/**
 * Removes secrets from a text, in whatever form.
 *
 * That is plain, wrapped over lines, with escapes of JSON, shells, URLs and HTML, however often those were applied, and
 * in base64 or hexadecimal, also twice. Overlapping ones are removed as a whole. The time grows with the text and with
 * the secrets, never with their product.
 */
export function scrub(text: string, secrets: readonly string[]): string {
  const given = secrets.filter((secret) => secret !== "")
  if (given.length === 0 || text === "") return text
  const found = [...spans(text, automaton(new Set(given.flatMap(formsOf)))), ...hiddenSpans(text, given)]
  const parts: string[] = []
  let end = 0
  for (const [from, to] of merged(found)) {
    parts.push(text.slice(end, from), MASK)
    end = to
  }
  return [...parts, text.slice(end)].join("")
}

/** Sorts ranges, and joins those that overlap. */
function merged(found: Span[]): Span[] {
  const joined: Span[] = []
  for (const [from, to] of found.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last !== undefined && from < last[1]) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

/** Ranges of secrets behind escapes, line breaks and encodings. */
function hiddenSpans(text: string, secrets: readonly string[]): Span[] {
  const words = new Set(
    secrets
      .flatMap((secret) => [
        Buffer.from(secret),
        Buffer.from(secret.replaceAll(" ", "+")),
        Buffer.from(secret, "utf16le"),
      ])
      .map((form) => latin1(bare(plainView(form))))
      .filter((word) => word.length >= LEAST_ESCAPED),
  )
  if (words.size === 0) return []
  const known = automaton(words)
  let longest = 0
  for (const word of words) longest = Math.max(longest, word.length)
  const margin = EXPANSION * longest + MARGIN
  const step = Math.max(PIECE, margin)
  const found: Span[] = []
  for (let start = 0; start < text.length; start += step) {
    const piece = text.slice(start, start + step + margin)
    for (const [from, to] of inCharacters(piece, spansBelow(plainView(Buffer.from(piece)), known, DEPTH)))
      found.push([start + from, start + to])
  }
  return found
}

const latin1 = ({ bytes }: View): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")

/** Ranges of words in a view and in what is decoded from it. */
function spansBelow(source: View, words: Automaton, depth: number): Span[] {
  const view = bare(source)
  const top = depth === DEPTH
  const found = spans(latin1(view), words)
    .filter(([from, to]) => to - from >= (top ? LEAST_ESCAPED : LEAST_DECODED))
    .filter(([from, to]) => !top || to - from >= LEAST_SPACED || isWhole(view, from, to))
    .map(([from, to]): Span => [view.from[from] ?? 0, view.to[to - 1] ?? 0])
  if (depth > 0)
    for (const decoded of decodings(view))
      for (const span of spansBelow(decoded, words, depth - 1)) found.push(span)
  return found
}

/** True if nothing was skipped within a range. */
function isWhole(view: View, from: number, to: number): boolean {
  for (let at = from + 1; at < to; at += 1) if ((view.from[at] ?? 0) > (view.to[at - 1] ?? 0)) return false
  return true
}

/** Converts ranges of a text's bytes to those of its characters. */
function inCharacters(text: string, inBytes: Span[]): Span[] {
  if (inBytes.length === 0) return []
  const ends = merged(inBytes).flat()
  const places: number[] = []
  let bytes = 0
  for (let at = 0; at <= text.length && places.length < ends.length;) {
    while (places.length < ends.length && (ends[places.length] ?? 0) <= bytes) places.push(at)
    const point = text.codePointAt(at) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    at += point < 0x10000 ? 1 : 2
  }
  return Array.from({ length: places.length / 2 }, (_, index): Span => [
    places[2 * index] ?? 0,
    places[2 * index + 1] ?? 0,
  ])
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const html = json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026")
  const url = encodeURIComponent(wellFormed(secret))
  const strict = url.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return [secret, json, html, url, strict, strict.replaceAll("%20", "+"), ...base64Forms(secret)]
}

/** Base64 of a secret for each alignment, without the digits that depend on neighbouring bytes. */
const base64Forms = (secret: string): string[] =>
  [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
    const whole = bytes
      .toString("base64")
      .slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
    const url = whole.replaceAll("+", "-").replaceAll("/", "_")
    return whole.length < LEAST_BASE64 ? [] : [whole, url]
  })
