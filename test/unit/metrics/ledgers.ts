/** Builders of ledgers and histories whose metrics can be computed by hand. */
import { type LedgerEntry, type LedgerRecord, nextEntry } from "../../../src/lib/run/ledger.js"
import { type History, parseHistory } from "../../../src/lib/metrics/history.js"

/** Commit and image digests made of one letter. */
export const sha = (letter: string): string => letter.repeat(40)
export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

/** A deployment to production; a letter names version, commit and image, times are in UTC. */
export const deployed = (
  letter: string,
  started: string,
  finished: string,
  more: Partial<LedgerRecord> = {},
): LedgerRecord => ({
  kind: "deploy",
  status: "succeeded",
  environment: "production",
  subject: "web",
  sha: sha(letter),
  run: `run-${letter}`,
  startedAt: `${started}Z`,
  finishedAt: `${finished}Z`,
  ...more,
  facts: { version: letter, digest: digest(letter), ...more.facts },
})

export const ledger = (...records: LedgerRecord[]): LedgerEntry[] =>
  records.reduce<LedgerEntry[]>((before, each) => before.concat(nextEntry(before, each) ?? []), [])

/** A history of commits as `letter: [parents, time, subject]`. */
export function history(
  commits: Record<string, [parents: string, time: string, subject?: string]>,
  { shallow = false, tags = {} }: { shallow?: boolean; tags?: Record<string, string> } = {},
): History {
  const lines = Object.entries(commits).map(([letter, [parents, time, subject = `commit ${letter}`]]) =>
    [sha(letter), [...parents].map(sha).join(" "), time, "Ann <ann@example.com>", subject].join("\n"),
  )
  const refs = Object.entries(tags).map(([name, letter]) => `${name} ${sha(letter)}\n`)
  return parseHistory({ log: `${lines.join("\n")}\n`, refs: refs.join(""), shallow: `${shallow}\n` })
}
