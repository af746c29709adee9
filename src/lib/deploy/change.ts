import { fail, SlipwayError } from "../errors/catalogue.js"
import { DEPLOYMENT, type DeploymentObject, type PodTemplate } from "../kube/objects.js"
import { without } from "../text/json.js"
import type { Context } from "./context.js"
import type { RolloutSettings } from "./facts.js"
import { HASH } from "./manifests.js"

/**
 * A year, in seconds: for that long no new pod counts as available, so the Deployment keeps the old ones even if a
 * rollout is interrupted and never resumed.
 */
const YEAR = 31_536_000

const ATTEMPTS = 10

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
 * restored. Fails with NOTHING_DEPLOYED.
 */
export async function change(
  context: Context,
  how: (deployment: DeploymentObject) => DeploymentObject,
): Promise<DeploymentObject> {
  const { kube, namespace, names, mustHold } = context
  for (let attempt = 1; ; attempt += 1) {
    mustHold()
    const live = await kube.get<DeploymentObject>(DEPLOYMENT, names.deployment, namespace)
    if (live === undefined) throw fail("NOTHING_DEPLOYED", [names.deployment, namespace])
    try {
      return await kube.replace<DeploymentObject>(how(live))
    } catch (error) {
      const overtaken = error instanceof SlipwayError && error.code === "KUBE_CONFLICT"
      if (!overtaken || attempt === ATTEMPTS) throw error
    }
  }
}
