import type { Weakening } from "../run/gateComparison.js"
import { count } from "../text/words.js"
import {
  ADOPTION_FILE,
  type AdoptionBaseline,
  BASELINED,
  type Entries,
  NO_ENTRIES,
  sizeOf,
} from "./entries.js"

/** The files that are named; the rest is counted. */
const NAMED = 3

/** Returns the stages of which a baseline knows findings that the one before doesn't, and lower coverage. */
export function grownBaseline(
  before: AdoptionBaseline | undefined,
  after: AdoptionBaseline | undefined,
): Weakening[] {
  const stages = BASELINED.flatMap((stage) => {
    const [from, to] = [before, after].map((each) => each?.findings.get(stage) ?? NO_ENTRIES)
    return grownStage(stage, from ?? NO_ENTRIES, to ?? NO_ENTRIES)
  })
  return [...stages, ...lowerCoverage(before?.coverage, after?.coverage)]
}

function grownStage(stage: string, before: Entries, after: Entries): Weakening[] {
  const more = [...after].flatMap(([file, keys]) => {
    const earlier = before.get(file)
    const added = [...keys].reduce(
      (sum, [key, number]) => sum + Math.max(0, number - (earlier?.get(key) ?? 0)),
      0,
    )
    return added === 0 ? [] : [{ file, added }]
  })
  if (more.length === 0) return []
  const [from, to] = [sizeOf(before), sizeOf(after)]
  const added = more.reduce((sum, each) => sum + each.added, 0)
  const rest = more.length - NAMED
  const files = more.slice(0, NAMED).map(({ file }) => file)
  return [
    {
      what: `baseline ${stage}`,
      from: `${from} known`,
      to: `${to} known: ${added} new, ${from + added - to} gone`,
      where: `${ADOPTION_FILE}: ${files.join(", ")}${rest > 0 ? ` and ${count(rest, "more file")}` : ""}`,
    },
  ]
}

/** Coverage of a baseline takes the place of the gate; a higher one, or none, is stricter. */
function lowerCoverage(before: number | undefined, after: number | undefined): Weakening[] {
  if (after === undefined || (before !== undefined && after >= before)) return []
  const from = before === undefined ? "the gate's" : `${before} %`
  return [{ what: "baseline coverage", from, to: `${after} %`, where: ADOPTION_FILE }]
}
