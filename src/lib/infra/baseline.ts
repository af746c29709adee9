import { exceptionFields, readEntries } from "../config/entries.js"
import { insideRule, printableRule, relativeRule } from "../config/rules.js"
import type { SectionSpec, TextRule } from "../config/spec.js"
import type { Outcome } from "../run/finding.js"
import { normalPath } from "./attributePath.js"

/** File in the service's source that lists known drift. */
export const BASELINE_FILE = ".slipway/drift.yaml"

/** One entry of that file. */
export interface BaselineEntry {
  /** Applies to all environments if left out. */
  environment?: string
  /** The root directory; applies to all roots if left out. */
  root?: string
  /** A resource's full address, without patterns. */
  address: string
  /** An attribute such as `tags.env`, `*` for all of them, or `(deleted)` for the resource itself. */
  attribute: string
  reason: string
  owner: string
  /** The last day on which it applies, YYYY-MM-DD, UTC. */
  expires: string
  /** Line in its file, counted from 1. */
  line: number
}

export type Baseline = readonly BaselineEntry[]

/** Reason why an entry has no effect. */
export interface EntryProblem {
  rule: "no-reason" | "no-owner" | "no-expiry" | "expired" | "too-long"
  message: string
}

const DAY = 86_400_000

/** Longest validity of an entry. */
const MOST_DAYS = 365

const short: TextRule = { expected: "1 to 1000 characters", pattern: /^.{1,1000}$/s }

const entry = {
  kind: "section",
  fields: {
    environment: { kind: "text", doc: "Where it holds. Left out, in all.", rules: [printableRule, short] },
    root: {
      kind: "text",
      doc: "The root directory that it holds for. Left out, for all.",
      rules: [printableRule, relativeRule, insideRule, short],
    },
    address: { kind: "text", doc: "The resource's whole address.", rules: [printableRule, short] },
    attribute: {
      kind: "text",
      doc: 'The attribute, with all below it; "*" for all, "(deleted)" for the resource as such.',
      rules: [printableRule, short],
    },
    ...exceptionFields("Why it may drift."),
  },
} as const satisfies SectionSpec

const WHOLE: readonly string[] = ["*", "(deleted)"]

/** Parses the file; undefined stands for a missing one. The outcome is set if the file is invalid. */
export function parseBaseline(text: string | undefined): { baseline: Baseline; outcome?: Outcome } {
  const { entries, outcome } = readEntries<typeof entry, BaselineEntry>(text, {
    file: BASELINE_FILE,
    list: "drift",
    entry,
    required: { address: "", attribute: "" },
    make: ({ environment, root, address = "", attribute, reason = "", owner = "", expires = "" }, place) => ({
      ...(environment === undefined ? {} : { environment }),
      ...(root === undefined ? {} : { root }),
      address,
      attribute: spelled(attribute, (message) => place.report("attribute", message)),
      reason: reason.replace(/\s+/g, " ").trim(),
      owner: owner.trim(),
      expires,
      line: place.line,
    }),
  })
  return { baseline: entries, ...(outcome && { outcome }) }
}

/** Normalises an attribute to the spelling of drift: `tags["env"]` is `tags.env`. */
function spelled(attribute: string | undefined, report: (message: string) => void): string {
  if (attribute === undefined || WHOLE.includes(attribute)) return attribute ?? ""
  const normal = normalPath(attribute)
  if (normal === undefined)
    report('expected an attribute such as tags.env, rules[0].port or tags["a.b"], or "*" or "(deleted)"')
  return normal ?? ""
}

/** Returns the reason why an entry has no effect; undefined for a valid entry. */
export function entryProblem({ reason, owner, expires }: BaselineEntry, now: Date): EntryProblem | undefined {
  if (reason === "") return { rule: "no-reason", message: "has no reason: say why it may drift" }
  if (owner === "") return { rule: "no-owner", message: "has no owner: name who is responsible for it" }
  if (expires === "")
    return { rule: "no-expiry", message: "never expires: give the last day on which it holds" }
  const left = Math.floor(Date.parse(`${expires}T00:00:00Z`) / DAY) - Math.floor(now.getTime() / DAY)
  if (left < 0)
    return { rule: "expired", message: `expired on ${expires}: undo the drift, or renew the entry` }
  if (left > MOST_DAYS)
    return {
      rule: "too-long",
      message: `holds until ${expires}, and may hold for at most ${MOST_DAYS} days from now`,
    }
  return undefined
}
