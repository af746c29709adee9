import { clip } from "./escape.js"

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`

/** Returns the text as one line of limited length. */
export const oneLine = (text: string): string => clip(text.replace(/\s+/g, " ").trim(), REASON_LENGTH)
export const REASON_LENGTH = 300
