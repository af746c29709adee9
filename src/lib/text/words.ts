import { REASON_LENGTH } from "../run/outcome.js"
import { clip } from "./escape.js"

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`

/** Returns the text as one line of sane length. */
export const oneLine = (text: string): string => clip(text.replace(/\s+/g, " ").trim(), REASON_LENGTH)

/** Returns the text without terminal colours. */
// eslint-disable-next-line no-control-regex -- the escape character is what is looked for

export const plain = (text: string): string => text.replace(/\x1b\[[\d;]*m/g, "")
