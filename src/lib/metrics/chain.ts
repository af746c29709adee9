import { GENESIS, isIntact, type LedgerEntry } from "../run/ledger.js"
import { fields, parseJson, text } from "../text/json.js"

/** Something that is wrong with a ledger. */
export interface LedgerFault {
  /** Which entry, counted from 1; null for one that isn't there. */
  entry: number | null
  kind: "unreadable" | "changed" | "gap" | "moved" | "repeated" | "removed"
  /** The hash that it says it has. */
  hash: string
  message: string
}

/** A ledger as it was found. */
export interface Chain {
  /** What can be read, whole or not. */
  entries: LedgerEntry[]
  /** In the order of the ledger; what only notes know of comes last. */
  faults: LedgerFault[]
  /** The hash of the last entry: whoever keeps it can prove later that nothing was cut off. */
  head: string
  /** How many of its entries are in git notes too; null where there are none to compare with. */
  noted: number | null
}

/** What entries are of. */
export type LedgerSubject = Pick<LedgerEntry, "environment" | "subject">

interface Line {
  entry: LedgerEntry | undefined
  text: string
}

interface Lines {
  lines: readonly Line[]
  /** Where each hash stands first. */
  places: ReadonlyMap<string, number>
}

/**
 * Proves a ledger, an entry a line. What the chain alone can't show, entries cut off its end or a chain that was made
 * anew, shows where its git notes tell of entries that aren't in it; `whose` says of which, should all be gone.
 */
export function verifyChain(ledger: string, notes?: string, whose?: LedgerSubject): Chain {
  const lines = linesOf(ledger)
  const entries = lines.flatMap(({ entry }) => entry ?? [])
  const places = firstPlaces(lines)
  const noted =
    notes === undefined
      ? undefined
      : entriesInNotes([...entries, ...(whose === undefined ? [] : [whose])], notes)
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

/** What has all that an entry has, in the right types; whether it says the truth is another question. */
function parseEntry(value: unknown): LedgerEntry | undefined {
  const entry = fields(value)
  const facts = Object.values(fields(entry.facts))
  const texts = ["kind", "status", "environment", "subject", "sha", "run", "startedAt", "finishedAt"]
  const whole = [...texts, "previous", "hash"].every((key) => typeof entry[key] === "string")
  const timed = [entry.startedAt, entry.finishedAt].every((time) => !Number.isNaN(Date.parse(text(time))))
  const told = entry.facts === fields(entry.facts) && facts.every((fact) => typeof fact === "string")
  return whole && timed && told ? (entry as unknown as LedgerEntry) : undefined
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

/** Why an entry isn't where it belongs, as far as the others tell. */
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
    return {
      kind: "moved",
      message: `entry ${number} (${about(entry)}) is in another place: it was written ${when}`,
    }
  }
  const where = index === 0 ? "before the first entry" : `between entries ${index} and ${number}`
  return {
    kind: "gap",
    message: `something is missing ${where}: entry ${number} (${about(entry)}) follows ${entry.previous.slice(0, 12)}, which was removed or changed`,
  }
}

const about = ({ kind, facts, run, finishedAt }: LedgerEntry): string =>
  `${[kind, facts["version"]].filter(Boolean).join(" ")}, run ${run}, ${finishedAt}`

/** The entries that notes know of this ledger's subjects: a repository may have those of others. */
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
      message: `an entry is in git notes, and not in the ledger (${about(entry)}): it was removed or changed`,
    }))
