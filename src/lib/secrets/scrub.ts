import { wellFormed } from "../text/escape.js"

const MASK = "***"
/** Length below which a piece of base64 may appear by chance. */
const LEAST_BASE64 = 6

/**
 * Removes secrets from a text, also in the forms of JSON, URLs and base64.
 *
 * Overlapping ones are removed as a whole. The time grows with the text and with the secrets, never with their product.
 */
export function scrub(text: string, secrets: readonly string[]): string {
  const forms = new Set(secrets.filter((secret) => secret !== "").flatMap(formsOf))
  if (forms.size === 0) return text
  const parts: string[] = []
  let end = 0
  for (const [from, to] of spans(text, automaton(forms))) {
    parts.push(text.slice(end, from), MASK)
    end = to
  }
  return [...parts, text.slice(end)].join("")
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

/** Automaton of Aho and Corasick, which finds many words in one pass. State 0 is the start. */
interface Automaton {
  next: Map<number, number>
  /** State of the longest suffix of a state's text that is also a prefix of a word. */
  fallback: number[]
  /** Length of the longest word that a state's text ends with; 0 without one. */
  longest: number[]
}

/** Key of an edge: state and character as one number. */
const edge = (state: number, char: number): number => state * 0x10000 + char

function automaton(words: Iterable<string>): Automaton {
  const next = new Map<number, number>()
  const [fallback, longest] = [[0], [0]]
  const added: { parent: number; char: number; state: number; depth: number }[] = []
  for (const word of words) {
    let state = 0
    for (let index = 0; index < word.length; index += 1) {
      const char = word.charCodeAt(index)
      let following = next.get(edge(state, char))
      if (following === undefined) {
        following = longest.push(0) - 1
        next.set(edge(state, char), following)
        added.push({ parent: state, char, state: following, depth: index + 1 })
      }
      state = following
    }
    longest[state] = word.length
  }
  const made = { next, fallback, longest }
  // A state falls back to a shorter one, which has been built before.
  for (const { parent, char, state, depth } of added.sort((a, b) => a.depth - b.depth)) {
    const shorter = depth === 1 ? 0 : step(made, fallback[parent] ?? 0, char)
    fallback[state] = shorter
    longest[state] = Math.max(longest[state] ?? 0, longest[shorter] ?? 0)
  }
  return made
}

function step({ next, fallback }: Automaton, from: number, char: number): number {
  let state = from
  for (;;) {
    const following = next.get(edge(state, char))
    if (following !== undefined) return following
    if (state === 0) return 0
    state = fallback[state] ?? 0
  }
}

/** Ranges of words, with overlapping ones merged. */
function spans(text: string, words: Automaton): [from: number, to: number][] {
  const found: [from: number, to: number][] = []
  let state = 0
  for (let index = 0; index < text.length; index += 1) {
    state = step(words, state, text.charCodeAt(index))
    const length = words.longest[state] ?? 0
    if (length > 0) add(found, index + 1 - length, index + 1)
  }
  return found
}

/** Adds a range; a long word may end after several short ones within it. */
function add(found: [from: number, to: number][], start: number, to: number): void {
  let from = start
  for (let last = found.at(-1); last !== undefined && last[1] > from; last = found.at(-1)) {
    from = Math.min(from, last[0])
    found.pop()
  }
  found.push([from, to])
}
