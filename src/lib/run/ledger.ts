import { fail } from "../errors/catalogue.js"
import { jsonDigest } from "../text/digest.js"
import { fields, parseJson } from "../text/json.js"

/** Record of a change to an environment. */
export interface LedgerRecord {
  /** Kind of change; `manual` is one made without Slipway. */
  kind: "apply" | "deploy" | "rollback" | "manual"
  status: "succeeded" | "failed" | "held"
  environment: string
  /** Subject of the change, for example a root folder. */
  subject: string
  /** The commit. */
  sha: string
  run: string
  /** RFC 3339, UTC. */
  startedAt: string
  finishedAt: string
  /** Further details, by name. */
  facts: Record<string, string>
}

/** Record in the hash chain: `hash` covers all other fields, the previous entry's hash included. */
export interface LedgerEntry extends LedgerRecord {
  schema: 1
  previous: string
  hash: string
}

/** Previous hash of the first entry. */
export const GENESIS = "0".repeat(64)

/** Next entry of the chain for a record; undefined if its run has it already. */
export function nextEntry(before: readonly LedgerEntry[], record: LedgerRecord): LedgerEntry | undefined {
  if (before.some((entry) => isSame(entry, record))) return undefined
  const content = { schema: 1 as const, ...record, previous: before.at(-1)?.hash ?? GENESIS }
  return { ...content, hash: jsonDigest(content) }
}

const isSame = (a: LedgerRecord, b: LedgerRecord): boolean =>
  a.run === b.run &&
  a.kind === b.kind &&
  a.environment === b.environment &&
  a.subject === b.subject &&
  // One run may deploy one version after another.
  a.facts["digest"] === b.facts["digest"]

/** Parses a ledger, one entry a line. Fails with LEDGER_UNREADABLE. */
export const readLedger = (text: string): LedgerEntry[] =>
  text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return []
    const entry = fields(parseJson(line))
    if (typeof entry["hash"] !== "string" || typeof entry["previous"] !== "string")
      throw fail("LEDGER_UNREADABLE", [index + 1, line])
    return [entry as unknown as LedgerEntry]
  })

/** Reads what can be read of a damaged ledger, and names the lines that can't. */
export function salvagedLedger(text: string): { entries: LedgerEntry[]; unreadable: string[] } {
  const entries: LedgerEntry[] = []
  const unreadable: string[] = []
  for (const [index, line] of text.split("\n").entries())
    try {
      const found = readLedger(line)
      if (found.every(({ facts }) => typeof facts === "object")) entries.push(...found)
      else unreadable.push(`line ${index + 1} is no entry`)
    } catch {
      unreadable.push(`line ${index + 1} is no entry`)
    }
  return { entries, unreadable }
}

/** Formats an entry as a line of the ledger. */
export const ledgerLine = (entry: LedgerEntry): string => `${JSON.stringify(entry)}\n`

/** Lists the faults of a ledger: entries, counted from 1, that were changed, removed or moved. */
export function ledgerFaults(entries: readonly LedgerEntry[]): string[] {
  return entries.flatMap((entry, index) => {
    const number = index + 1
    const before = index === 0 ? GENESIS : (entries[index - 1]?.hash ?? "")
    return [
      ...(entry.previous === before ? [] : [`entry ${number} does not follow the one before it`]),
      ...(isIntact(entry) ? [] : [`entry ${number} was changed`]),
    ]
  })
}

/** True if an entry is unchanged, by its own hash. */
export const isIntact = ({ hash, ...content }: LedgerEntry): boolean => hash === jsonDigest(content)
