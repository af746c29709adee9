import type { Directory } from "@dagger.io/dagger"
import { fail } from "../lib/errors/catalogue.js"
import { SUPPRESSIONS_FILE } from "../lib/security/suppressions.js"
import { parseSuppressions } from "../lib/security/suppressionsFile.js"
import type { Outcome } from "../lib/run/finding.js"
import type { Suppression } from "../lib/run/suppressed.js"

/** The suppressions of a service, and the day for judging their expiry. */
export interface Suppressions {
  entries: Suppression[]
  now: Date
  /** The reason if the file can't be read; then nothing is suppressed. */
  problem?: Outcome
}

/** Reads the service's suppressions. `now` is RFC 3339; empty for the clock's time. */
export async function readSuppressions(source: Directory, now: string): Promise<Suppressions> {
  const date = dayOf(now)
  const found = source.filter({ include: [SUPPRESSIONS_FILE] })
  const exists = (await found.glob(SUPPRESSIONS_FILE)).length > 0
  const text = exists ? await found.file(SUPPRESSIONS_FILE).contents() : undefined
  const { suppressions, outcome } = parseSuppressions(text)
  return { entries: suppressions, now: date, ...(outcome && { problem: outcome }) }
}

/** Returns the day for judging expiry: that of the text, RFC 3339, else today. Fails with INVALID_TIME. */
export function dayOf(now: string): Date {
  const date = now === "" ? new Date() : new Date(now)
  if (Number.isNaN(date.getTime())) throw fail("INVALID_TIME", [now])
  return date
}
