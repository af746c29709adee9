import { createHash } from "node:crypto"
import { fail } from "../errors/catalogue.js"
import { fields, parseJson } from "../text/json.js"

/** What is known of something that was done to an environment. */
export interface LedgerRecord {
  /** What was done; `manual` is what somebody did without Slipway. */
  kind: "apply" | "deploy" | "rollback" | "manual"
  status: "succeeded" | "failed" | "held"
  environment: string
  /** What it was done to, for example a root folder. */
  subject: string
  /** The commit. */
  sha: string
  run: string
  /** RFC 3339, UTC. */
  startedAt: string
  finishedAt: string
  /** What else is worth keeping, by its name. */
  facts: Record<string, string>
}

/** A record in its place: `hash` covers all else, the hash of the entry before included. */
export interface LedgerEntry extends LedgerRecord {
  schema: 1
  previous: string
  hash: string
}

/** What the first entry has in the place of a hash. */
export const GENESIS = "0".repeat(64)

/** The entry that a record makes after these; a record that is there already for its run is not taken twice. */
export function nextEntry(before: readonly LedgerEntry[], record: LedgerRecord): LedgerEntry | undefined {
  if (before.some((entry) => isSame(entry, record))) return undefined
  const content = { schema: 1 as const, ...record, previous: before.at(-1)?.hash ?? GENESIS }
  return { ...content, hash: hashOf(content) }
}

const isSame = (a: LedgerRecord, b: LedgerRecord): boolean =>
  a.run === b.run && a.kind === b.kind && a.environment === b.environment && a.subject === b.subject

/** Reads a ledger, an entry a line. Fails with LEDGER_UNREADABLE. */
export const readLedger = (text: string): LedgerEntry[] =>
  text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return []
    const entry = fields(parseJson(line))
    if (typeof entry["hash"] !== "string" || typeof entry["previous"] !== "string")
      throw fail("LEDGER_UNREADABLE", [index + 1, line])
    return [entry as unknown as LedgerEntry]
  })

/** One line of a ledger. */
export const ledgerLine = (entry: LedgerEntry): string => `${JSON.stringify(entry)}\n`

/** What is wrong with a ledger, entry by entry, counted from 1: what was changed, removed or put in another place. */
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

/** Whether an entry is as it was written, by its own hash. */
export const isIntact = ({ hash, ...content }: LedgerEntry): boolean => hash === hashOf(content)

const hashOf = (content: Omit<LedgerEntry, "hash">): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted(content)))
    .digest("hex")

/** The same whatever the order in which keys were written. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}
