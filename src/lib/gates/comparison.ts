import type { EffectivePolicy } from "./effective.js"
import { policyDigest } from "./effective.js"
import type { PolicyReading } from "./facts.js"
import type { GateBase, GateComparison } from "../run/gateComparison.js"
import { weakened } from "./weakened.js"

/** The number of weakenings that a verdict lists. */
const LISTED = 200

/** Compares the gates of a run with its base's; of a run whose sources can't be read its settings are known alone. */
export function compareGates(
  head: PolicyReading | EffectivePolicy,
  base: GateBase | undefined,
  before: PolicyReading | string,
): GateComparison {
  const read = "policy" in head ? head : undefined
  const common = {
    policy: read === undefined ? "" : policyDigest(read.policy),
    base: base ?? null,
    notable: notableIn("policy" in head ? head.policy : head),
  }
  if (read === undefined || typeof before === "string") {
    const problem = typeof before === "string" ? before : "the policy of this run can't be read"
    return { ...common, problem, weakened: [], more: 0 }
  }
  const all = weakened(before, read)
  const listed = all.slice(0, LISTED)
  return { ...common, problem: null, weakened: listed, more: all.length - listed.length }
}

/** Keys by which sources replace what judges or signs a release. */
const JUDGES =
  /^(images\.prefix|images\.replace\.(trivy|cosign|regctl|python)|security\.database\.(file|repository))$/

/** What a source has in the place of Slipway's own tools and data, as `key=value`, without what a caller allows. */
export const refusedJudges = (
  { settings }: Pick<EffectivePolicy, "settings">,
  allowed: readonly string[],
): string[] =>
  Object.entries(settings)
    .filter(([key]) => JUDGES.test(key))
    .map(([key, value]) => `${key}=${String(value)}`)
    .filter((setting) => !allowed.includes(setting))

const VERIFIERS = /^images\.(prefix|replace\.(cosign|regctl))=/

/** Says with which images of the sources' choice a release is verified; empty for Slipway's own. */
export function verifierNote(policy: Pick<EffectivePolicy, "settings">): string {
  const own = refusedJudges(policy, []).filter((setting) => VERIFIERS.test(setting))
  return own.length === 0 ? "" : `; verified with images of slipway.yaml: ${own.join(", ")}`
}

/** Sources' own images, database and gates that let everything pass, a line each. */
function notableIn({ settings }: EffectivePolicy): string[] {
  const own = Object.entries(settings)
    .filter(
      ([key]) => key.startsWith("images.") || key.startsWith("security.database.") || key === "python.index",
    )
    .filter(([key]) => key !== "security.database.maximumAge")
    .map(([key, value]) => `${key}: ${String(value)}, in the place of Slipway's own`)
  const open =
    settings["tests.coverage.above"] === 0 ? ["tests.coverage.above: 0 %, which any coverage passes"] : []
  return [...own, ...open]
}
