import { fail } from "../errors/catalogue.js"
import { isIntact, type LedgerEntry } from "../run/ledger.js"
import { type Facts, newest } from "./facts.js"

/** Returns the successfully deployed versions, the newest first, each once. */
export function goodVersions(
  entries: readonly LedgerEntry[],
): { version: string; digest: string; image: string; commit: string }[] {
  const good = entries
    .filter((entry) => entry.kind !== "apply" && entry.status === "succeeded")
    .reverse()
    .map(({ facts, sha }) => ({
      version: facts["version"] ?? "",
      digest: facts["digest"] ?? "",
      image: facts["image"] ?? "",
      commit: sha,
    }))
  return good.filter(
    ({ digest }, index) => digest !== "" && good.findIndex((other) => other.digest === digest) === index,
  )
}

/**
 * Finds a version by its name or digest, or the last good one that isn't the current one, by default what runs now.
 * Changed entries don't count.
 *
 * Fails with NO_VERSION.
 */
export function rollbackTarget(
  entries: readonly LedgerEntry[],
  facts: Facts,
  wanted: string,
  current = newest(facts)?.digest,
) {
  const known = goodVersions(entries.filter(isIntact))
  const bare = (text: string) => text.replace(/^v/, "")
  const found =
    wanted === ""
      ? known.find(({ digest }) => digest !== current)
      : known.find(({ version, digest }) => bare(version) === bare(wanted) || digest === wanted)
  if (found === undefined) throw fail("NO_VERSION", [wanted, known.map(({ version }) => version)])
  return found
}
