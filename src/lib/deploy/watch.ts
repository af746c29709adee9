import { fail } from "../errors/catalogue.js"
import { type Context, observe } from "./context.js"
import { type Facts, newest, serving } from "./facts.js"
import { Setback } from "./setback.js"
import { beforeTraffic, soak } from "./soak.js"

/** What watching a version came to. */
export interface Watched {
  /** `few` where too few requests came to tell, `replaced` where it was no longer the one that is there. */
  status: "well" | "few" | "unwell" | "replaced"
  version: string
  /** In a line. */
  text: string
  /** What else the cluster knows of what is wrong. */
  details: readonly string[]
  /** What a person should look at. */
  alerts: readonly string[]
}

/**
 * Watches what serves for so many seconds, by health, crashes, error rate and the time to answer. Ends at once where it
 * isn't well. `raise` is told of an alert as soon as there is one. Fails with NOTHING_DEPLOYED and UNDER_WAY.
 */
export async function watch(
  context: Context,
  seconds: number,
  raise: (alert: string) => void,
): Promise<Watched> {
  const facts = await observe(context)
  const revision = serving(facts)
  const { rollout } = facts
  if (rollout !== undefined) throw fail("UNDER_WAY", [rollout.version, rollout.phase, rollout.run])
  if (revision === undefined) throw fail("NOTHING_DEPLOYED", [context.names.deployment, context.namespace])
  const { version, hash } = revision
  // No more time than was asked for, whether or not there are enough requests.
  const limited = { ...context, settings: { ...context.settings, soak: seconds, hold: 0 } }
  const begun = await beforeTraffic(limited, revision)
  try {
    const { held, text, alerts } = await soak(limited, begun, raise)
    const now = replacement(await observe(context), hash)
    if (now !== undefined) return { status: "replaced", version, text: now, details: [], alerts }
    return { status: held ? "few" : "well", version, text, details: [], alerts }
  } catch (error) {
    if (!(error instanceof Setback)) throw error
    const now = replacement(await observe(context), hash)
    const found =
      now === undefined
        ? { status: "unwell" as const, text: error.reason }
        : { status: "replaced" as const, text: now }
    return { ...found, version, details: now === undefined ? error.details : [], alerts: [] }
  }
}

/** What has come in the place of a version, or is about to. */
function replacement(facts: Facts, hash: string): string | undefined {
  if (facts.rollout !== undefined) return `a deployment of ${facts.rollout.version} has begun`
  const now = newest(facts)
  return now?.hash === hash ? undefined : `${now?.version ?? "nothing"} is there now`
}
