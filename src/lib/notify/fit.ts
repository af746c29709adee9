import { visible } from "../text/escape.js"

/** Escapes a text and truncates the result to a length, never within an escape sequence. */
export function fit(text: string, length: number, escape: (character: string) => string): string {
  let whole = ""
  let cut = ""
  for (const character of text) {
    whole += escape(character)
    if (whole.length <= length - 1) cut = whole
    if (whole.length > length) return `${cut}…`
  }
  return whole
}

/** Truncates a text that needs no escaping. */
export const fitPlain = (text: string, length: number): string => fit(text, length, (character) => character)

/** Limit on processed characters of a text, more than any message shows. */
const SHOWN = 4_000

/** A text on one line, without invisible characters and mentions such as @channel. */
export const inert = (text: string): string => visible(text.slice(0, SHOWN)).replace(/@(?=\w)/g, "@\u200B")

/** The same for a text of several lines. */
export const inertLines = (text: string): string =>
  text.trim().slice(0, SHOWN).split(/\r?\n/).map(inert).join("\n")

/** Makes the result with the most items with which it fits the size limit, as JSON in UTF-8. */
export function fitWithin<T>(bytes: number, most: number, make: (count: number) => T): T {
  const fits = (made: T) => Buffer.byteLength(JSON.stringify(made)) <= bytes
  const whole = make(most)
  if (fits(whole)) return whole
  // Halving the range takes as long as a few tries; trying each number would take quadratic time.
  let [kept, over] = [0, most]
  while (over - kept > 1) {
    const middle = Math.floor((kept + over) / 2)
    if (fits(make(middle))) kept = middle
    else over = middle
  }
  return make(kept)
}
