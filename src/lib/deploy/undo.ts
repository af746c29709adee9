import { type Deployment, DEPLOYMENT } from "../kube/objects.js"
import { change, settled, templateOf } from "./change.js"
import { type Context, note, observe, pin, removePreview, restore, targets, unpin, until } from "./context.js"
import { byHash, type Facts, isReady, living, newest, type Revision, type Rollout } from "./facts.js"
import { explain, Setback } from "./setback.js"

/** How long it may take until proxies know of another selector. */
const SWITCH_SECONDS = 20

/** How an undone rollout left things. */
export interface Undone {
  text: string
  /** Seconds from noticing to the traffic being back; undefined where it had never left. */
  back: number | undefined
}

/**
 * Gives the traffic back to the old pods, at once, and then lets the new ones go. May be called again wherever it was
 * interrupted.
 */
export async function undo(context: Context, rollout: Rollout, reason: string): Promise<Undone> {
  const { clock, say } = context
  const begun = clock.now()
  const facts = await observe(context)
  const old = byHash(facts, rollout.from)
  if (rollout.from === "") return undoFirst(context, facts, rollout)
  if (old === undefined) return undoNothing(context, rollout)
  const well = living(old).some(isReady)
  let back: number | undefined
  if (facts.pinned !== rollout.from && well) {
    await giveBack(context, rollout)
    await leadsTo(context, old)
    back = (clock.now() - begun) / 1000
    say(`traffic back at ${rollout.fromVersion} after ${back.toFixed(1)} s`)
  }
  await note(context, { ...rollout, phase: "undo", reason })
  await change(context, (deployment) => undone(deployment, old, rollout))
  // Of a version that was ill before, nobody knows when it gets well: the next one may be what mends it.
  await alone(context, rollout.from, well)
  await giveBack(context, rollout)
  if (well) await leadsTo(context, old)
  await tidy(context)
  return { text: `${rollout.fromVersion} ${well ? "serves" : "is back, and is no better than before"}`, back }
}

/** The traffic, and what the Service was. */
const giveBack = (context: Context, { service, from }: Rollout): Promise<void> =>
  service === undefined ? pin(context, from) : restore(context, service, from)

/** Somebody took the old pods' ReplicaSet away: what is there stays, and gets the traffic. */
async function undoNothing(context: Context, rollout: Rollout): Promise<Undone> {
  await change(context, (deployment) => ({ ...deployment, spec: settled(deployment.spec, rollout.after) }))
  await tidy(context)
  return {
    text: `${rollout.fromVersion} is gone from the cluster; ${rollout.version} stays`,
    back: undefined,
  }
}

const undone = (deployment: Deployment, old: Revision, { before }: Rollout): Deployment => ({
  ...deployment,
  spec: { ...settled(deployment.spec, before), template: templateOf(old.template) },
})

/** Of a first deployment nothing is left but the Service, which others may know by its address. */
async function undoFirst(context: Context, facts: Facts, rollout: Rollout): Promise<Undone> {
  const { kube, namespace, names, mustHold } = context
  mustHold()
  // What somebody else has made meanwhile is theirs.
  if (facts.rollout?.run === rollout.run && rollout.from === "")
    await kube.delete(DEPLOYMENT, names.deployment, namespace, { propagation: "Foreground" })
  // The next deployment would change what is about to go.
  await until(context, context.settings.finishTimeout, async () => {
    const { deployment } = await observe(context)
    return deployment?.metadata.deletionTimestamp === undefined
  })
  await removePreview(context)
  await note(context, undefined)
  return { text: "there was no version before: what was deployed is taken away", back: undefined }
}

/** The end of each rollout: one version is left, the Service takes what pods there are, and nothing is noted. */
export async function tidy(context: Context): Promise<void> {
  await unpin(context)
  await removePreview(context)
  await note(context, undefined)
}

/** Waits until the pods of one hash are all there is, and ready unless that is too much to ask. */
export async function alone(context: Context, hash: string, well = true): Promise<void> {
  const { settings } = context
  let facts = await observe(context)
  const done = async () => {
    facts = await observe(context)
    const wanted = facts.deployment?.spec.replicas ?? 1
    const own = byHash(facts, hash)
    const others = facts.revisions.filter((revision) => revision.hash !== hash)
    const ready = own?.pods.filter(isReady).length ?? 0
    return (
      (ready >= wanted || !well) && others.every(({ replicas, pods }) => replicas === 0 && pods.length === 0)
    )
  }
  if (await until(context, settings.finishTimeout, done)) return
  const pods = facts.revisions.flatMap((revision) => living(revision))
  const details = await explain(context, pods)
  throw new Setback(`after ${settings.finishTimeout} s pods of several versions are still there`, details)
}

/** Waits until the Service's traffic goes to pods of this revision alone. */
export async function leadsTo(context: Context, revision: Revision): Promise<void> {
  const done = async () => {
    const names = await targets(context)
    const own = byHash(await observe(context), revision.hash) ?? revision
    return names.length > 0 && names.every((name) => own.pods.some(({ metadata }) => metadata.name === name))
  }
  if (await until(context, SWITCH_SECONDS, done, 200)) return
  throw new Setback(`the Service doesn't lead to the pods of ${revision.version} after ${SWITCH_SECONDS} s`)
}

/** Lets the old pods go, and what was switched for a while be as it was. */
export async function settle(context: Context, rollout: Rollout): Promise<void> {
  const facts = await observe(context)
  const hash = facts.pinned ?? newest(facts)?.hash ?? ""
  await note(context, { ...rollout, phase: "finish" })
  await change(context, (deployment) => ({ ...deployment, spec: settled(deployment.spec, rollout.after) }))
  await alone(context, hash)
}

/** A Service that leads nowhere yet, for a first deployment. */
export const NOWHERE = "none"
