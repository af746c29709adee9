import { type Coverage, percent } from "../run/coverage.js"
import type { Outcome } from "../run/finding.js"

/** Percentage points by which coverage may fall below the baseline: deleted code takes its covered lines along. */
const TOLERANCE = 0.5

/** Describes the gate of coverage. */
export const coverageGate = (above: number, baseline: number | undefined): string =>
  baseline === undefined
    ? `more than ${above} %`
    : `at least ${shown(baseline - TOLERANCE)} %: the baseline's ${shown(baseline)} % until it is more than ${above} %`

/** Lets coverage below the gate pass while it is not below that of the baseline. */
export function judgeCoverage(outcome: Outcome, coverage: Coverage, baseline: number | undefined): Outcome {
  if (baseline === undefined || outcome.status === "error") return outcome
  const measured = Number(percent(coverage))
  if (outcome.status === "passed")
    return { ...outcome, reason: `${outcome.reason}, more than the baseline's ${shown(baseline)} %` }
  const reason = `${percent(coverage)} % of ${coverage.total} lines and branches`
  if (measured < baseline - TOLERANCE)
    return { ...outcome, reason: `${reason}; it must not be less than the baseline's ${shown(baseline)} %` }
  return { status: "passed", reason: `${reason}; the baseline has ${shown(baseline)} %`, findings: [] }
}

const shown = (percentage: number): string => Math.max(0, percentage).toFixed(2)
