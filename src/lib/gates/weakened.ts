import { ADOPTION_FILE } from "../adoption/entries.js"
import { grownBaseline } from "../adoption/growth.js"
import { clip } from "../text/escape.js"
import type { Weakening } from "../run/gateComparison.js"
import { count } from "../text/words.js"
import type { PolicyReading } from "./facts.js"
import { weakenedSettings } from "./settings.js"
import { weakenedTools } from "./weakenedTools.js"

/** The longest part of a weakening. */
const LENGTH = 200
/** Files and tests that are named; the rest is counted. */
const NAMED = 3

/**
 * Compares the policy of a change with that of its base, and returns every way in which it lets more pass: checks taken
 * out, thresholds lowered, paths left out, trust and images replaced, exceptions added, tests gone or skipped.
 */
export function weakened(base: PolicyReading, head: PolicyReading): Weakening[] {
  const all = [
    ...weakenedSettings(base.policy.settings, head.policy.settings).map((each) => ({
      ...each,
      where: "slipway.yaml",
    })),
    ...changedFiles(base, head),
    ...addedExceptions(base, head),
    ...grownBaseline(base.adoption, head.adoption),
    ...weakenedTools(base.policy.tools, head.policy.tools).map((each) => {
      const key = Object.hasOwn(head.places, each.key) ? head.places[each.key] : base.places[each.key]
      return { what: each.what, from: each.from, to: each.to, where: key ?? "" }
    }),
    ...addedMarkers(base, head),
    ...lostTests(base, head),
  ]
  return all.map(({ what, from, to, where }) => ({
    what: clip(what, LENGTH),
    from: clip(from, LENGTH),
    to: clip(to, LENGTH),
    where: clip(where, 2 * LENGTH),
  }))
}

/** A weakening in one line, unescaped. */
export const weakeningText = ({ what, from, to, where }: Weakening): string =>
  `${what}: ${from} → ${to}${where === "" ? "" : ` (${where})`}`

/** Files that call Slipway or that `slipway.yaml` names, with other content than before, or gone. */
function changedFiles({ policy: before }: PolicyReading, { policy: after }: PolicyReading): Weakening[] {
  const what = "a file that gates depend on"
  return Object.entries(before.files).flatMap(([where, digest]) => {
    const now = after.files[where]
    const [from, to] = [digest, now ?? "gone"].map((text) => text.slice(0, 19))
    return now === digest ? [] : [{ what, from: from ?? "", to: to ?? "", where }]
  })
}

function addedExceptions({ policy: before }: PolicyReading, { policy: after }: PolicyReading): Weakening[] {
  return Object.entries(after.exceptions).flatMap(([name, to]) => {
    if (to <= (before.exceptions[name] ?? 0) || name.startsWith(`${ADOPTION_FILE}: `)) return []
    const at = name.indexOf(": ")
    return [
      { what: "exception", from: "none", to: name.slice(at + 2), where: at < 0 ? "" : name.slice(0, at) },
    ]
  })
}

function addedMarkers(base: PolicyReading, head: PolicyReading): Weakening[] {
  return Object.entries(head.policy.markers).flatMap(([kind, to]) => {
    const from = base.policy.markers[kind] ?? 0
    if (to <= from) return []
    const where = grown(base.markers[kind] ?? {}, head.markers[kind] ?? {})
    return [{ what: kind, from: String(from), to: String(to), where: named(where, "file") }]
  })
}

/** The files with a higher count than before. */
const grown = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): string[] =>
  Object.entries(after).flatMap(([file, number]) => (number > (before[file] ?? 0) ? [file] : []))

function lostTests(base: PolicyReading, head: PolicyReading): Weakening[] {
  const before = base.policy.tests
  const after = head.policy.tests
  const gone = goneTests(base, head)
  const added = after.tests - (before.tests - gone.length)
  const lost =
    gone.length === 0
      ? []
      : [
          {
            what: "tests",
            from: String(before.tests),
            to: `${after.tests}: ${gone.length} gone, ${added} new`,
            where: named(gone, "test"),
          },
        ]
  if (after.skips <= before.skips) return lost
  const where = named(grown(base.skips, head.skips), "file")
  return [
    ...lost,
    { what: "tests skipped or allowed to fail", from: String(before.skips), to: String(after.skips), where },
  ]
}

/** The tests of the base that the change hasn't, in whatever file: a test that moves isn't gone. */
function goneTests(base: PolicyReading, head: PolicyReading): string[] {
  const left = new Map<string, number>()
  for (const name of Object.values(head.tests).flat()) left.set(name, (left.get(name) ?? 0) + 1)
  return Object.entries(base.tests).flatMap(([file, names]) =>
    names.flatMap((name) => {
      const number = left.get(name) ?? 0
      left.set(name, number - 1)
      return number > 0 ? [] : [`${file}::${name}`]
    }),
  )
}

function named(all: readonly string[], noun: string): string {
  const rest = all.length - NAMED
  return all.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${count(rest, `more ${noun}`)}` : "")
}
