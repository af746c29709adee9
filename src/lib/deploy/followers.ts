import {
  DEPLOYMENT,
  type DeploymentObject,
  type KubeObject,
  type PodTemplate,
  REPLICA_SET,
  type ReplicaSet,
  SERVICE,
  STATEFUL_SET,
} from "../kube/objects.js"
import { applyOver } from "./apply.js"
import { change, merged, templateOf } from "./change.js"
import { type Context, waitUntil } from "./context.js"
import type { Rollout } from "./facts.js"
import { ANNOTATIONS } from "./manifests.js"
import type { RolloutPlan } from "./rollout.js"
import { explain, StepFailure } from "./stepFailure.js"
import { fields } from "../text/json.js"
import { POD, type Pod } from "../kube/objects.js"

/** Objects that are updated after the switch: workers, autoscalers and the like. */
export interface Followers {
  names: string[]
  /** The Deployments among them before the update; undefined for new ones. */
  before: { name: string; deployment: DeploymentObject | undefined }[]
}

/** Applies the followers, and waits for the Deployments among them; restores them on failure. */
export async function updateFollowers(context: Context, objects: readonly KubeObject[]): Promise<Followers> {
  const { kube, namespace } = context
  const deployments = objects.filter(({ kind }) => kind === "Deployment")
  const before = await Promise.all(
    deployments.map(async ({ metadata: { name } }) => ({
      name,
      deployment: await kube.get<DeploymentObject>(DEPLOYMENT, name, namespace),
    })),
  )
  const followers = { names: objects.map(({ metadata }) => metadata.name), before }
  try {
    for (const object of objects) {
      context.mustHold()
      const live = before.find(
        ({ name }) => name === object.metadata.name && object.kind === "Deployment",
      )?.deployment
      if (live === undefined) await applyOver(context, object)
      else await update(context, object as DeploymentObject)
    }
    for (const { metadata } of deployments) await awaitFollower(context, metadata.name)
  } catch (error) {
    await restoreFollowers(context, followers)
    throw error
  }
  return followers
}

/** Replaces a Deployment: keeps the replicas that an autoscaler set, drops others' changes of the template. */
const update = (context: Context, wanted: DeploymentObject): Promise<DeploymentObject> =>
  change({ ...context, names: { ...context.names, deployment: wanted.metadata.name } }, (live) =>
    merged(live, wanted),
  )

/** Restores the templates of followers that existed before. */
export async function restoreFollowers(context: Context, { before }: Followers): Promise<void> {
  for (const { name, deployment } of before)
    if (deployment !== undefined) await restoreTemplate(context, name, deployment.spec.template)
}

const restoreTemplate = (context: Context, deployment: string, template: PodTemplate) =>
  change({ ...context, names: { ...context.names, deployment } }, (live) => ({
    ...live,
    spec: { ...live.spec, template },
  }))

/** Restores the followers that an interrupted rollout had updated already. */
export async function restoreInterrupted(context: Context, { digest, fromDigest }: Rollout): Promise<void> {
  const all = await context.kube.list<DeploymentObject>(DEPLOYMENT, { namespace: context.namespace })
  const updated = all.filter(
    ({ metadata, spec }) =>
      metadata.name !== context.names.deployment &&
      spec.template.metadata?.annotations?.[ANNOTATIONS.digest] === digest,
  )
  if (fromDigest === "" || fromDigest === digest) return
  for (const { metadata } of updated) {
    const before = await followerWithDigest(context, metadata.name, fromDigest)
    if (before !== undefined) await restoreTemplate(context, metadata.name, before.spec.template)
  }
}

/** Returns a follower with the template that ran a digest; undefined if no ReplicaSet has it. */
export async function followerWithDigest(
  context: Context,
  name: string,
  digest: string,
): Promise<DeploymentObject | undefined> {
  const { kube, namespace } = context
  const live = await kube.get<DeploymentObject>(DEPLOYMENT, name, namespace)
  if (live === undefined) return undefined
  const sets = await kube.list<ReplicaSet>(REPLICA_SET, { namespace })
  const own = sets.find(
    ({ metadata, spec }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === live.metadata.uid) &&
      spec.template.spec.containers.some(({ image }) => image.endsWith(`@${digest}`)),
  )
  return own === undefined
    ? undefined
    : { ...live, spec: { ...live.spec, template: templateOf(own.spec.template) } }
}

/** What a first version needs beside it: what stores, answers and routes. */
const BACKING = [DEPLOYMENT, STATEFUL_SET, SERVICE].map(({ kind }) => kind).concat("Ingress", "HTTPRoute")

/** Seconds for what a first version needs to start; what itself waits for the version takes longer. */
const BACKING_SECONDS = 120

/**
 * Starts what isn't of the service's image before a first version: a database to migrate, or a cache that pods need.
 *
 * Goes on without what doesn't become ready: it may need the version itself.
 */
export async function startBacking(
  context: Context,
  { manifests, version }: Pick<RolloutPlan, "manifests" | "version">,
  log: string[],
): Promise<void> {
  const objects = manifests.last.filter(
    (object) => BACKING.includes(object.kind) && digestOf(object) !== version.digest,
  )
  for (const object of objects) await applyOver(context, object)
  const workloads = objects.filter(({ kind }) => [DEPLOYMENT.kind, STATEFUL_SET.kind].includes(kind))
  const ready = await Promise.all(
    workloads.map((object) => waitUntil(context, BACKING_SECONDS, () => isUpdated(context, object))),
  )
  for (const [index, { kind, metadata }] of workloads.entries())
    log.push(`${kind} ${metadata.name}: ${ready[index] ? "ready" : `not ready after ${BACKING_SECONDS} s`}`)
}

/** The digest of the version that an object's pods run; undefined for another image. */
const digestOf = (object: KubeObject): unknown => {
  const { metadata } = fields(fields(fields(object)["spec"])["template"])
  return fields(fields(metadata)["annotations"])[ANNOTATIONS.digest]
}

/** True once all pods of a Deployment or StatefulSet are those of its template, and available. */
async function isUpdated({ kube, namespace }: Context, { apiVersion, kind, metadata }: KubeObject) {
  const live = await kube.get<DeploymentObject>({ apiVersion, kind }, metadata.name, namespace)
  const { replicas = 1 } = live?.spec ?? {}
  const {
    observedGeneration = 0,
    updatedReplicas = 0,
    availableReplicas = 0,
    replicas: all = 0,
  } = live?.status ?? {}
  const seen = observedGeneration >= (live?.metadata.generation ?? 0)
  return seen && updatedReplicas >= replicas && availableReplicas >= replicas && all === updatedReplicas
}

/** Waits for a follower's rolling update. */
async function awaitFollower(context: Context, name: string): Promise<void> {
  const { kube, namespace, settings } = context
  const done = () => isUpdated(context, { ...DEPLOYMENT, metadata: { name } })
  if (await waitUntil(context, settings.finishTimeout, done)) return
  const live = await kube.get<DeploymentObject>(DEPLOYMENT, name, namespace)
  const labels = Object.entries(live?.spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",")
  const details = await explain(context, await kube.list<Pod>(POD, { namespace, labels }))
  throw new StepFailure(
    `${name} isn't up to date after ${settings.finishTimeout} s: ${details[0] ?? "the cluster doesn't say why"}`,
    details.slice(1),
  )
}
