import { fail } from "../errors/catalogue.js"
import type { KubeObject } from "../kube/objects.js"
import { type LedgerEntry, type LedgerRecord } from "../run/ledger.js"
import { type Context, observe } from "./context.js"
import { commitRollout } from "./commitRollout.js"
import { type Facts, named, newest, recovery, type Rollout } from "./facts.js"
import { restoreInterrupted, updateFollowers } from "./followers.js"
import { Lock, type LockPlace } from "./lock.js"
import { removePreview } from "./preview.js"
import { changeIdleService, claimRollout, closeRollout, UNPINNED } from "./record.js"
import { completeRollout, undo } from "./undo.js"
import { type RolloutPlan, rollOut, type RolloutResult } from "./rollout.js"

/** The outcome of a run. */
export interface DeployResult extends RolloutResult {
  /** How an interrupted rollout was recovered; empty if there was none. */
  recovered: string
  entry: LedgerEntry | undefined
}

/** The place of a service's lock. */
export const lockPlace = ({ namespace, names }: Context): LockPlace => ({
  namespace,
  name: `slipway-${names.deployment}`,
})

/**
 * Holds the lock during the work, so that two deployments never overlap. Fails with DEPLOY_LOCKED.
 *
 * Each attempt of a write within is sent only while the lock is surely held.
 */
export async function whileLocked<T>(context: Context, work: (held: Context) => Promise<T>): Promise<T> {
  const { kube, run, settings, clock } = context
  const lock = await Lock.take(kube, {
    ...lockPlace(context),
    holder: run,
    timeout: settings.lockTimeout,
    clock,
  })
  const held = kube.fenced(lock)
  try {
    return await work({
      ...context,
      kube: held,
      ledger: context.ledger.by(held),
      term: lock.term,
      mustHold: () => lock.mustHold(),
    })
  } finally {
    await lock.free()
  }
}

/** What a run is to do, for its repetition. */
export interface DeployedRequest {
  kind: RolloutPlan["kind"]
  /** The version's digest; undefined for a rollback to whichever version is the last good one. */
  digest?: string | undefined
}

/**
 * Deploys once per run id and request, and records the outcome in the ledger.
 *
 * First finishes or undoes what an earlier run left. Namespaces among the manifests are applied before all else, as
 * they hold lock and ledger. Fails with HELD and DEPLOY_LOCKED.
 */
export async function deployOnce(
  context: Context,
  makePlan: (facts: Facts) => Promise<RolloutPlan>,
  manifests: readonly KubeObject[] = [],
  request?: DeployedRequest,
): Promise<DeployResult> {
  for (const object of manifests.filter(({ kind }) => kind === "Namespace")) await context.kube.apply(object)
  return whileLocked(context, async (held) => {
    const recovered = await recover(held)
    const { entries, damage } = await held.ledger.read()
    const done = doneBefore(held, entries, request)
    if (done !== undefined) return repeatedRun(done)
    const facts = named(await observe(held), entries)
    if (facts.rollout?.phase === "held")
      throw fail("HELD", [facts.rollout.version, facts.rollout.switchedAt ?? ""])
    if (!isAwaited(held, facts, request)) await recordManualChange(held, facts)
    const plan = await makePlan(facts)
    const startedAt = new Date(context.clock.now()).toISOString()
    let entry: LedgerEntry | undefined
    const record = async (ended: RolloutResult) => {
      entry = await held.ledger.append(deployedRecord(held, plan, { ended, startedAt, facts, damage }))
    }
    const { commit } = plan
    const result = await (commit === undefined
      ? rollOut(held, plan, record)
      : commitRollout(held, plan, commit, { entries, record }))
    // Not only in the log: whoever has changed it may have done more.
    const alerts = [...result.alerts, ...damage.map((fault) => `the ledger is damaged: ${fault}`)]
    return { ...result, alerts, recovered, entry }
  })
}

