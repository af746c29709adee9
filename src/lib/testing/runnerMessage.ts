import { stripVTControlCharacters } from "node:util"
import type { ToolRun } from "../run/finding.js"

/**
 * Message of a runner of tests for a failure outside of tests: what it says itself of its settings, with the file that
 * has them, an exception with what led to it, an exit, else its last line.
 */
export function runnerMessage({ stdout, stderr }: ToolRun): string {
  const text = stripVTControlCharacters(`${stdout}\n${stderr}`)
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  const said = messageIn(lines)
  const variable =
    /KeyError: '([A-Z][A-Z0-9]*_[A-Z0-9_]+)'|[Ss]et the "?([A-Z][A-Z0-9_]+)"? environment/.exec(said)
  const name = variable?.[1] ?? variable?.[2]
  return name === undefined ? said : `${said}; slipway.yaml sets it by tests: { environment: { ${name}: … } }`
}

function messageIn(lines: readonly string[]): string {
  return (
    usageError(lines) ??
    conftestError(lines) ??
    exit(lines) ??
    marked(lines) ??
    systemCheck(lines) ??
    exception(lines) ??
    lines.find((line) => /^(?:CommandError|\w*Error): /.test(line)) ??
    lines.at(-1)?.replace(/^=+ | =+$/g, "") ??
    ""
  )
}

/** pytest's words about its command line and settings: `x: error: …` of its parser, or `ERROR: …`. */
function usageError(lines: readonly string[]): string | undefined {
  const parser = lines.findIndex((line) => /^\S*: error: /.test(line))
  if (parser >= 0) {
    const file = lines
      .slice(parser)
      .map((line) => /^ *inifile: (?!None)(?:\/src\/)?(\S+)/.exec(line)?.[1])
      .find((found) => found !== undefined)
    const said = lines[parser]?.replace(/^\S*: error: /, "") ?? ""
    return file === undefined ? said : `${said} (in ${file})`
  }
  return lines.find((line) => /^ERROR: (?!usage:)/.test(line))?.replace(/^ERROR: (?:\/src\/)?/, "")
}

/** A conftest that can't be imported, and why. */
function conftestError(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => line.startsWith("ImportError while loading conftest"))
  if (at < 0) return undefined
  const cause = lines.slice(at).findLast((line) => line.startsWith("E "))
  const said = (lines[at] ?? "").replace("'/src/", "'").replace(/\.$/, "")
  return cause === undefined ? said : `${said}: ${cause.slice(1).trim()}`
}

/** A line of exclamation marks: pytest was told to stop. */
const exit = (lines: readonly string[]): string | undefined =>
  lines
    .map((line) => /^!+ (?!stopping after|Interrupted: \d+ error)(.*?) !+$/.exec(line)?.[1])
    .find((said) => said !== undefined)

/** The last exception that pytest marks as one, in a report or as its own. */
const marked = (lines: readonly string[]): string | undefined =>
  lines.map((line) => /^(?:E +|INTERNALERROR> )(\S.*)$/.exec(line)?.[1]).findLast(namesException)

function namesException(said: string | undefined): boolean {
  const kind = said?.split(":")[0] ?? ""
  return /^[\w.]+$/.test(kind) && /(?:Error|Exception|Exit|Warning)$/.test(kind)
}

/** The first of the problems that Django's own check found. */
function systemCheck(lines: readonly string[]): string | undefined {
  const at = lines.findIndex((line) => line.startsWith("SystemCheckError: "))
  if (at < 0) return undefined
  const problem = lines.slice(at + 1).find((line) => !/^[A-Z]+:$/.test(line))
  return `SystemCheckError: ${problem ?? lines[at]?.slice("SystemCheckError: ".length) ?? ""}`
}

/** The exception of the last traceback, which those before it led to. */
function exception(lines: readonly string[]): string | undefined {
  const at = lines.findLastIndex((line) => line.startsWith("Traceback (most recent call last)"))
  if (at < 0) return undefined
  const [first, second = ""] = lines.slice(at + 1).filter((line) => !/^\s/.test(line))
  return first?.endsWith(":") ? `${first} ${second}` : first
}
