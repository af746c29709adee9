import { isIntact, type LedgerEntry } from "../run/ledger.js"

/** The deployment of a commit to an environment; `unknown` for a ledger without entries of the service. */
export type Staged = { run: string; finishedAt: string } | "never" | "unknown"

/**
 * Finds the last deployment of a commit to an environment that succeeded. An entry is the service's if its image is in this
 * repository: a cluster may have the ledgers of others.
 */
export function stagedBy(
  entries: readonly LedgerEntry[],
  environment: string,
  commit: string,
  repository: string,
): Staged {
  const own = entries.filter(
    (entry) =>
      entry.environment === environment &&
      isIntact(entry) &&
      (entry.facts["image"] ?? "").includes(`/${repository}@`),
  )
  if (own.length === 0) return "unknown"
  return own.filter(({ sha, status }) => sha === commit && status === "succeeded").at(-1) ?? "never"
}
