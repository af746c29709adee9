import { fail } from "../errors/catalogue.js"
import type { KubeObject } from "../kube/objects.js"
import type { LedgerEntry, LedgerRecord } from "../run/ledger.js"
import { type Context, observe, unpin } from "./context.js"
import { type Facts, newest, recovery, type Rollout } from "./facts.js"
import { updateFollowers } from "./followers.js"
import { Lock } from "./lock.js"
import { completeRollout, cleanUp, undo } from "./undo.js"
import { type RolloutPlan, rollOut, type RolloutResult } from "./rollout.js"

/** The outcome of a run. */
export interface DeployResult extends RolloutResult {
  /** How an interrupted rollout was recovered; empty if there was none. */
  recovered: string
  entry: LedgerEntry | undefined
}

/** Holds the lock during the work, so that two deployments never overlap. Fails with DEPLOY_LOCKED. */
export async function whileLocked<T>(context: Context, work: (held: Context) => Promise<T>): Promise<T> {
  const { kube, namespace, names, run, settings, clock } = context
  const lock = await Lock.take(kube, {
    namespace,
    name: `slipway-${names.deployment}`,
    holder: run,
    timeout: settings.lockTimeout,
    clock: { now: clock.now, sleep: clock.sleep },
  })
  try {
    return await work({ ...context, mustHold: () => lock.mustHold() })
  } finally {
    await lock.free()
  }
}

/**
 * Deploys once per run id, and records the outcome in the ledger.
 *
 * First finishes or undoes what an earlier run left. Namespaces among the manifests are applied before all else, as
 * they hold lock and ledger. Fails with HELD and DEPLOY_LOCKED.
 */
export async function deployOnce(
  context: Context,
  makePlan: (facts: Facts) => Promise<RolloutPlan>,
  manifests: readonly KubeObject[] = [],
): Promise<DeployResult> {
  for (const object of manifests.filter(({ kind }) => kind === "Namespace")) await context.kube.apply(object)
  return whileLocked(context, async (held) => {
    const done = (await context.ledger.entries()).find(
      ({ run, kind }) => run === context.run && kind !== "manual",
    )
    if (done !== undefined) return repeatedRun(done)
    const recovered = await recover(held)
    const facts = await observe(held)
    if (facts.rollout?.phase === "held")
      throw fail("HELD", [facts.rollout.version, facts.rollout.switchedAt ?? ""])
    await recordManualChange(held, facts)
    const plan = await makePlan(facts)
    const startedAt = new Date(context.clock.now()).toISOString()
    const result = await rollOut(held, plan)
    if (result.status === "unchanged") return { ...result, recovered, entry: undefined }
    const last = newest(facts)
    const entry = await context.ledger.append({
      ...recordOf(held, plan.kind, result.status, startedAt),
      sha: plan.version.commit,
      facts: {
        version: plan.version.name,
        image: `${plan.version.repository}@${plan.version.digest}`,
        digest: plan.version.digest,
        previous: last?.version ?? "",
        previousDigest: last?.digest ?? "",
        previousCommit: last?.commit ?? "",
        ...result.facts,
        ...(context.who ? { actor: context.who } : {}),
        ...(result.alerts.length > 0 && { alerts: result.alerts.join("; ") }),
      },
    })
    return { ...result, recovered, entry }
  })
}

/** The outcome of a run that is repeated with the same id: nothing is done again. */
const repeatedRun = (entry: LedgerEntry): DeployResult => ({
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

/** Finishes or undoes an interrupted rollout; returns what was done, or an empty text. Needs the lock. */
export async function recover(
  context: Context,
  accept?: (rollout: Rollout, facts: Facts) => readonly KubeObject[],
): Promise<string> {
  const facts = await observe(context)
  const { rollout } = facts
  const accepts = accept !== undefined && rollout?.phase === "held"
  const what = accepts ? "finish" : recovery(facts)
  if (what === "none" || what === "held") return ""
  if (what === "unpin" || rollout === undefined) {
    if (facts.revisions.filter(({ pods }) => pods.length > 0).length > 1) return ""
    await unpin(context)
    return "the Service was pinned to one version, and is unpinned"
  }
  // Followers of a version on hold are updated only when it is accepted.
  if (accepts) await updateFollowers(context, accept(rollout, facts))
  const text =
    what === "finish" ? await finishInterrupted(context, rollout) : await undoInterrupted(context, rollout)
  await context.ledger.append({
    ...recordOf(
      // The run itself may have an entry already, as held or failed, or may be repeated.
      { ...context, run: `${rollout.run}-${what}` },
      rollout.kind,
      what === "finish" ? "succeeded" : "failed",
      rollout.startedAt,
    ),
    sha: rollout.commit,
    facts: {
      version: rollout.version,
      digest: rollout.digest,
      previous: rollout.fromVersion,
      previousDigest: rollout.fromDigest,
      interrupted: rollout.phase,
      by: context.run,
      reason: rollout.reason ?? text,
    },
  })
  context.say(text)
  return text
}

async function finishInterrupted(context: Context, rollout: Rollout): Promise<string> {
  await completeRollout(context, rollout)
  await cleanUp(context)
  return `the deployment of ${rollout.version} by run ${rollout.run} had passed the soak, and is finished`
}

async function undoInterrupted(context: Context, rollout: Rollout): Promise<string> {
  const { text } = await undo(context, rollout, rollout.reason ?? "interrupted")
  return `the deployment of ${rollout.version} by run ${rollout.run} was interrupted (${rollout.phase}) and is undone: ${text}`
}

/** Records a change since the last entry that wasn't made by Slipway, such as `kubectl rollout undo`. */
export async function recordManualChange(context: Context, facts: Facts): Promise<LedgerEntry | undefined> {
  const current = newest(facts)
  if (current === undefined || facts.rollout !== undefined) return undefined
  const entries = await context.ledger.entries()
  const expected = expectedDigest(entries)
  if (expected === undefined || expected === current.digest) return undefined
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

/** Returns the digest that should run according to the ledger. */
function expectedDigest(entries: readonly LedgerEntry[]): string | undefined {
  const last = entries.filter(({ kind }) => kind !== "apply").at(-1)
  if (last === undefined) return undefined
  return last.status === "failed" ? last.facts["previousDigest"] : last.facts["digest"]
}

/** Returns the successfully deployed versions, the newest first, each once. */
export function goodVersions(
  entries: readonly LedgerEntry[],
): { version: string; digest: string; image: string; commit: string }[] {
  const good = entries
    .filter(({ kind, status }) => kind !== "apply" && status === "succeeded")
    .reverse()
    .map(({ facts, sha }) => ({
      version: facts["version"] ?? "",
      digest: facts["digest"] ?? "",
      image: facts["image"] ?? "",
      commit: sha,
    }))
  return good.filter(
    ({ digest }, index) => digest !== "" && good.findIndex((other) => other.digest === digest) === index,
  )
}

/** Finds a version by its name or digest, or the last good one that doesn't run now. Fails with NO_VERSION. */
export function rollbackTarget(entries: readonly LedgerEntry[], facts: Facts, wanted: string) {
  const known = goodVersions(entries)
  const current = newest(facts)?.digest
  const bare = (text: string) => text.replace(/^v/, "")
  const found =
    wanted === ""
      ? known.find(({ digest }) => digest !== current)
      : known.find(({ version, digest }) => bare(version) === bare(wanted) || digest === wanted)
  if (found === undefined) throw fail("NO_VERSION", [wanted, known.map(({ version }) => version)])
  return found
}