/** True for the version that an earlier run had committed, and a controller has applied since. */
const isAwaited = ({ settings }: Context, facts: Facts, request?: DeployedRequest): boolean =>
  settings.commit.repository !== undefined &&
  request?.digest !== undefined &&
  newest(facts)?.digest === request.digest

/** The entry of an earlier attempt of this run and request, if it has ended. */
export const doneBefore = (
  { run, environment, names }: Context,
  entries: readonly LedgerEntry[],
  request?: DeployedRequest,
): LedgerEntry | undefined =>
  entries.find(
    (entry) =>
      entry.run === run &&
      entry.environment === environment &&
      entry.subject === names.deployment &&
      (request === undefined ? entry.kind !== "manual" : entry.kind === request.kind) &&
      (request?.digest === undefined || entry.facts["digest"] === request.digest),
  )

interface Ended {
  ended: RolloutResult
  startedAt: string
  /** The cluster before. */
  facts: Facts
  damage: readonly string[]
}

function deployedRecord(
  context: Context,
  { kind, version }: RolloutPlan,
  { ended, startedAt, facts, damage }: Ended,
): LedgerRecord {
  const last = newest(facts)
  return {
    ...recordOf(context, kind, ended.status === "unchanged" ? "succeeded" : ended.status, startedAt),
    sha: version.commit,
    facts: {
      version: version.name,
      image: `${version.repository}@${version.digest}`,
      digest: version.digest,
      previous: last?.version ?? "",
      previousDigest: last?.digest ?? "",
      previousCommit: last?.commit ?? "",
      ...ended.facts,
      ...(context.who ? { actor: context.who } : {}),
      ...(context.review ? { review: context.review } : {}),
      ...(context.promotion ? { promotion: context.promotion } : {}),
      ...(context.offMain ? { offMain: context.offMain } : {}),
      ...(context.withoutHotfix ? { withoutHotfix: context.withoutHotfix } : {}),
      ...(ended.alerts.length > 0 && { alerts: ended.alerts.join("; ") }),
      ...(damage.length > 0 && { damage: damage.join("; ") }),
    },
  }
}

/** The outcome of a run that is repeated with the same id: nothing is done again. */
export const repeatedRun = (entry: LedgerEntry): DeployResult => ({
  status: entry.status === "succeeded" ? "unchanged" : "failed",
  steps: [],
  alerts: [],
  facts: entry.facts,
  recovered: `the run ${entry.run} has ended already: ${entry.status}`,
  entry,
})

const recordOf = (
  { environment, names, run, clock }: Context,
  kind: LedgerRecord["kind"],
  status: LedgerRecord["status"],
  startedAt: string,
): Omit<LedgerRecord, "facts" | "sha"> => ({
  kind,
  status,
  environment,
  subject: names.deployment,
  run,
  startedAt,
  finishedAt: new Date(clock.now()).toISOString(),
})

/**
 * Finishes or undoes an interrupted rollout; returns what was done, or an empty text. Needs the lock.
 *
 * Takes the rollout over first: whatever the interrupted run still sends then fails.
 */
export async function recover(
  context: Context,
  accept?: (rollout: Rollout, facts: Facts) => readonly KubeObject[],
  more: Record<string, string> = {},
): Promise<string> {
  const facts = await observe(context)
  const accepts = accept !== undefined && facts.rollout?.phase === "held"
  const what = accepts ? "finish" : recovery(facts)
  // One that was created late, when its run was undone already.
  if (facts.rollout === undefined) await removePreview(context)
  // A Service without a Deployment stays pinned: nothing untested may get its traffic.
  if (what === "none" || (what === "unpin" && facts.deployment === undefined)) return ""
  if (what === "unpin") {
    if (facts.revisions.filter(({ pods }) => pods.length > 0).length > 1) return ""
    await changeIdleService(context, UNPINNED)
    return "the Service was pinned to one version, and is unpinned"
  }
  if (what === "held") {
    if (facts.rollout !== undefined)
      await recordRecovery(context, facts.rollout, { what, text: "on hold", more })
    return ""
  }
  const rollout = await claimRollout(context)
  if (rollout === undefined) return ""
  // Followers of a version on hold are updated only when it is accepted.
  if (accepts) await updateFollowers(context, accept(rollout, facts))
  const text =
    what === "finish" ? await finishInterrupted(context, rollout) : await undoInterrupted(context, rollout)
  await recordRecovery(context, rollout, { what, text, more })
  await closeRollout(context)
  context.say(text)
  return text
}

