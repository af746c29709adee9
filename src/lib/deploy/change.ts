import { fail, SlipwayError } from "../errors/catalogue.js"
import { DEPLOYMENT, type Deployment, type PodTemplate } from "../kube/objects.js"
import { without } from "../text/json.js"
import type { Context } from "./context.js"
import type { Before } from "./facts.js"
import { HASH } from "./manifests.js"

/**
 * A year, in seconds: until then no new pod counts as available, so that the Deployment keeps the old ones, also where
 * a rollout is interrupted and nobody comes back to it.
 */
const YEAR = 31_536_000

const ATTEMPTS = 10

/** What a rollout puts back when it is over. */
export const beforeOf = ({ spec }: Deployment): Before => ({
  ...(spec.minReadySeconds !== undefined && { minReadySeconds: spec.minReadySeconds }),
  ...(spec.progressDeadlineSeconds !== undefined && {
    progressDeadlineSeconds: spec.progressDeadlineSeconds,
  }),
  ...(spec.strategy !== undefined && { strategy: spec.strategy }),
})

/** New pods come up beside the old ones, and none leaves. */
export const surging = (spec: Deployment["spec"]): Deployment["spec"] => ({
  ...spec,
  minReadySeconds: YEAR,
  // The API demands more than the above.
  progressDeadlineSeconds: YEAR + 600,
  strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
})

/** As it was before: the Deployment keeps the pods of its template and lets all others go. */
export function settled(spec: Deployment["spec"], before: Before): Deployment["spec"] {
  return { ...without(spec, "minReadySeconds", "progressDeadlineSeconds", "strategy"), ...before }
}

/** A ReplicaSet's template without what its Deployment added. */
export function templateOf({ metadata, spec }: PodTemplate): PodTemplate {
  return { metadata: { ...metadata, labels: without(metadata?.labels ?? {}, HASH) }, spec }
}

/** The live Deployment as the manifest wants it: what is counted by an autoscaler stays, and so do others' notes. */
export function merged(live: Deployment, wanted: Deployment): Deployment {
  const replicas = wanted.spec.replicas ?? live.spec.replicas
  return {
    ...live,
    metadata: {
      ...live.metadata,
      labels: { ...live.metadata.labels, ...wanted.metadata.labels },
      annotations: { ...live.metadata.annotations, ...wanted.metadata.annotations },
    },
    // A selector can't be changed: where it differs, the server says so.
    spec: { ...wanted.spec, ...(replicas !== undefined && { replicas }) },
  }
}

/**
 * Changes the Deployment as a whole: server-side apply would leave in place what others have set, such as the
 * environment variables of a template that `kubectl rollout undo` put back.
 */
export async function change(
  context: Context,
  how: (deployment: Deployment) => Deployment,
): Promise<Deployment> {
  const { kube, namespace, names, mustHold } = context
  for (let attempt = 1; ; attempt += 1) {
    mustHold()
    const live = await kube.get<Deployment>(DEPLOYMENT, names.deployment, namespace)
    if (live === undefined) throw fail("NOTHING_DEPLOYED", [names.deployment, namespace])
    try {
      return await kube.replace<Deployment>(how(live))
    } catch (error) {
      const overtaken = error instanceof SlipwayError && error.code === "KUBE_CONFLICT"
      if (!overtaken || attempt === ATTEMPTS) throw error
    }
  }
}
