import type { Finding } from "../run/finding.js"
import { BASELINE_FILE } from "../infra/baseline.js"
import { EXEMPTIONS_FILE } from "../migration/exemptions.js"
import { SUPPRESSIONS_FILE } from "../security/suppressions.js"

/** Something that somebody agreed to for a time. */
export interface RecordedException {
  file: string
  line: number
  /** What it is, in words: `the suppression of bandit B602`. */
  what: string
  owner: string
  /** The last day on which it holds, YYYY-MM-DD; empty where none is said. */
  expires: string
}

/** The files with such agreements. */
export const EXCEPTION_FILES = [SUPPRESSIONS_FILE, BASELINE_FILE, EXEMPTIONS_FILE] as const

/** So many days before the end it is told of. */
const SOON = 14
const DAY = 86_400_000

/** Says which agreements have run out, and which are about to. */
export const expiringExceptions = (agreements: readonly RecordedException[], now: Date): Finding[] =>
  agreements.flatMap(({ file, line, what, owner, expires }) => {
    const left = Math.floor((Date.parse(`${expires}T00:00:00Z`) - startOfDay(now)) / DAY)
    if (Number.isNaN(left) || left > SOON) return []
    const over = left < 0
    const when = over ? `expired on ${expires}` : left === 0 ? "ends today" : `ends on ${expires}`
    const remedy = over ? "take it out, or decide anew" : "decide in time"
    return [
      {
        tool: "slipway",
        rule: over ? "expired" : "expires",
        level: over ? "warning" : "note",
        file,
        line,
        advisory: true as const,
        message: `${what} ${when}${owner === "" ? "" : `; ${owner} answers for it`}: ${remedy}`,
      },
    ]
  })

const startOfDay = (now: Date): number => Math.floor(now.getTime() / DAY) * DAY
