import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { broken, crashed, failed, finding, ownMessage, passed, sourcePath } from "../run/outcome.js"
import { oneLine } from "../text/words.js"
import { fields, parseJson } from "../text/json.js"
import { anyOf, operands, type Tool } from "./tool.js"

/** Type checker: https://mypy.readthedocs.io */
export const mypy: Tool = {
  name: "mypy",
  package: "mypy",
  version: "2.4.1",

  command: ({ paths, configured, configFile, excludes, version, cacheDir, apart, interpreter }) => [
    // With packages below src named as they are imported.
    ...(apart === "packages" ? ["env", "MYPYPATH=src"] : []),
    "mypy",
    ...(knowsJson(version) ? ["--output=json"] : CLASSIC), // one finding a line, whatever the settings say
    "--show-traceback", // else an internal error has no cause
    ...(cacheDir === undefined ? [] : [`--cache-dir=${cacheDir}`]),
    ...(configFile === undefined ? [] : [`--config-file=${configFile}`]),
    ...(interpreter === undefined ? [] : [`--python-executable=${interpreter}`]),
    ...(configured
      ? []
      : [
          "--ignore-missing-imports", // most packages bring no types
          "--warn-redundant-casts",
          `--exclude=(^|/)(${anyOf([...excludes, "node_modules"])})/`,
        ]),
    // pytest wants several of that name, mypy calls them one module twice
    ...(configured && apart !== "conftest" ? [] : ["--exclude=(^|/)conftest\\.py$"]),
    // Then modules beside each other don't import each other by their bare names.
    ...(apart === "packages" ? ["--explicit-package-bases", "--disable-error-code=import-not-found"] : []),
    ...operands(paths),
  ],

  again(run, context) {
    const names = readDuplicates(run)
    if (names.length === 0 || context.apart === "packages") return undefined
    const only =
      names.every((name) => name === "conftest") && context.configured && context.apart === undefined
    return { ...context, apart: only ? "conftest" : "packages" }
  },

  read(run) {
    const findings = [...readFindings(`${run.stdout}\n${run.stderr}`), ...readUndecodable(run.stderr)]
    const problems = findings.filter(({ level }) => level === "error")
    const ignored = readIgnoredConfiguration(run.stderr.replaceAll("../", ""))
    if (ignored !== undefined)
      return { status: "error", reason: oneLine(`mypy ignored ${ignored}`), findings }
    if (run.stderr.includes("INTERNAL ERROR")) return readInternalError(run, findings)
    if (crashed(run)) return broken("mypy", run, findings)
    if (problems.length === 0 && (run.exitCode === 0 || hasNotesAlone(run, findings)))
      return passed("no type errors", findings)
    if (run.exitCode <= 1 && problems.length > 0) return failed(findings)
    return readStopped(run, findings)
  },
}

/** With JSON mypy (2.4) exits with 1 for notes too, which it counts by the words of its lines. */
const hasNotesAlone = ({ exitCode, stderr }: ToolRun, findings: readonly Finding[]): boolean =>
  exitCode === 1 && findings.length > 0 && stderr.trim() === ""

/** True from mypy 1.11 of July 2024 on: https://mypy.readthedocs.io/en/stable/changelog.html#mypy-1-11 */
function knowsJson(version: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? []
  return major === undefined || Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 11)
}

const CLASSIC = ["--no-pretty", "--no-color-output", "--show-column-numbers", "--show-error-codes"]

/**
 * Reads an internal error: mypy writes its place to stderr, and its cause, often a plug-in's, to stdout.
 */
function readInternalError(run: ToolRun, findings: Finding[]): Outcome {
  const place = /^(.+:\d+): error: INTERNAL ERROR/m.exec(run.stderr)?.[1]
  const plugin = /^Error (?:calling|constructing|importing|getting) .*$/m.exec(run.stdout)?.[0]
  const cause = run.stdout.includes("Traceback (most recent call last)") ? run.stdout : run.stderr
  const said = [plugin, ownMessage({ ...run, stdout: "", stderr: cause })].filter(
    (part) => part !== undefined,
  )
  const where = place === undefined ? "" : ` at ${sourcePath(place)}`
  return broken(
    "mypy",
    { ...run, stdout: "", stderr: "" },
    findings,
    `INTERNAL ERROR${where}: ${said.join(": ")}`,
  )
}

/** The names of modules that mypy found in two places, so that it checked nothing. */
const readDuplicates = ({ stdout, stderr }: ToolRun): string[] =>
  [...`${stdout}\n${stderr}`.matchAll(DUPLICATES)].map(([, module, other]) => module ?? other ?? "")

const DUPLICATES =
  /Duplicate module named \\?"([\w.]+)|Source file found twice under different module names: \\?"([\w.]+)/g

const REMEDY =
  "set explicit_package_bases or exclude in mypy's configuration, or quality.paths in slipway.yaml to the folders that it checks"

/** Exit code 2: a file that can't be parsed fails the service, anything else is an error of the run. */
function readStopped(run: ToolRun, findings: Finding[]): Outcome {
  const atFault = findings.some(({ rule }) => rule === "syntax" || rule === "undecodable")
  if (run.exitCode === 2 && atFault) return failed(findings)
  const first = findings[0]
  const said = first === undefined ? [] : [`${first.file ?? ""}: ${first.message}`]
  const hint = [...said, ...(readDuplicates(run).length === 0 ? [] : [REMEDY])].join("; ")
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
