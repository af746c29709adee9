import { type DeploymentObject, DEPLOYMENT } from "../kube/objects.js"
import { change, settled, templateOf } from "./change.js"
import { type Context, endpointPods, observe, waitUntil } from "./context.js"
import { byHash, isReadyPod, living, newest, type Revision, type Rollout } from "./facts.js"
import { removePreview } from "./preview.js"
import { pinnedTo, restoredBy, saveRollout } from "./record.js"
import { explain, StepFailure } from "./stepFailure.js"

/** Seconds for endpoints to follow a changed selector. */
const SWITCH_SECONDS = 20

/** The outcome of undoing a rollout. */
export interface UndoResult {
  text: string
  /** Seconds until the old pods had the traffic again; undefined if they never lost it. */
  seconds: number | undefined
}

/**
 * Undoes a rollout: returns the traffic to the old pods at once, then removes the new ones.
 *
 * The record must be this run's. It stays, with the pin, until the outcome is in the ledger. Safe to repeat after an
 * interruption at any point.
 */
export async function undo(context: Context, rollout: Rollout, reason: string): Promise<UndoResult> {
  const { clock, say } = context
  const startedAt = clock.now()
  const facts = await observe(context)
  const old = byHash(facts, rollout.from)
  const undoing: Rollout = { ...rollout, phase: "undo", reason }
  if (rollout.from === "") return undoFirst(context, undoing)
  if (old === undefined) return undoWithoutOldPods(context, undoing)
  const well = living(old).some(isReadyPod)
  let seconds: number | undefined
  if (facts.pinned !== rollout.from && well) {
    await saveRollout(context, undoing, restoredBy(rollout))
    await awaitRouting(context, old)
    seconds = (clock.now() - startedAt) / 1000
    say(`traffic back at ${rollout.fromVersion} after ${seconds.toFixed(1)} s`)
  } else await saveRollout(context, undoing)
  await change(context, (deployment) => undone(deployment, old, rollout))
  // Unhealthy old pods may never become ready, and until then Kubernetes keeps the new ones: don't wait for it, or no
  // further version could be deployed.
  if (well) await awaitSoleRevision(context, rollout.from)
  await saveRollout(context, undoing, restoredBy(rollout))
  if (well) await awaitRouting(context, old)
  await removePreview(context)
  return {
    text: `${rollout.fromVersion} ${well ? "serves" : "was restored, and is as unhealthy as before"}`,
    seconds,
  }
}

/** Keeps the new version where the old pods' ReplicaSet was deleted. */
async function undoWithoutOldPods(context: Context, rollout: Rollout): Promise<UndoResult> {
  const live = newest(await observe(context))
  await saveRollout(context, rollout, live === undefined ? {} : pinnedTo(live.hash))
  await change(context, (deployment) => ({ ...deployment, spec: settled(deployment.spec, rollout.after) }))
  await removePreview(context)
  return {
    text: `${rollout.fromVersion} is gone from the cluster; ${rollout.version} stays`,
    seconds: undefined,
  }
}

const undone = (deployment: DeploymentObject, old: Revision, { before }: Rollout): DeploymentObject => ({
  ...deployment,
  spec: { ...settled(deployment.spec, before), template: templateOf(old.template) },
})

/** Undoes a first deployment: removes all but the Service, whose address others may know. */
async function undoFirst(context: Context, rollout: Rollout): Promise<UndoResult> {
  const { kube, namespace, names } = context
  await saveRollout(context, rollout, pinnedTo(NOWHERE))
  const read = () => kube.get<DeploymentObject>(DEPLOYMENT, names.deployment, namespace)
  const uid = (await read())?.metadata.uid
  if (uid !== undefined)
    await kube.delete(DEPLOYMENT, names.deployment, namespace, { propagation: "Foreground", uid })
  // The next deployment would otherwise change a Deployment that is being deleted.
  await waitUntil(context, context.settings.finishTimeout, async () => (await read()) === undefined)
  await removePreview(context)
  return { text: "there was no previous version: the new one was removed", seconds: undefined }
}

/** Waits until only pods of one hash exist, all of them ready. */
export async function awaitSoleRevision(context: Context, hash: string): Promise<void> {
  const { settings } = context
  let facts = await observe(context)
  const done = async () => {
    facts = await observe(context)
    const wanted = facts.deployment?.spec.replicas ?? 1
    const own = byHash(facts, hash)
    const others = facts.revisions.filter((revision) => revision.hash !== hash)
    const ready = own?.pods.filter(isReadyPod).length ?? 0
    return ready >= wanted && others.every(({ replicas, pods }) => replicas === 0 && pods.length === 0)
  }
  if (await waitUntil(context, settings.finishTimeout, done)) return
  const pods = facts.revisions.flatMap((revision) => living(revision))
  const details = await explain(context, pods)
  throw new StepFailure(`after ${settings.finishTimeout} s pods of several versions still exist`, details)
}

/** Waits until the Service routes only to pods of this revision. */
export async function awaitRouting(context: Context, revision: Revision): Promise<void> {
  const done = async () => {
    const names = await endpointPods(context)
    const own = byHash(await observe(context), revision.hash) ?? revision
    return names.length > 0 && names.every((name) => own.pods.some(({ metadata }) => metadata.name === name))
  }
  if (await waitUntil(context, SWITCH_SECONDS, done, 200)) return
  throw new StepFailure(
    `the Service doesn't route to the pods of ${revision.version} after ${SWITCH_SECONDS} s`,
  )
}

/** Removes the old pods and the preview, and restores the Deployment's own rollout settings. */
export async function completeRollout(context: Context, rollout: Rollout): Promise<void> {
  const facts = await observe(context)
  const hash = facts.pinned ?? newest(facts)?.hash ?? ""
  await saveRollout(context, { ...rollout, phase: "finish" })
  await change(context, (deployment) => ({ ...deployment, spec: settled(deployment.spec, rollout.after) }))
  await awaitSoleRevision(context, hash)
  await removePreview(context)
}

/** A hash that no pod has: a first deployment's Service routes nowhere until the switch. */
export const NOWHERE = "none"
