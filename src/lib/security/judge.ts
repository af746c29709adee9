import type { Finding, Outcome } from "../run/finding.js"
import { count } from "../text/words.js"

/** Returns what is left of a tool's outcome when some of its findings are suppressed. */
export function judgeKept(outcome: Outcome, kept: readonly Finding[]): Outcome {
  const findings = [...kept]
  const hidden = outcome.findings.length - kept.length
  // What could not be looked at isn't known, whatever is suppressed of the rest.
  if (hidden === 0 || outcome.status !== "failed") return { ...outcome, findings }
  const left = kept.filter(({ level, advisory }) => level !== "note" && advisory !== true).length
  if (left === 0)
    return { status: "passed", reason: `all that was found is suppressed (${hidden})`, findings }
  return { status: "failed", reason: `${count(left, "problem")}, ${hidden} suppressed`, findings }
}
