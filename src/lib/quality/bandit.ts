import type { Finding } from "../run/finding.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { broken, failed, finding, nothingChecked, passed } from "../run/outcome.js"
import { count } from "../text/words.js"
import { operands, type Tool } from "./tool.js"

/** Tests are excluded: bandit reports their `assert` as B101. */
const TESTS = ["*/tests/*", "*/test/*", "*/test_*.py", "*/*_test.py", "*/conftest.py"]

/** Security linter: https://bandit.readthedocs.io */
export const bandit: Tool = {
  name: "bandit",
  package: "bandit[toml]", // without it `pyproject.toml` isn't read
  version: "1.9.4",

  command: ({ paths, configured, configFile, excludes }) => [
    "bandit",
    "--quiet",
    "--format=json",
    "--recursive",
    ...(configFile === undefined ? [] : [`--configfile=${configFile}`]),
    // Globs, since bandit takes a plain name for any part of a path: `test` would exclude `latest.py`.
    ...(configured ? [] : [`--exclude=${[...excludes.map((name) => `*/${name}/*`), ...TESTS].join(",")}`]),
    ...operands(paths),
  ],

  read(run) {
    const report = fields(parseJson(run.stdout))
    const files = Object.keys(fields(report.metrics)).filter((name) => name !== "_totals").length
    const findings = [...objects(report.errors).map(unread), ...objects(report.results).map(issue)]
    if (!Array.isArray(report.results) || run.exitCode > 1) return broken("bandit", run, findings)
    if (findings.length > 0) return failed(findings) // unread files leave bandit's exit code at 0
    if (run.exitCode !== 0) return broken("bandit", run)
    return files === 0 ? nothingChecked("bandit") : passed(`${count(files, "file")} without an issue`)
  },
}

const unread = (error: Record<string, unknown>): Finding =>
  finding({
    tool: "bandit",
    rule: "unread",
    level: "error",
    file: text(error.filename),
    message: text(error.reason),
  })

function issue(result: Record<string, unknown>): Finding {
  const severity = text(result.issue_severity)
  const confidence = text(result.issue_confidence).toLowerCase()
  return finding({
    tool: "bandit",
    rule: text(result.test_id),
    level: severity === "HIGH" ? "error" : "warning",
    file: text(result.filename),
    line: Number(result.line_number),
    column: Number(result.col_offset) + 1, // counted from 0
    message: `${text(result.issue_text)} (severity ${severity.toLowerCase()}, confidence ${confidence})`,
  })
}
