import type { Finding, Outcome } from "../run/finding.js"
import { blocks } from "../run/outcome.js"
import { count } from "../text/words.js"

/** Judges a tool's outcome again without its suppressed findings. */
export function judgeKept(outcome: Outcome, kept: readonly Finding[]): Outcome {
  const findings = [...kept]
  const hidden = outcome.findings.length - kept.length
  // An error stays one, whatever is suppressed.
  if (hidden === 0 || outcome.status !== "failed") return { ...outcome, findings }
  const left = kept.filter(blocks).length
  if (left === 0) return { status: "passed", reason: `all findings are suppressed (${hidden})`, findings }
  return { status: "failed", reason: `${count(left, "problem")}, ${hidden} suppressed`, findings }
}
