import { stripVTControlCharacters } from "node:util"
import type { Finding, Outcome, ToolRun } from "./finding.js"
import { clip } from "../text/escape.js"
import { count, oneLine } from "../text/words.js"

/** Mount path of the source in a tool's container. */
const SOURCE = "/src/"

const MESSAGE_LENGTH = 1000

/** Returns a path relative to the source's root: tools give `./a.py`, `/src/a.py` or `a.py`. */
export function sourcePath(path: string): string {
  const inside = path.startsWith(SOURCE) ? path.slice(SOURCE.length) : path
  return inside.replace(/^(?:\.\/+)+/, "")
}

/** Creates a finding; invalid positions (0, -1) and an empty file are left out. */
export function finding(
  from: Pick<Finding, "tool" | "rule" | "level" | "message"> &
    Partial<Record<"line" | "column", number>> & { file?: string },
): Finding {
  const { line, column } = from
  return {
    tool: from.tool,
    rule: from.rule,
    level: from.level,
    ...(from.file === undefined || from.file === "" ? {} : { file: sourcePath(from.file) }),
    ...(counts(line) ? { line } : {}),
    ...(counts(line) && counts(column) ? { column } : {}),
    message: clip(from.message, MESSAGE_LENGTH),
  }
}

const counts = (value: number | undefined): value is number =>
  value !== undefined && Number.isSafeInteger(value) && value > 0

export function passed(reason: string, notes: Finding[] = []): Outcome {
  return { status: "passed", reason, findings: notes }
}

/** True for a finding that fails its gate. */
export const blocks = ({ level, advisory }: Finding): boolean => level !== "note" && advisory !== true

/** Outcome of a tool that found problems. */
export function failed(findings: Finding[]): Outcome {
  const problems = findings.filter(({ level }) => level !== "note").length || findings.length
  return { status: "failed", reason: `${count(problems, "problem")}${inFiles(findings)}`, findings }
}

/** Says how many files findings are in: ` in 2 files`; empty if they name none. */
export function inFiles(findings: readonly Finding[]): string {
  const files = new Set(findings.flatMap(({ file }) => (file === undefined ? [] : [file]))).size
  return files === 0 ? "" : ` in ${count(files, "file")}`
}

/** Outcome of a tool that could not run, with its own message as the reason. */
export function broken(tool: string, run: ToolRun, findings: Finding[] = [], hint = ""): Outcome {
  const message = [ownMessage(run), hint].filter(Boolean).join("; ")
  return {
    status: "error",
    reason: oneLine(`${tool} ${ending(run.exitCode)}: ${message || "no output"}`),
    findings,
  }
}

/** Outcome of a tool that succeeded without checking a file, which proves nothing. */
export function nothingChecked(tool: string, findings: Finding[] = []): Outcome {
  return {
    status: "error",
    reason: `${tool} checked no file: its paths hold no Python file, or all are excluded`,
    findings,
  }
}

/** True for a Python traceback on stderr. */
export const crashed = ({ stderr }: ToolRun): boolean => /^Traceback \(most recent call last\):/m.test(stderr)

function ending(exitCode: number): string {
  if (exitCode === 127) return "is not installed (exit code 127)"
  if (exitCode === 137) return "was killed (exit code 137), possibly out of memory"
  if (exitCode > 128) return `was killed by signal ${exitCode - 128} (exit code ${exitCode})`
  return `could not run (exit code ${exitCode})`
}

/** Returns a tool's own message: a crash's exception, else the first line with `error`, else the first. */
export function ownMessage({ stdout, stderr }: ToolRun): string {
  const lines = stripVTControlCharacters(stderr.trim() === "" ? stdout : stderr)
    .split("\n")
    .filter((line) => line.trim() !== "")
  const crash = lines.findLastIndex((line) => line.startsWith("Traceback (most recent call last)"))
  const exception = lines.findIndex((line, index) => index > crash && !/^\s/.test(line))
  if (crash >= 0 && exception >= 0) {
    const [first = "", second = ""] = lines.slice(exception)
    return first.endsWith(":") ? `${first} ${second}` : first
  }
  return withReasons(
    lines,
    Math.max(
      lines.findIndex((line) => /\berror\b/i.test(line)),
      0,
    ),
  )
}

/** A line with those that it announces: its list, or the reason after a colon. */
function withReasons(lines: readonly string[], at: number): string {
  const [first = "", ...rest] = lines.slice(at, at + 6)
  if (!first.trimEnd().endsWith(":")) return first
  const end = rest.findIndex((line, index) => index > 0 && !/^\s*- /.test(line))
  return [first, ...rest.slice(0, end < 0 ? rest.length : end).map((line) => line.trim())].join(" ")
}
