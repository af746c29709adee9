import { visible } from "../text/escape.js"

/** Escapes a text, and cuts it so that what comes of it has that length: never within what stands for one character. */
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

/** Cuts a text that needs no escaping. */
export const fitPlain = (text: string, length: number): string => fit(text, length, (character) => character)

/** Characters of a text that are worked on: more than any message shows of one. */
const SHOWN = 4_000

/** A text on one line, without marks that nobody sees, and without a word that calls people: @channel. */
export const inert = (text: string): string => visible(text.slice(0, SHOWN)).replace(/@(?=\w)/g, "@\u200B")

/** The same of a text of several lines. */
export const inertLines = (text: string): string =>
  text.trim().slice(0, SHOWN).split(/\r?\n/).map(inert).join("\n")

/** Leaves out one thing after the other until the rest is small enough, as JSON in UTF-8. */
export function fitWithin<T>(bytes: number, most: number, make: (count: number) => T): T {
  for (let count = most; ; count -= 1) {
    const made = make(count)
    if (count <= 0 || Buffer.byteLength(JSON.stringify(made)) <= bytes) return made
  }
}
