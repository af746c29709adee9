import type { Finding } from "../run/finding.js"
import { broken, crashed, failed, finding, nothingChecked, passed } from "../run/outcome.js"
import { count } from "../text/words.js"
import { operands, type Tool } from "./tool.js"

/** Format with separators that no message and hardly any file name contains. */
const FORMAT = "\x1d%(path)s\x1f%(row)d\x1f%(col)d\x1f%(code)s\x1f%(text)s\x1e"

// eslint-disable-next-line no-control-regex -- the separators above
const RECORD = /\x1d([^]*?)\x1f(\d+)\x1f(\d+)\x1f([^\x1d-\x1f]+)\x1f([^\x1e]*)\x1e/g

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

function readRecords(stdout: string): Finding[] {
  return [...stdout.matchAll(RECORD)].map(([, file = "", row, column, rule = "", message = ""]) =>
    finding({
      tool: "flake8",
      rule,
      level: /^[EF]/.test(rule) ? "error" : "warning",
      file,
      line: Number(row),
      column: Number(column),
      message,
    }),
  )
}
