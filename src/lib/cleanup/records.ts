import type { Finding } from "../run/finding.js"
import { BASELINE_FILE } from "../infra/baseline.js"
import { EXEMPTIONS_FILE } from "../migration/exemptions.js"
import { SUPPRESSIONS_FILE } from "../security/suppressions.js"

/** A time-limited exception to a rule. */
export interface RecordedException {
  file: string
  line: number
  /** Description: `the suppression of bandit B602`. */
  what: string
  owner: string
  /** The last valid day, YYYY-MM-DD; empty for none. */
  expires: string
}

/** The files that list exceptions. */
export const EXCEPTION_FILES = [SUPPRESSIONS_FILE, BASELINE_FILE, EXEMPTIONS_FILE] as const

/** Days before expiry from which it is reported. */
const SOON = 14
const DAY = 86_400_000

/** Findings for exceptions that have expired or are about to. */
export const expiringExceptions = (exceptions: readonly RecordedException[], now: Date): Finding[] =>
  exceptions.flatMap(({ file, line, what, owner, expires }) => {
    const left = Math.floor((Date.parse(`${expires}T00:00:00Z`) - startOfDay(now)) / DAY)
    if (Number.isNaN(left) || left > SOON) return []
    const over = left < 0
    const when = over ? `expired on ${expires}` : left === 0 ? "expires today" : `expires on ${expires}`
    const remedy = over ? "remove or renew it" : "remove or renew it in time"
    return [
      {
        tool: "slipway",
        rule: over ? "expired" : "expires",
        level: over ? "warning" : "note",
        file,
        line,
        advisory: true as const,
        message: `${what} ${when}${owner === "" ? "" : `, owner ${owner}`}: ${remedy}`,
      },
    ]
  })

const startOfDay = (now: Date): number => Math.floor(now.getTime() / DAY) * DAY