/**
 * Records how a rollout ended that its own run left.
 *
 * Under the run's id where it has no entry yet, but for an undone one: that may be repeated, and then deploys again.
 */
async function recordRecovery(
  context: Context,
  rollout: Rollout,
  { what, text, more }: { what: "finish" | "undo" | "held"; text: string; more: Record<string, string> },
): Promise<void> {
  const status = what === "finish" ? "succeeded" : what === "undo" ? "failed" : "held"
  const { entries } = await context.ledger.read()
  const known = doneBefore({ ...context, run: rollout.run }, entries, rollout)
  if (known?.status === status && Object.keys(more).length === 0) return
  const run = known === undefined && what !== "undo" ? rollout.run : `${rollout.run}-${what}`
  await context.ledger.append({
    ...recordOf({ ...context, run }, rollout.kind, status, rollout.startedAt),
    sha: rollout.commit,
    facts: {
      version: rollout.version,
      digest: rollout.digest,
      ...(rollout.image !== undefined && { image: rollout.image }),
      previous: rollout.fromVersion,
      previousDigest: rollout.fromDigest,
      interrupted: rollout.phase,
      by: context.run,
      reason: rollout.reason ?? text,
      ...more,
    },
  })
}

async function finishInterrupted(context: Context, rollout: Rollout): Promise<string> {
  await completeRollout(context, rollout)
  return `the deployment of ${rollout.version} by run ${rollout.run} had passed the soak, and is finished`
}

async function undoInterrupted(context: Context, rollout: Rollout): Promise<string> {
  const { text } = await undo(context, rollout, rollout.reason ?? "interrupted")
  await restoreInterrupted(context, rollout)
  return `the deployment of ${rollout.version} by run ${rollout.run} was interrupted (${rollout.phase}) and is undone: ${text}`
}

/** Records a change since the last entry that wasn't made by Slipway, such as `kubectl rollout undo`. */
export async function recordManualChange(context: Context, facts: Facts): Promise<LedgerEntry | undefined> {
  const current = newest(facts)
  if (current === undefined || facts.rollout !== undefined) return undefined
  const { entries } = await context.ledger.read()
  const expected = expectedDigests(entries)
  if (expected.length === 0 || expected.includes(current.digest)) return undefined
  const [last] = entries.slice(-1)
  const now = new Date(context.clock.now()).toISOString()
  return context.ledger.append({
    ...recordOf(
      { ...context, run: `manual-${facts.deployment?.metadata.uid?.slice(0, 8) ?? ""}-${current.number}` },
      "manual",
      "succeeded",
      now,
    ),
    sha: current.commit,
    facts: {
      version: current.version,
      digest: current.digest,
      image: current.image,
      revision: String(current.number),
      undoes: last?.run ?? "",
      instead: last?.facts["version"] ?? "",
    },
  })
}

/** Returns the digests of which one should run according to the ledger; none if it doesn't say. */
function expectedDigests(entries: readonly LedgerEntry[]): string[] {
  const last = entries.filter(({ kind }) => kind !== "apply").at(-1)
  if (last === undefined) return []
  const { digest, previousDigest, committed } = last.facts
  // A commit stays when it fails, and a controller may apply it later.
  const either = last.status !== "failed" ? [digest] : [previousDigest, committed && digest]
  return either.filter((each) => each !== undefined)
}
