import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { broken, crashed, failed, finding, passed } from "../run/outcome.js"
import { oneLine } from "../text/words.js"
import { fields, parseJson } from "../text/json.js"
import { anyOf, operands, type Tool } from "./tool.js"

/** Type checker: https://mypy.readthedocs.io */
export const mypy: Tool = {
  name: "mypy",
  package: "mypy",
  version: "2.4.1",

  command: ({ paths, configured, excludes, cacheDir }) => [
    "mypy",
    "--output=json", // one finding a line whatever a file is called; needs mypy 1.11 of July 2024
    ...(cacheDir === undefined ? [] : [`--cache-dir=${cacheDir}`]),
    ...(configured
      ? []
      : [
          "--ignore-missing-imports", // most packages bring no types
          "--warn-redundant-casts",
          `--exclude=(^|/)(${anyOf([...excludes, "node_modules"])})/`,
          "--exclude=(^|/)conftest\\.py$", // pytest wants several of that name, mypy calls them one module twice
        ]),
    ...operands(paths),
  ],

  read(run) {
    const findings = [...readFindings(`${run.stdout}\n${run.stderr}`), ...readUndecodable(run.stderr)]
    const problems = findings.filter(({ level }) => level === "error")
    const ignored = readIgnoredConfiguration(run.stderr)
    if (ignored !== undefined)
      return { status: "error", reason: oneLine(`mypy ignored ${ignored}`), findings }
    if (crashed(run) || run.stderr.includes("INTERNAL ERROR")) return broken("mypy", run, findings)
    if (run.exitCode === 0 && problems.length === 0) return passed("no type errors", findings)
    if (run.exitCode <= 1 && problems.length > 0) return failed(findings)
    return readStopped(run, findings)
  },
}

/** Exit code 2: a file that can't be parsed fails the service, anything else is an error of the run. */
function readStopped(run: ToolRun, findings: Finding[]): Outcome {
  const atFault = findings.some(({ rule }) => rule === "syntax" || rule === "undecodable")
  if (run.exitCode === 2 && atFault) return failed(findings)
  const first = findings[0]
  const hint = first === undefined ? "" : `${first.file ?? ""}: ${first.message}`
  return broken("mypy", first === undefined ? run : { ...run, stdout: "", stderr: "" }, findings, hint)
}

/** Reads one finding a line, as JSON or as mypy printed it before it knew JSON. */
function readFindings(stdout: string): Finding[] {
  return stdout.split("\n").flatMap((line) => {
    const read = line.startsWith("{") ? readJson(line) : readClassic(line)
    return read === undefined ? [] : [read]
  })
}

function readJson(line: string): Finding | undefined {
  const from = fields(parseJson(line))
  if (typeof from.message !== "string" || typeof from.file !== "string") return undefined
  return finding({
    tool: "mypy",
    rule: typeof from.code === "string" ? from.code : "misc",
    level: from.severity === "note" ? "note" : "error",
    file: from.file,
    line: Number(from.line),
    column: Number(from.column) + 1, // counted from 0 here, from 1 in the classic form
    message: from.message,
  })
}

function readClassic(text: string): Finding | undefined {
  const match = /^(.+?):(\d+):(?:(\d+):)?(?:\d+:\d+:)? (error|note): (.*?)(?: {2}\[([\w-]+)\])?$/s.exec(text)
  if (match === null) return undefined
  const [, file = "", line, column, level, message = "", rule = "misc"] = match
  return finding({
    tool: "mypy",
    rule,
    level: level === "note" ? "note" : "error",
    file,
    line: Number(line),
    column: Number(column),
    message,
  })
}

function readUndecodable(stderr: string): Finding[] {
  return [...stderr.matchAll(/^(.+?): error: (Cannot decode file: .*)$/gm)].map(
    ([, file = "", message = ""]) =>
      finding({ tool: "mypy", rule: "undecodable", level: "error", file, message }),
  )
}

/** Finds a configuration or value that mypy ignored: it reports that only in a line on stderr. */
function readIgnoredConfiguration(stderr: string): string | undefined {
  const lines = stderr.matchAll(/^(?:\.?mypy\.ini|pyproject\.toml|setup\.cfg): (.*)$/gm)
  return [...lines].find(([, why = ""]) => !/^No \[mypy\] section|Unrecognized option/.test(why))?.[0]
}
