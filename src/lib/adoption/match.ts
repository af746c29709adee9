import type { Outcome } from "../run/finding.js"
import type { KnownFindings } from "../run/known.js"
import { blocks, inFiles } from "../run/outcome.js"
import { redact } from "../text/redact.js"
import { count } from "../text/words.js"
import { type Entries, hasLine, type Placed, sizeOf } from "./entries.js"

/** Findings of a stage against the baseline. */
export interface Matched {
  fresh: readonly Placed[]
  known: readonly Placed[]
  /** Entries that no finding has used up. */
  left: Entries
}

/** Splits findings into those that the baseline knows, each entry as often as it counts, and new ones. */
export function matchEntries(all: readonly Placed[], entries: Entries): Matched {
  const left = new Map([...entries].map(([file, keys]) => [file, new Map(keys)]))
  const [fresh, known]: [Placed[], Placed[]] = [[], []]
  for (const each of all) {
    const keys = left.get(each.file)
    if (keys !== undefined && takeOne(keys, each.key)) known.push(each)
    else fresh.push(each)
  }
  return { fresh, known, left: withoutEmptyFiles(left) }
}

/** Takes one of a key's number, if there is one left. */
function takeOne(keys: Map<string, number>, key: string): boolean {
  const number = keys.get(key) ?? 0
  if (number > 1) keys.set(key, number - 1)
  else keys.delete(key)
  return number > 0
}

const withoutEmptyFiles = <T>(files: ReadonlyMap<string, ReadonlyMap<string, T>>) =>
  new Map([...files].filter(([, keys]) => keys.size > 0))

/** Files that may have been renamed: they have entries left, and other files have new findings. */
export const maybeRenamed = ({ fresh, left }: Matched): string[] =>
  fresh.some(({ key }) => hasLine(key)) ? [...left.keys()] : []

/**
 * Takes new findings for known ones of files that are gone, by rule and line: a renamed file keeps its entries.
 *
 * What is about a whole file doesn't follow it: a formatter fixes that by itself.
 */
export function followRenames(matched: Matched, gone: ReadonlySet<string>): Matched {
  const pool = new Map<string, Map<string, number>[]>()
  const left = new Map([...matched.left].map(([file, keys]) => [file, new Map(keys)]))
  for (const [file, keys] of left)
    if (gone.has(file))
      for (const key of keys.keys()) {
        const places = pool.get(key)
        if (places !== undefined) places.push(keys)
        else if (hasLine(key)) pool.set(key, [keys])
      }
  const [fresh, known]: [Placed[], Placed[]] = [[], [...matched.known]]
  for (const each of matched.fresh) {
    const places = pool.get(each.key)
    while (places !== undefined && places.length > 0 && !places.at(-1)?.has(each.key)) places.pop()
    const keys = places?.at(-1)
    if (keys !== undefined && takeOne(keys, each.key)) known.push(each)
    else fresh.push(each)
  }
  return { fresh, known, left: withoutEmptyFiles(left) }
}

/** Judges a stage's outcome again without its known findings. */
export function judgeKnown(
  outcome: Outcome,
  { known, left }: Matched,
): { outcome: Outcome; known: KnownFindings } {
  // Of a stage that could not run nothing is known to be fixed.
  if (outcome.status === "error") return { outcome, known: { findings: [], fixed: 0 } }
  const hidden = new Set(known.map(({ finding }) => finding))
  const findings = outcome.findings.filter((finding) => !hidden.has(finding))
  const fixed = sizeOf(left)
  const notes = [
    ...(hidden.size === 0 ? [] : [`${hidden.size} known`]),
    ...(fixed === 0 ? [] : [`${fixed} of the baseline fixed`]),
  ]
  const judged = { status: outcome.status, reason: outcome.reason }
  if (outcome.status === "failed" && hidden.size > 0) {
    const fresh = findings.filter(blocks)
    judged.status = fresh.length === 0 ? "passed" : "failed"
    judged.reason =
      fresh.length === 0 ? "no new problem" : `${count(fresh.length, "new problem")}${inFiles(fresh)}`
  }
  return {
    outcome: { ...judged, reason: [judged.reason, ...notes].join(", "), findings },
    // Reports show their messages, as they do those of new ones.
    known: {
      findings: [...hidden].map((finding) => ({ ...finding, message: redact(finding.message) })),
      fixed,
    },
  }
}
