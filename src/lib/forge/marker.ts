import { createHash } from "node:crypto"
import { wellFormed } from "../text/escape.js"

/**
 * Invisible HTML comment that identifies a comment's key.
 *
 * It contains a digest: no key, whatever its text, can end the HTML comment or look like another.
 */
export const marker = (key: string): string =>
  `<!-- slipway:${createHash("sha256").update(wellFormed(key)).digest("hex").slice(0, 40)} -->`

/** Characters that no host stores, or that its database refuses. */
// eslint-disable-next-line no-control-regex -- matches control characters
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g

/**
 * Commands such as `/merge` at the start of a line, which GitLab runs for any author; bots on other hosts do the same.
 */
const COMMANDS = /^([ \t]*)\/(?=[a-z])/gim

/** Returns a comment's full text: the marker at its very start, and no line that is a command to the host. */
export function marked(key: string, body: string): string {
  const text = wellFormed(body)
    .replace(/\r\n?/g, "\n")
    .replace(CONTROLS, "\uFFFD")
    .replace(COMMANDS, "$1\u200B/")
  return `${marker(key)}\n${text.trimEnd()}`
}

/** True for texts that are equal but for the changes that hosts make when storing them. */
export const sameText = (a: string, b: string): boolean => stored(a) === stored(b)

const stored = (text: string): string => text.replace(/\r\n?/g, "\n").trimEnd()
