import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { readDiff } from "./diff.js"
import { broken, crashed, failed, finding, nothingChecked, passed } from "../run/outcome.js"
import { count } from "../text/words.js"
import { anyOf, operands, type Tool, type ToolContext } from "./tool.js"

const options = ({ configured, excludes }: ToolContext): string[] =>
  configured || excludes.length === 0 ? [] : [`--extend-exclude=/(${anyOf(excludes)})/`]

/** Formatter: https://black.readthedocs.io */
export const black: Tool = {
  name: "black",
  package: "black",
  version: "26.10.1",

  command: (project) => [
    "black",
    "--check",
    "--diff", // the only output with a line in it
    "--no-color", // `color = true` in a configuration colours pipes too
    ...(project.configured ? ["--verbose"] : []), // beats `quiet = true`, which hides whether any file was seen
    ...options(project),
    ...operands(project.paths),
  ],

  fixCommand: (project) => ["black", ...options(project), ...operands(project.paths)],

  read(run) {
    const unreadable = readFailures(run.stderr)
    const findings = [...unreadable, ...readDiff(run.stdout).map(unformatted)]
    if (crashed(run) || unreadable.some(({ rule }) => rule === "internal"))
      return broken("black", run, findings)
    if (run.exitCode === 0) return readSuccess(run)
    if ((run.exitCode === 1 || run.exitCode === 123) && findings.length > 0) return failed(findings)
    return broken("black", run, findings, readRequired(run))
  },
}

/** What to do for a configuration that requires another version of Black. */
function readRequired({ stderr }: ToolRun): string {
  const required = /required version `([^`\n]+)` does not match/.exec(stderr)?.[1]
  return required === undefined ? "" : `pin black to ${required} in the development requirements`
}

function readSuccess(run: ToolRun): Outcome {
  const unchanged = [...run.stderr.matchAll(/^(\d+) files? would be left unchanged/gm)].at(-1)
  return unchanged === undefined
    ? nothingChecked("black")
    : passed(`${count(Number(unchanged[1]), "file")} formatted`)
}

const unformatted = ({ file, line }: { file: string; line: number }): Finding =>
  finding({ tool: "black", rule: "format", level: "error", file, line, message: "would be reformatted" })

/** Reads the files that black could not format, each reported in a line that starts with `error: `. */
function readFailures(stderr: string): Finding[] {
  const accounts = stderr.split(/^error: /m).slice(1)
  return accounts.map((account) => readSyntax(account) ?? readOldSyntax(account) ?? readFailure(account))
}

/** `cannot parse for target version Python 3.13: a.py:3:5`, then the line and a caret; since 26. */
function readSyntax(account: string): Finding | undefined {
  const match = /^(cannot parse[^:\n]*): ([^]*?):(\d+):(\d+)\n {4}([^\n]*)/.exec(account)
  return match === null ? undefined : syntax(match[2], match[3], match[4], `${match[1]}: ${match[5]?.trim()}`)
}

/** `cannot format a.py: Cannot parse: 3:5: text`; before 26. */
function readOldSyntax(account: string): Finding | undefined {
  const match =
    /^cannot format ([^]*?): (Cannot parse(?:(?!: Cannot parse)[^\n])*?): (\d+):(\d+): ?([^\n]*)/.exec(
      account,
    )
  return match === null ? undefined : syntax(match[1], match[3], match[4], `${match[2]}: ${match[5]?.trim()}`)
}

/** `cannot format a.py: why`, where the name may hold a colon. */
function readFailure(account: string): Finding {
  const match = /^cannot format ([^]*?\.(?:pyi?|ipynb)): ([^\n]*)/.exec(account)
  const message = match?.[2] ?? account.split("\n")[0] ?? ""
  // A bug in Black, not in the service.
  const rule = /INTERNAL ERROR|I\/O operation on closed file/.test(account) ? "internal" : "unreadable"
  return finding({ tool: "black", rule, level: "error", file: match?.[1] ?? "", message })
}

/** Black counts columns from 0. */
const syntax = (file = "", line = "", column = "", message: string): Finding =>
  finding({
    tool: "black",
    rule: "syntax",
    level: "error",
    file,
    line: Number(line),
    column: Number(column) + 1,
    message,
  })
