import { fail } from "../errors/catalogue.js"
import { DEPLOYMENT, type DeploymentObject, type PodTemplate } from "../kube/objects.js"
import { without } from "../text/json.js"
import { isOvertaken } from "../kube/status.js"
import { WRITE_ATTEMPTS } from "./apply.js"
import type { Context } from "./context.js"
import { isInert, type RolloutSettings } from "./facts.js"
import { ANNOTATIONS, HASH } from "./manifests.js"

/**
 * A year, in seconds: for that long no new pod counts as available, so the Deployment keeps the old ones even if a
 * rollout is interrupted and never resumed.
 */
const YEAR = 31_536_000

/** Returns the settings that a rollout changes temporarily. */
export const rolloutSettingsOf = ({ spec }: DeploymentObject): RolloutSettings => ({
  ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
  ...(spec.progressDeadlineSeconds !== undefined && {
    progressDeadlineSeconds: spec.progressDeadlineSeconds,
  }),
  ...(spec.strategy !== undefined && { strategy: spec.strategy }),
})

/** Returns a spec under which new pods start and no old pod is removed. */
export const surging = (spec: DeploymentObject["spec"]): DeploymentObject["spec"] => ({
  ...spec,
  minReadySeconds: YEAR,
  // The API requires more than minReadySeconds.
  progressDeadlineSeconds: YEAR + 600,
  strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
})

/** Returns a spec with its own rollout settings again: the controller then removes all pods of other templates. */
export function settled(spec: DeploymentObject["spec"], before: RolloutSettings): DeploymentObject["spec"] {
  return { ...without(spec, "minReadySeconds", "progressDeadlineSeconds", "strategy"), ...before }
}

/** Returns a ReplicaSet's template without the hash that its Deployment added. */
export function templateOf({ metadata, spec }: PodTemplate): PodTemplate {
  return { metadata: { ...metadata, labels: without(metadata?.labels ?? {}, HASH) }, spec }
}

/** Merges a manifest into the live Deployment: keeps an autoscaler's replicas, and others' labels and annotations. */
export function merged(live: DeploymentObject, wanted: DeploymentObject): DeploymentObject {
  const replicas = wanted.spec.replicas ?? live.spec.replicas
  return {
    ...live,
    metadata: {
      ...live.metadata,
      labels: { ...live.metadata.labels, ...wanted.metadata.labels },
      annotations: { ...live.metadata.annotations, ...wanted.metadata.annotations },
    },
    // A selector is immutable: the server rejects one that differs.
    spec: { ...wanted.spec, ...(replicas !== undefined && { replicas }) },
  }
}

/**
 * Replaces the Deployment, retrying on conflicts.
 *
 * Server-side apply would keep fields of other managers, such as environment variables that `kubectl rollout undo`
 * restored. Each change has the mark of the lock's holding, as one without effect would leave the resourceVersion by
 * which late attempts of an earlier run fail. Fails with NOTHING_DEPLOYED.
 */
export async function change(
  context: Context,
  how: (deployment: DeploymentObject) => DeploymentObject,
): Promise<DeploymentObject> {
  const { kube, namespace, names, mustHold, term } = context
  for (let attempt = 1; ; attempt += 1) {
    mustHold()
    const live = await kube.get<DeploymentObject>(DEPLOYMENT, names.deployment, namespace)
    if (live === undefined) throw fail("NOTHING_DEPLOYED", [names.deployment, namespace])
    try {
      return await kube.replace<DeploymentObject>(marked(how(live), term))
    } catch (error) {
      if (!isOvertaken(error) || attempt === WRITE_ATTEMPTS) throw error
    }
  }
}

function marked(deployment: DeploymentObject, term: string | undefined): DeploymentObject {
  const { metadata } = deployment
  const kept = without(metadata.annotations ?? {}, ANNOTATIONS.inert)
  const annotations = { ...kept, ...(term !== undefined && { [ANNOTATIONS.term]: term }) }
  return { ...deployment, metadata: { ...metadata, annotations } }
}

/**
 * Creates the Deployment, or changes the one that an earlier attempt has left.
 *
 * At first without pods: a creation can't be refused for being late, and then nothing must start.
 */
export async function createDeployment(
  context: Context,
  wanted: DeploymentObject,
): Promise<DeploymentObject> {
  const { kube } = context
  const annotations = { ...wanted.metadata.annotations, [ANNOTATIONS.inert]: "true" }
  const inert = {
    ...wanted,
    metadata: { ...wanted.metadata, annotations },
    spec: { ...wanted.spec, replicas: 0 },
  }
  try {
    await kube.create<DeploymentObject>(inert)
  } catch (error) {
    const { name, namespace } = wanted.metadata
    if (!isOvertaken(error)) throw error
    if (!isInert(await kube.get<DeploymentObject>(DEPLOYMENT, name, namespace))) throw error
  }
  return change(context, (live) => merged(live, { ...wanted, spec: { replicas: 1, ...wanted.spec } }))
}
