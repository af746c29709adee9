import { createHash } from "node:crypto"
import { wellFormed } from "../text/escape.js"

/**
 * The comment in HTML, seen by no reader, by which a comment for a key is found again. It is a digest: no key,
 * whatever it holds, can end it early, or look like another.
 */
export const marker = (key: string): string =>
  `<!-- slipway:${createHash("sha256").update(wellFormed(key)).digest("hex").slice(0, 40)} -->`

/** Characters that no host stores, or that a database refuses. */
// eslint-disable-next-line no-control-regex -- controls are what is looked for
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g

/** `/merge` at the start of a line is done by GitLab for whoever writes it; robots on other hosts do alike. */
const COMMANDS = /^([ \t]*)\/(?=[a-z])/gim

/** Returns a comment's whole text: the marker at its very start, and no line in it that is a command to the host. */
export function marked(key: string, body: string): string {
  const text = wellFormed(body)
    .replace(/\r\n?/g, "\n")
    .replace(CONTROLS, "\uFFFD")
    .replace(COMMANDS, "$1\u200B/")
  return `${marker(key)}\n${text.trimEnd()}`
}

/** True for texts that differ in nothing but what hosts change when they store one. */
export const sameText = (a: string, b: string): boolean => stored(a) === stored(b)

const stored = (text: string): string => text.replace(/\r\n?/g, "\n").trimEnd()
