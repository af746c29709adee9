/** Promotion: a release goes to an environment after it was deployed to the one before. */
import type { Config } from "../config/config.js"
import { entryEnvironments, environmentsOf } from "../config/environments.js"
import { isIntact, type LedgerEntry } from "../run/ledger.js"

/** The environment that a release must have been deployed to, and what follows if it wasn't. */
export interface PromotionGate {
  before: string
  policy: "enforce" | "warn"
}

/**
 * The gate of deployments to an environment by the settings; undefined for the first one, and where nothing is asked.
 *
 * By default it stands after the environment that versions enter: whatever enters later would never have been before.
 */
export function promotionGate(
  deploy: Pick<Config["deploy"], "environments" | "entry" | "promotion">,
  environment: string,
): PromotionGate | undefined {
  const known = environmentsOf(deploy)
  const index = known.indexOf(environment)
  const before = known[index - 1]
  const usual = index > known.indexOf(entryEnvironments(deploy).version) ? "enforce" : "ignore"
  const policy = deploy.promotion[environment] ?? usual
  return before === undefined || policy === "ignore" ? undefined : { before, policy }
}

/**
 * Finds the last successful deployment of an image to an environment, in the ledger of the service there; undefined
 * also for one that was rolled back afterwards.
 */
export function deployedTo(
  entries: readonly LedgerEntry[],
  environment: string,
  digest: string,
): LedgerEntry | undefined {
  const about = entries.filter(
    (entry) =>
      entry.environment === environment &&
      entry.status === "succeeded" &&
      isIntact(entry) &&
      (entry.facts["digest"] === digest || isRollbackFrom(entry, digest)),
  )
  const last = about.at(-1)
  return last?.facts["digest"] === digest ? last : undefined
}

const isRollbackFrom = ({ kind, facts }: LedgerEntry, digest: string): boolean =>
  kind === "rollback" && facts["previousDigest"] === digest
