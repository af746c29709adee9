import type { Config } from "../config/config.js"
import type { Environment } from "../config/deploy.js"
import type { Kube } from "../kube/client.js"
import { ENDPOINT_SLICE, type EndpointSlice, POD, type Pod } from "../kube/objects.js"
import {
  DEPLOYMENT,
  type DeploymentObject,
  REPLICA_SET,
  type ReplicaSet,
  SERVICE,
  type ServiceObject,
} from "../kube/objects.js"
import { type Facts, factsOf, type Rollout } from "./facts.js"
import type { HealthAnswer } from "./judge.js"
import type { ClusterLedger } from "./ledgerStore.js"
import { HASH, ANNOTATIONS } from "./manifests.js"

/** The names of the objects that a rollout changes. */
export interface ObjectNames {
  deployment: string
  service: string
}

/** A service's place in a cluster, and the means to deploy it. */
export interface Context {
  kube: Kube
  environment: Environment
  namespace: string
  names: ObjectNames
  settings: Config["deploy"]
  /** The path of health requests. */
  healthPath: string
  run: string
  /** The actor, for the ledger; may be empty. */
  who?: string
  ledger: ClusterLedger
  clock: Clock
  /** Reports progress, a line at a time. */
  say: (line: string) => void
  /** Throws LOCK_LOST if another run has taken over. */
  mustHold: () => void
  /** Requests a URL outside of the cluster. */
  fetchOutside: (url: string, timeout: number) => Promise<HealthAnswer>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (milliseconds: number) => Promise<unknown>
}

export const previewName = ({ service }: ObjectNames): string => `${service}-preview`

/** Reads the live state of a service. */
export async function observe({
  kube,
  namespace,
  names,
}: Pick<Context, "kube" | "namespace" | "names">): Promise<Facts> {
  const [deployment, service] = await Promise.all([
    kube.get<DeploymentObject>(DEPLOYMENT, names.deployment, namespace),
    kube.get<ServiceObject>(SERVICE, names.service, namespace),
  ])
  if (deployment === undefined) return factsOf({ deployment, service, replicaSets: [], pods: [] })
  const labels = selectorText(deployment.spec.selector.matchLabels ?? {})
  const [replicaSets, pods] = await Promise.all([
    kube.list<ReplicaSet>(REPLICA_SET, { namespace, labels }),
    kube.list<Pod>(POD, { namespace, labels }),
  ])
  return factsOf({ deployment, service, replicaSets, pods })
}

const selectorText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",")

/** Routes the Service only to the pods of one hash. */
export async function pin({ kube, namespace, names, mustHold }: Context, hash: string): Promise<void> {
  mustHold()
  await kube.merge<ServiceObject>(SERVICE, names.service, namespace, { spec: { selector: { [HASH]: hash } } })
}

/** Restores the Service's selector and ports from before a rollout, pinned to one hash. */
export async function restoreService(
  context: Context,
  { selector = {}, ports = [] }: ServiceObject["spec"],
  hash: string,
): Promise<void> {
  const { kube, namespace, names, mustHold } = context
  mustHold()
  await kube.patch<ServiceObject>(SERVICE, names.service, namespace, [
    { op: "replace", path: "/spec/selector", value: { ...selector, [HASH]: hash } },
    { op: "replace", path: "/spec/ports", value: ports },
  ])
}

/** Routes the Service to all pods again, as between deployments. */
export async function unpin({ kube, namespace, names, mustHold }: Context): Promise<void> {
  mustHold()
  await kube.merge<ServiceObject>(SERVICE, names.service, namespace, { spec: { selector: { [HASH]: null } } })
}

/** Records a rollout's progress on the Service; removes the record for undefined. */
export async function saveRollout(context: Context, rollout: Rollout | undefined): Promise<void> {
  const { kube, namespace, names, mustHold } = context
  mustHold()
  const text = rollout === undefined ? null : JSON.stringify(rollout)
  await kube.merge<ServiceObject>(SERVICE, names.service, namespace, {
    metadata: { annotations: { [ANNOTATIONS.rollout]: text } },
  })
}

/** Applies the preview Service, which routes only to the pods of one hash. */
export async function applyPreview(
  { kube, namespace, names, mustHold }: Context,
  service: ServiceObject,
  hash: string,
): Promise<void> {
  mustHold()
  const { selector = {}, ports = [] } = service.spec
  await kube.apply<ServiceObject>({
    ...SERVICE,
    metadata: { name: previewName(names), namespace, labels: service.metadata.labels ?? {} },
    spec: {
      selector: { ...selector, [HASH]: hash },
      ports: ports.map(({ name, port, targetPort, protocol }) => ({
        port,
        ...(name !== undefined && { name }),
        ...(targetPort !== undefined && { targetPort }),
        ...(protocol !== undefined && { protocol }),
      })),
    },
  })
}

export const removePreview = ({ kube, namespace, names }: Context): Promise<boolean> =>
  kube.delete(SERVICE, previewName(names), namespace)

/** Returns the names of the pods that a Service routes to. */
export async function endpointPods(
  { kube, namespace, names }: Context,
  service = names.service,
): Promise<string[]> {
  const slices = await kube.list<EndpointSlice>(ENDPOINT_SLICE, {
    namespace,
    labels: `kubernetes.io/service-name=${service}`,
  })
  return slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ targetRef }) => targetRef?.name ?? "")
}

/** Polls until a condition holds; returns false on timeout. */
export async function waitUntil(
  { clock }: Pick<Context, "clock">,
  seconds: number,
  holds: () => Promise<boolean>,
  interval = 500,
): Promise<boolean> {
  const deadline = clock.now() + seconds * 1000
  for (;;) {
    if (await holds()) return true
    if (clock.now() >= deadline) return false
    await clock.sleep(interval)
  }
}
