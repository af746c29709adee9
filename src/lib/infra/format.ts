import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { broken, failed, finding, passed } from "../run/outcome.js"
import { count } from "../text/words.js"
import { diagnosticFinding } from "./diagnostics.js"
import { textErrors } from "./textErrors.js"

/** Exit code of `fmt -check` for unformatted files. */
const UNFORMATTED = 3

/** Outcome of `fmt -check -diff -recursive`. `files` is the number of files checked. */
export function formatOutcome(tool: string, run: ToolRun, files: number): Outcome {
  const mistakes = textErrors(run.stderr).filter(({ file }) => file !== undefined)
  if (mistakes.length > 0) return failed(mistakes.map((mistake) => diagnosticFinding(tool, ".", mistake)))
  if (run.exitCode === 0) return passed(`${count(files, "file")} in the tool's own format`)
  const findings = run.exitCode === UNFORMATTED ? diffFindings(tool, run.stdout) : []
  return findings.length > 0 ? failed(findings) : broken(`${tool} fmt`, run)
}

/** Finding for each file that would change, at its first changed line. */
function diffFindings(tool: string, diff: string): Finding[] {
  const headers = [...diff.matchAll(/^--- old\/(.+)\n\+\+\+ new\/\1\n(?=@@ )/gm)]
  return headers.map((header, index) => {
    const hunks = diff.slice(header.index + header[0].length, headers[index + 1]?.index)
    const places = count(hunks.match(/^@@ /gm)?.length ?? 0, "place")
    const message = `not in the format of \`${tool} fmt\` (${places}); \`slipway fix\` formats it`
    const [, file = ""] = header
    return finding({ tool, rule: "fmt", level: "error", file, line: firstChange(hunks), message })
  })
}

/** Line of the old file with the first change in the first hunk. */
function firstChange(hunks: string): number {
  const [head = "", ...lines] = hunks.split("\n")
  const start = Number(/^@@ -(\d+)/.exec(head)?.[1] ?? 1)
  return (
    start +
    Math.max(
      lines.findIndex((line) => /^[+-]/.test(line)),
      0,
    )
  )
}
