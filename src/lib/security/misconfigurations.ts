import type { Finding, ToolRun } from "../run/finding.js"
import { clip } from "../text/escape.js"
import { fields, objects, text } from "../text/json.js"
import { count } from "../text/words.js"
import { graded, severityOutcome, type GradedScan, severityOf, withoutGate } from "./severity.js"
import { byPlace, type TrivyFields, remarks, results, targetFile } from "./trivy.js"
import { trivyFinding, type TrivyOptions, withoutReport } from "./trivy.js"

const NOUN = { one: "misconfiguration", many: "misconfigurations" }
const TEXT_LENGTH = 350

/** Reads the findings of `trivy fs --scanners misconfig`. */
export function misconfigurations(run: ToolRun, options: TrivyOptions): GradedScan {
  const all = results(run)
  if (all === undefined) return withoutReport(run)
  const files = all.filter(({ Class }) => Class === "config")
  const findings = files.flatMap((result) => failures(result, options)).sort(byPlace)
  const clean =
    files.length === 0
      ? "no configuration file to scan"
      : `${count(files.length, "file")} ${withoutGate(options.gate, NOUN)}`
  return { findings, outcome: (kept) => severityOutcome(findings, kept, { noun: NOUN, clean }) }
}

function failures(result: TrivyFields, options: TrivyOptions): Finding[] {
  const file = targetFile(result, options)
  return objects(result.Misconfigurations)
    .filter(({ Status }) => Status === "FAIL")
    .map((failure) => {
      const severity = severityOf(text(failure.Severity))
      const line = Number(fields(failure.CauseMetadata).StartLine)
      const url = text(failure.PrimaryURL)
      return trivyFinding(
        {
          rule: text(failure.AVDID) || text(failure.ID),
          file,
          line,
          message: `${advice(failure)}${remarks([severity], url)}`,
          url,
        },
        graded(severity, options.gate),
      )
    })
}

/** Returns the problem and its remedy. */
function advice({ Title, Resolution }: TrivyFields): string {
  const [title, resolution] = [Title, Resolution].map((part) =>
    clip(text(part).replace(/\s+/g, " ").trim().replace(/\.$/, ""), TEXT_LENGTH),
  )
  return [title, resolution].filter(Boolean).join(": ")
}
