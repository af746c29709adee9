import {
  DEPLOYMENT,
  type Deployment,
  type KubeObject,
  REPLICA_SET,
  type ReplicaSet,
} from "../kube/objects.js"
import { change, merged, templateOf } from "./change.js"
import { type Context, until } from "./context.js"
import { explain, Setback } from "./setback.js"
import { POD, type Pod } from "../kube/objects.js"

/** What comes along with the Deployment that has the traffic: workers, autoscalers and the like. */
export interface Followers {
  names: string[]
  /** The Deployments among them as they were before; undefined for new ones. */
  before: { name: string; deployment: Deployment | undefined }[]
}

/** Applies them, and waits for the Deployments among them. What fails is put back by `followBack`. */
export async function follow(context: Context, objects: readonly KubeObject[]): Promise<Followers> {
  const { kube, namespace } = context
  const deployments = objects.filter(({ kind }) => kind === "Deployment")
  const before = await Promise.all(
    deployments.map(async ({ metadata: { name } }) => ({
      name,
      deployment: await kube.get<Deployment>(DEPLOYMENT, name, namespace),
    })),
  )
  const followers = { names: objects.map(({ metadata }) => metadata.name), before }
  try {
    for (const object of objects) {
      context.mustHold()
      const live = before.find(
        ({ name }) => name === object.metadata.name && object.kind === "Deployment",
      )?.deployment
      if (live === undefined) await kube.apply(object)
      else await update(context, object as Deployment)
    }
    for (const { metadata } of deployments) await rolledOut(context, metadata.name)
  } catch (error) {
    await followBack(context, followers)
    throw error
  }
  return followers
}

/** As a whole: what an autoscaler counts stays its own, and what others have set in the template goes. */
const update = (context: Context, wanted: Deployment): Promise<Deployment> =>
  change({ ...context, names: { ...context.names, deployment: wanted.metadata.name } }, (live) =>
    merged(live, wanted),
  )

/** Puts those that had been there back to what they were. */
export async function followBack({ kube, mustHold }: Context, { before }: Followers): Promise<void> {
  for (const { name, deployment } of before) {
    if (deployment === undefined) continue
    mustHold()
    const { namespace = "" } = deployment.metadata
    const value = deployment.spec.template
    // Its controller changes it as well: a whole new object would often come too late.
    await kube.patch<Deployment>(DEPLOYMENT, name, namespace, [
      { op: "replace", path: "/spec/template", value },
    ])
  }
}

/** Puts a follower back to the pods that ran a digest, where its Deployment still knows them. */
export async function revisionWith(
  context: Context,
  name: string,
  digest: string,
): Promise<Deployment | undefined> {
  const { kube, namespace } = context
  const live = await kube.get<Deployment>(DEPLOYMENT, name, namespace)
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

/** Waits for a rolling update. */
async function rolledOut(context: Context, name: string): Promise<void> {
  const { kube, namespace, settings } = context
  const done = async () => {
    const live = await kube.get<Deployment>(DEPLOYMENT, name, namespace)
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
  if (await until(context, settings.finishTimeout, done)) return
  const live = await kube.get<Deployment>(DEPLOYMENT, name, namespace)
  const labels = Object.entries(live?.spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",")
  const details = await explain(context, await kube.list<Pod>(POD, { namespace, labels }))
  throw new Setback(
    `${name} isn't up to date after ${settings.finishTimeout} s: ${details[0] ?? "the cluster doesn't say why"}`,
    details.slice(1),
  )
}
