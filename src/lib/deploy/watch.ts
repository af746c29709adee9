import { fail } from "../errors/catalogue.js"
import { type Context, observe } from "./context.js"
import { type Facts, newest, serving } from "./facts.js"
import { StepFailure } from "./stepFailure.js"
import { takeBaseline, soak } from "./soak.js"

/** The outcome of watching a version. */
export interface WatchResult {
  /** `few` if too few requests came to judge it, `replaced` if another version has been deployed. */
  status: "well" | "few" | "unwell" | "replaced"
  version: string
  /** A summary in one line. */
  text: string
  /** Further diagnosis from the cluster. */
  details: readonly string[]
  /** Slow answers, for a person to look at. */
  alerts: readonly string[]
}

/**
 * Watches the serving version's health, crashes, error rate and latency for so many seconds.
 *
 * Ends at once if it is unwell. Calls `raise` as soon as there is an alert. Fails with NOTHING_DEPLOYED and UNDER_WAY.
 */
export async function watchVersion(
  context: Context,
  seconds: number,
  raise: (alert: string, version: string) => void,
): Promise<WatchResult> {
  const facts = await observe(context)
  const revision = serving(facts)
  const { rollout } = facts
  if (rollout !== undefined) throw fail("UNDER_WAY", [rollout.version, rollout.phase, rollout.run])
  if (revision === undefined) throw fail("NOTHING_DEPLOYED", [context.names.deployment, context.namespace])
  const { version, hash } = revision
  // Never longer than requested, even with too few requests.
  const limited = { ...context, settings: { ...context.settings, soak: seconds, hold: 0 } }
  const baseline = await takeBaseline(limited, revision)
  try {
    const { onHold, text, alerts } = await soak(limited, baseline, (alert) => {
      raise(alert, version)
    })
    const now = replacement(await observe(context), hash)
    if (now !== undefined) return { status: "replaced", version, text: now, details: [], alerts }
    return { status: onHold ? "few" : "well", version, text, details: [], alerts }
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    const now = replacement(await observe(context), hash)
    const found =
      now === undefined
        ? { status: "unwell" as const, text: error.reason }
        : { status: "replaced" as const, text: now }
    return { ...found, version, details: now === undefined ? error.details : [], alerts: [] }
  }
}

/** Says what has replaced a version, or is about to; undefined if nothing. */
function replacement(facts: Facts, hash: string): string | undefined {
  if (facts.rollout !== undefined) return `a deployment of ${facts.rollout.version} has started`
  const now = newest(facts)
  return now?.hash === hash ? undefined : `${now?.version ?? "nothing"} runs now`
}
