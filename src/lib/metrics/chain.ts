import { GENESIS, isIntact, type LedgerEntry } from "../run/ledger.js"
import { fields, parseJson, text } from "../text/json.js"

/** A defect in the hash chain of a ledger. */
export interface LedgerFault {
  /** Number of the entry, from 1; null for one that is missing. */
  entry: number | null
  kind: "unreadable" | "changed" | "gap" | "moved" | "repeated" | "removed"
  /** The hash that the entry claims. */
  hash: string
  message: string
}

/** The entries of a ledger and the result of verifying them. */
export interface Chain {
  /** Every entry that can be parsed, valid or not. */
  entries: LedgerEntry[]
  /** In ledger order; entries that only git notes have come last. */
  faults: LedgerFault[]
  /** The hash of the last entry. Keep it elsewhere to prove later that nothing was truncated. */
  head: string
  /** Number of entries that are also in git notes; null without notes to compare with. */
  noted: number | null
}

/** Environment and service of a ledger. */
export type LedgerSubject = Pick<LedgerEntry, "environment" | "subject">

interface Line {
  entry: LedgerEntry | undefined
  text: string
}

interface Lines {
  lines: readonly Line[]
  /** First line of each hash. */
  places: ReadonlyMap<string, number>
}

/**
 * Verifies the hash chain of a ledger, one entry per line.
 *
 * The chain alone can't show that entries were truncated or that it was rewritten; git notes with entries that the ledger
 * lacks do. `expected` selects the notes if the ledger is empty.
 */
export function verifyChain(ledger: string, notes?: string, expected?: LedgerSubject): Chain {
  const lines = linesOf(ledger)
  const entries = lines.flatMap(({ entry }) => entry ?? [])
  const places = firstPlaces(lines)
  const noted =
    notes === undefined
      ? undefined
      : entriesInNotes([...entries, ...(expected === undefined ? [] : [expected])], notes)
  return {
    entries,
    faults: [
      ...lines.flatMap((line, index) => faultsOf(line, index, { lines, places })),
      ...removed(entries, noted ?? []),
    ],
    head: entries.at(-1)?.hash ?? "",
    noted: noted === undefined ? null : entries.filter((entry) => isAmong(entry, noted)).length,
  }
}

const linesOf = (ledger: string): Line[] =>
  ledger
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ text: line, entry: parseEntry(parseJson(line)) }))

const firstPlaces = (lines: readonly Line[]): Map<string, number> =>
  new Map(lines.map(({ entry }, index): [string, number] => [entry?.hash ?? "", index]).reverse())

/** Parses an entry with all fields of the right types; its hashes are checked elsewhere. */
function parseEntry(value: unknown): LedgerEntry | undefined {
  const entry = fields(value)
  const facts = Object.values(fields(entry.facts))
  const texts = ["kind", "status", "environment", "subject", "sha", "run", "startedAt", "finishedAt"]
  const complete = [...texts, "previous", "hash"].every((key) => typeof entry[key] === "string")
  const timed = [entry.startedAt, entry.finishedAt].every((time) => !Number.isNaN(Date.parse(text(time))))
  const factsAreTexts = entry.facts === fields(entry.facts) && facts.every((fact) => typeof fact === "string")
  return complete && timed && factsAreTexts ? (entry as unknown as LedgerEntry) : undefined
}

function faultsOf({ entry, text: line }: Line, index: number, all: Lines): LedgerFault[] {
  const number = index + 1
  if (entry === undefined)
    return [
      {
        entry: number,
        kind: "unreadable",
        hash: text(fields(parseJson(line)).hash),
        message: `entry ${number} can't be read: ${JSON.stringify(line.slice(0, 80))}`,
      },
    ]
  const { hash } = entry
  const fault = (kind: LedgerFault["kind"], message: string): LedgerFault => ({
    entry: number,
    kind,
    hash,
    message,
  })
  const link = linkFault(entry, index, all)
  return [
    ...(link === undefined ? [] : [fault(link.kind, link.message)]),
    ...(isIntact(entry)
      ? []
      : [fault("changed", `entry ${number} (${about(entry)}) was changed after it was written`)]),
  ]
}

/** Why an entry doesn't follow its predecessor, by the hashes of the other entries. */
function linkFault(
  entry: LedgerEntry,
  index: number,
  { lines, places }: Lines,
): Pick<LedgerFault, "kind" | "message"> | undefined {
  const number = index + 1
  const first = places.get(entry.hash) ?? index
  if (first < index)
    return { kind: "repeated", message: `entry ${number} (${about(entry)}) repeats entry ${first + 1}` }
  const before = lines[index - 1]
  const expected = index === 0 ? GENESIS : before?.entry?.hash
  if (entry.previous === expected || (before !== undefined && before.entry === undefined)) return undefined
  const place = entry.previous === GENESIS ? -1 : places.get(entry.previous)
  if (place !== undefined) {
    const when = place < 0 ? "first" : `after what is now entry ${place + 1}`
    return { kind: "moved", message: `entry ${number} (${about(entry)}) was moved: it was written ${when}` }
  }
  const where = index === 0 ? "before the first entry" : `between entries ${index} and ${number}`
  return {
    kind: "gap",
    message: `an entry is missing ${where}: entry ${number} (${about(entry)}) follows ${entry.previous.slice(0, 12)}, which was removed or changed`,
  }
}

const about = ({ kind, facts, run, finishedAt }: LedgerEntry): string =>
  `${[kind, facts["version"]].filter(Boolean).join(" ")}, run ${run}, ${finishedAt}`

/** The valid entries in git notes for these subjects; a repository may hold notes of several ledgers. */
function entriesInNotes(entries: readonly LedgerSubject[], notes: string): LedgerEntry[] {
  const subjects = new Set(entries.map(subjectOf))
  return linesOf(notes).flatMap(({ entry }) =>
    entry !== undefined && isIntact(entry) && subjects.has(subjectOf(entry)) ? [entry] : [],
  )
}

const subjectOf = ({ environment, subject }: LedgerSubject): string => `${environment} ${subject}`

const isAmong = ({ hash }: LedgerEntry, others: readonly LedgerEntry[]): boolean =>
  others.some((other) => other.hash === hash)

const removed = (entries: readonly LedgerEntry[], noted: readonly LedgerEntry[]): LedgerFault[] =>
  noted
    .filter((entry) => !isAmong(entry, entries))
    .map((entry) => ({
      entry: null,
      kind: "removed",
      hash: entry.hash,
      message: `an entry in git notes is not in the ledger (${about(entry)}): it was removed or changed`,
    }))
