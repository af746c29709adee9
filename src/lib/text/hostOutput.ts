import { visibleChar } from "./escape.js"

/** Controls other than line breaks and tabs, and characters that change the direction of writing. */
const CONTROL = /(?![\n\t])[\p{Cc}\u2028-\u202E\u2066-\u2069]/gu

/** What hosts take for a command wherever it stands, up to the bracket: `##[`, `##vso[`, `##teamcity[`. */
const BRACKET = /(##\w{0,20})(?=\[)/g

/** What GitHub takes for a command at the beginning of a line, up to the second colon. */
const COLONS = /((?:^|\n)[^\S\n]*:)(?=:)/g

/** Number of characters of a line that the beginning of a command has at most. */
const LONGEST_START = 24

const NOTHING = "\u200B"

/**
 * Returns a function that makes text harmless for CI hosts, which obey commands in what a job prints.
 *
 * Anybody may choose names of tests and files, keys of a configuration and what a tool says. Commands get a character of
 * no width in them, and controls become visible: escape sequences of terminals are commands to some hosts as well. It
 * remembers the line that was printed last, since that may come in parts.
 */
export function harmlessOutput(): (text: string) => string {
  let line = ""
  return (text) => {
    const added = text.replaceAll("\r\n", "\n").replace(CONTROL, visibleChar)
    const whole = (line + added).replace(BRACKET, `$1${NOTHING}`).replace(COLONS, `$1${NOTHING}`)
    const shown = whole.slice(line.length)
    line = lineStart(whole.slice(whole.lastIndexOf("\n") + 1))
    return shown
  }
}

/** Shortens a line to what decides whether it goes on as a command. */
const lineStart = (line: string): string =>
  line.trimStart().length < 2 ? line.trimStart() : `-${line.slice(-LONGEST_START)}`
