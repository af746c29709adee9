import { clip } from "./escape.js"

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`

/** The first names of many, and the number of the others. */
export const someOf = (names: readonly string[], most: number): string =>
  names.slice(0, most).join(", ") + (names.length > most ? ` and ${names.length - most} more` : "")

/** Returns the text as one line of limited length. */
export const oneLine = (text: string): string => clip(text.replace(/\s+/g, " ").trim(), REASON_LENGTH)
export const REASON_LENGTH = 300
