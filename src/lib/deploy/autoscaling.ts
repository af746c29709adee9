/** Replicas of workloads that an autoscaler counts: the number in a manifest would undo its work at each deployment. */
import { SlipwayError } from "../errors/catalogue.js"
import { DEPLOYMENT, HORIZONTAL_POD_AUTOSCALER, type KubeObject } from "../kube/objects.js"
import { fields, without } from "../text/json.js"
import type { Context } from "./context.js"
import type { Manifests } from "./manifests.js"

interface Scaled {
  kind: string
  name: string
  /** The autoscaler, as in `HorizontalPodAutoscaler api`. */
  by: string
  /** The least number of pods that it keeps; 0 for one that may scale to none. */
  minimum: number
}

/**
 * Leaves the number of pods to autoscalers: those of the manifests, of whatever kind, and those of the cluster, which
 * may not be among the manifests, or be KEDA's.
 *
 * A workload keeps the replicas that it has, but never fewer than the autoscaler's minimum.
 */
export async function withLiveReplicas(
  context: Context,
  manifests: Manifests,
  log: string[],
): Promise<Manifests> {
  const { deployment, last } = manifests
  const scaled = [...last, ...(await liveAutoscalers(context, log))].flatMap(scaledBy)
  if (scaled.length === 0) return manifests
  const kept = <T extends KubeObject>(object: T): Promise<T> => withReplicas(context, object, scaled, log)
  const main = await kept(deployment)
  return {
    ...manifests,
    // A first rollout needs a pod to test, also where the autoscaler would start none.
    deployment:
      main.spec.replicas === 0 && deployment.spec.replicas !== 0
        ? { ...main, spec: { ...main.spec, replicas: deployment.spec.replicas ?? 1 } }
        : main,
    last: await Promise.all(last.map(kept)),
  }
}

/** The cluster's autoscalers, as far as the account may see them. */
async function liveAutoscalers({ kube, namespace }: Context, log: string[]): Promise<KubeObject[]> {
  try {
    return await kube.list(HORIZONTAL_POD_AUTOSCALER, { namespace })
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    if (error.code !== "KUBE_FORBIDDEN" && error.code !== "KUBE_MISSING") throw error
    log.push("the account may not list HorizontalPodAutoscalers: those of the manifests alone are respected")
    return []
  }
}

/** The workload that an object scales: autoscalers of Kubernetes, KEDA and others name it alike. */
function scaledBy(autoscaler: KubeObject): Scaled[] {
  const spec = fields(fields(autoscaler)["spec"])
  const { kind = DEPLOYMENT.kind, name } = fields(spec["scaleTargetRef"])
  if (typeof kind !== "string" || typeof name !== "string") return []
  const minimum = spec["minReplicas"] ?? spec["minReplicaCount"] ?? (autoscaler.kind === KEDA ? 0 : 1)
  const by = `${autoscaler.kind} ${autoscaler.metadata.name}`
  return [{ kind, name, by, minimum: typeof minimum === "number" ? minimum : 1 }]
}

const KEDA = "ScaledObject"

async function withReplicas<T extends KubeObject>(
  { kube, namespace }: Context,
  object: T,
  scaled: readonly Scaled[],
  log: string[],
): Promise<T> {
  const { kind, metadata } = object
  const own = scaled.filter((each) => each.kind === kind && each.name === metadata.name)
  const [first] = own
  if (first === undefined) return object
  const minimum = Math.max(...own.map((each) => each.minimum))
  const live = await kube.get(object, metadata.name, metadata.namespace ?? namespace)
  const replicas = replicasOf(live) ?? replicasOf(object) ?? 1
  const spec = fields(fields(object)["spec"])
  log.push(`${kind} ${metadata.name}: ${first.by} counts its pods, ${Math.max(replicas, minimum)} for now`)
  // Of a Deployment, `merged` keeps what is live then: the number may change until it is written.
  if (live !== undefined && kind === DEPLOYMENT.kind && replicas >= Math.max(minimum, 1))
    return { ...object, spec: without(spec, "replicas") }
  return { ...object, spec: { ...spec, replicas: Math.max(replicas, minimum) } }
}

function replicasOf(object: KubeObject | undefined): number | undefined {
  const { replicas } = fields(fields(object)["spec"])
  return typeof replicas === "number" ? replicas : undefined
}
