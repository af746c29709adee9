import type { Finding } from "../run/finding.js"
import { broken, crashed, failed, finding, nothingChecked, passed } from "../run/outcome.js"
import { count } from "../text/words.js"
import { operands, type Tool } from "./tool.js"

/** Format with separators that no message and hardly any file name contains. */
const FORMAT = "\x1d%(path)s\x1f%(row)d\x1f%(col)d\x1f%(code)s\x1f%(text)s\x1e"

const QUIET = "its output has no findings: does its configuration set quiet?"

/** Style and error linter: https://flake8.pycqa.org */
export const flake8: Tool = {
  name: "flake8",
  package: "flake8",
  version: "7.5.0",

  command: ({ paths, configured, excludes }) => [
    "flake8",
    `--format=${FORMAT}`,
    "--benchmark", // the only count of files
    "--no-show-source", // source lines would stand between the records
    ...(configured
      ? []
      : [
          "--max-line-length=88", // black's
          "--extend-ignore=E203,W503,E701,E704", // what black writes on purpose
          ...(excludes.length === 0 ? [] : [`--extend-exclude=${excludes.join(",")}`]),
        ]),
    ...operands(paths),
  ],

  read(run) {
    const findings = readRecords(run.stdout)
    if (crashed(run) || run.exitCode > 1) return broken("flake8", run, findings)
    if (findings.length > 0) return failed(findings)
    if (run.exitCode !== 0) return broken("flake8", run, [], run.stdout === "" ? "" : QUIET)
    const files = Number(/^(\d+) +total files processed$/m.exec(run.stdout)?.[1] ?? 0)
    return files === 0 ? nothingChecked("flake8") : passed(`${count(files, "file")} without a finding`)
  },
}

const readRecords = (stdout: string): Finding[] => stdout.split("\x1e").slice(0, -1).flatMap(readRecord)

/** Reads what stands before the end of a record. A name may hold separators; a regex for that takes cubic time. */
function readRecord(text: string): Finding[] {
  const parts = text.slice(text.indexOf("\x1d") + 1).split("\x1f")
  const isNumber = (part = "") => /^\d+$/.test(part)
  const at = parts.findIndex((part, index) => index > 0 && isNumber(part) && isNumber(parts[index + 1]))
  const [row, column, rule = "", ...message] = parts.slice(at)
  if (at < 0 || rule === "" || message.length === 0) return []
  return [
    finding({
      tool: "flake8",
      rule,
      level: /^[EF]/.test(rule) ? "error" : "warning",
      file: parts.slice(0, at).join("\x1f"),
      line: Number(row),
      column: Number(column),
      message: message.join("\x1f"),
    }),
  ]
}
