import type { Finding, ToolRun } from "../run/finding.js"
import { readDiff } from "./diff.js"
import { broken, crashed, failed, finding, nothingChecked, passed, sourcePath } from "../run/outcome.js"
import { count, oneLine } from "../text/words.js"
import { operands, type Tool, type ToolContext } from "./tool.js"

// No `--filter-files`: with it isort treats a missing path as one to skip.
const options = ({ configured, excludes }: ToolContext): string[] =>
  configured ? [] : ["--profile=black", ...excludes.map((name) => `--extend-skip=${name}`)]

/** Import sorter: https://pycqa.github.io/isort */
export const isort: Tool = {
  name: "isort",
  package: "isort[colors]", // without it `color_output = true` in a configuration ends isort
  version: "9.0.2",

  command: (project) => [
    "isort",
    "--check-only",
    "--diff", // the only output with a line in it
    "--verbose", // else files of unknown encoding are skipped in silence, and no count of files is given
    ...options(project),
    ...operands(project.paths),
  ],

  fixCommand: (project) => ["isort", ...options(project), ...operands(project.paths)],

  read(run) {
    const findings = [...readUnsorted(run), ...readUnreadable(run.stderr)]
    if (crashed(run) || run.exitCode > 1) return broken("isort", run, findings)
    const ignored = /Failed to pull configuration information from [^\n]*/.exec(run.stderr)
    if (ignored !== null) return { status: "error", reason: oneLine(`isort: ${ignored[0]}`), findings }
    if (/^Broken \d+ paths$/m.test(run.stdout)) return broken("isort", run, findings) // a path that isn't there
    if (findings.length > 0) return failed(findings)
    if (run.exitCode !== 0) return broken("isort", run)
    const sorted = run.stdout.match(/ Everything Looks Good!/g)?.length ?? 0
    return sorted === 0 ? nothingChecked("isort") : passed(`imports of ${count(sorted, "file")} sorted`)
  },
}

/** Reads the diffs, and the files that are only listed as errors. */
function readUnsorted({ stdout, stderr }: ToolRun): Finding[] {
  const diffs = readDiff(stdout, { before: ":before", after: ":after" })
  const known = new Set(diffs.map(({ file }) => sourcePath(file)))
  const named = [
    ...stderr.matchAll(
      /^ERROR: ((?:(?!^ERROR: )[^])*?) Imports are incorrectly sorted and\/or formatted\.$/gm,
    ),
  ]
    .map((match) => match[1] ?? "")
    .filter((file) => !known.has(sourcePath(file)))
  return [...diffs, ...named.map((file) => ({ file }))].map((place) =>
    finding({ tool: "isort", rule: "imports", level: "error", ...place, message: "imports are not sorted" }),
  )
}

/** Reads the files that isort skips with only a warning. */
function readUnreadable(stderr: string): Finding[] {
  const warnings = stderr.matchAll(
    /UserWarning: (?:Encoding not supported for (.*)|Unable to parse file ((?:(?!UserWarning: ).)*?) due to (.*))/g,
  )
  return [...warnings].map(([, unknown, unread, why]) =>
    finding({
      tool: "isort",
      rule: "unreadable",
      level: "error",
      file: unknown ?? unread ?? "",
      message: why ?? "the file's encoding is not supported",
    }),
  )
}
