import { isSameOrBelow } from "./attributePath.js"
import { type Baseline, type BaselineEntry, type EntryProblem, entryProblem } from "./baseline.js"
import { differencesOf } from "./differences.js"
import { planSecrets } from "./masks.js"
import type { ChangeJson, PlanJson } from "./planJson.js"

/** Difference between state and reality: one attribute, or a deleted resource. */
export interface DriftItem {
  address: string
  type: string
  /** For example `tags.env`; absent for a deleted resource. */
  attribute?: string
  /** JSON, or `(sensitive)`; absent for an added value. */
  before?: string
  after?: string
}

/** `KNOWN`: the baseline covers all drift. */
export type DriftVerdict = "CLEAN" | "KNOWN" | "DRIFT"

/** Drift with the baseline entry that covers it, if one does. */
export interface JudgedDrift extends DriftItem {
  entry?: BaselineEntry
  /** Entry that would cover it if it had an effect, with the reason why it has none. */
  broken?: { entry: BaselineEntry; fault: EntryProblem }
}

/** Environment, root and time for which drift is judged. */
export interface DriftPlace {
  environment: string
  root: string
  now: Date
}

/** Result of judging drift against the baseline. */
export interface DriftJudgement {
  verdict: DriftVerdict
  items: JudgedDrift[]
  /** Entries for this environment and root that match nothing any more. */
  unused: BaselineEntry[]
  /** Entries for this environment and root that have expired, whether anything drifts or not. */
  expired: BaselineEntry[]
}

/** Returns the drift from the JSON of a refresh-only plan. */
export function driftOf(plan: PlanJson): DriftItem[] {
  const secrets = planSecrets(plan)
  return plan.resourceDrift.flatMap(({ address: name, type, mode, change }): DriftItem[] => {
    if (mode === "data" || mode === "ephemeral") return []
    const address = secrets.hideInAddress(name)
    if (isNothing(change.after) && !isNothing(change.before)) return [{ address, type }]
    const effective = withoutNothing(change)
    return differencesOf(effective, secrets).flatMap(({ path, before, after, note }): DriftItem[] =>
      note !== undefined
        ? []
        : [
            {
              address,
              type,
              attribute: path,
              ...(before === undefined ? {} : { before }),
              ...(after === undefined ? {} : { after }),
            },
          ],
    )
  })
}

/**
 * Replaces empty values by none.
 *
 * Terraform lists a resource as drifted, with exit code 2, if its provider reports an empty value that was null or
 * absent before, and says itself that nothing changed (hashicorp/terraform#36403). All forms of an empty value are
 * therefore equal; entries of lists keep their positions.
 */
const withoutNothing = (change: ChangeJson): ChangeJson => ({
  ...change,
  before: pruned(change.before),
  after: pruned(change.after),
})

function pruned(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length === 0 ? null : value.map((each: unknown) => (each === "" ? each : pruned(each)))
  if (typeof value !== "object" || value === null) return value === "" ? null : value
  const entries = Object.entries(value).map(([key, each]) => [key, pruned(each)] as const)
  const some = entries.filter(([, each]) => each !== null)
  return some.length === 0 ? null : Object.fromEntries(some)
}

const isNothing = (value: unknown): boolean => value === null || value === undefined

/** Judges drift against the baseline: drift that a valid entry covers is known. */
export function judgeDrift(
  drift: readonly DriftItem[],
  baseline: Baseline,
  place: DriftPlace,
): DriftJudgement {
  const { environment, root, now } = place
  const here = baseline.filter((entry) => holdsIn(entry, environment, root))
  const byAddress = new Map<string, BaselineEntry[]>()
  for (const entry of here) {
    const others = byAddress.get(entry.address)
    if (others === undefined) byAddress.set(entry.address, [entry])
    else others.push(entry)
  }
  const faults = new Map(here.map((entry) => [entry, entryProblem(entry, now)]))
  const used = new Set<BaselineEntry>()
  const items = drift.map((item): JudgedDrift => {
    const matching = (byAddress.get(item.address) ?? []).filter((entry) => covers(entry, item))
    for (const entry of matching) used.add(entry)
    const entry = matching.find((each) => faults.get(each) === undefined)
    if (entry !== undefined) return { ...item, entry }
    const [first] = matching
    const fault = first && faults.get(first)
    return first === undefined || fault === undefined ? item : { ...item, broken: { entry: first, fault } }
  })
  return {
    verdict: verdictOf(items),
    items,
    unused: here.filter((entry) => !used.has(entry)),
    expired: here.filter((entry) => faults.get(entry)?.rule === "expired"),
  }
}

function verdictOf(items: readonly JudgedDrift[]): DriftVerdict {
  if (items.length === 0) return "CLEAN"
  return items.every(({ entry }) => entry !== undefined) ? "KNOWN" : "DRIFT"
}

const holdsIn = (entry: BaselineEntry, environment: string, root: string): boolean =>
  (entry.environment === undefined || entry.environment === environment) &&
  (entry.root === undefined || entry.root === root)

/**
 * True if an entry covers a drift. One for a map or list covers all in it; one for all attributes covers no deletion.
 */
function covers({ attribute }: BaselineEntry, item: DriftItem): boolean {
  if (item.attribute === undefined) return attribute === "(deleted)"
  return attribute === "*" || isSameOrBelow(attribute, item.attribute)
}
