import type { Config } from "../config/config.js"
import type { Environment } from "../config/deploy.js"
import type { Kube } from "../kube/client.js"
import { ENDPOINT_SLICE, type EndpointSlice, POD, type Pod } from "../kube/objects.js"
import {
  DEPLOYMENT,
  type Deployment,
  REPLICA_SET,
  type ReplicaSet,
  SERVICE,
  type Service,
} from "../kube/objects.js"
import { type Facts, factsOf, type Rollout } from "./facts.js"
import type { Answer } from "./judge.js"
import type { ClusterLedger } from "./ledgerStore.js"
import { HASH, NOTES } from "./manifests.js"

/** The objects that a deployment moves. */
export interface Names {
  deployment: string
  service: string
}

/** Where a service is deployed, and what is needed to do so. */
export interface Context {
  kube: Kube
  environment: Environment
  namespace: string
  names: Names
  settings: Config["deploy"]
  /** What is asked for health. */
  healthPath: string
  run: string
  /** Who deploys; left out or empty where nobody says. */
  who?: string
  ledger: ClusterLedger
  clock: Clock
  /** Tells of progress, a line at a time. */
  say: (line: string) => void
  /** Fails where another deployment has taken over. */
  mustHold: () => void
  /** Asks an address outside of the cluster. */
  ask: (url: string, timeout: number) => Promise<Answer>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (milliseconds: number) => Promise<unknown>
}

export const previewName = ({ service }: Names): string => `${service}-preview`

/** How a service stands now. */
export async function observe({
  kube,
  namespace,
  names,
}: Pick<Context, "kube" | "namespace" | "names">): Promise<Facts> {
  const [deployment, service] = await Promise.all([
    kube.get<Deployment>(DEPLOYMENT, names.deployment, namespace),
    kube.get<Service>(SERVICE, names.service, namespace),
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

/** Lets the Service lead to the pods of one hash alone. */
export async function pin({ kube, namespace, names, mustHold }: Context, hash: string): Promise<void> {
  mustHold()
  await kube.merge<Service>(SERVICE, names.service, namespace, { spec: { selector: { [HASH]: hash } } })
}

/** Gives the Service back what it was before a rollout, with the traffic for one hash alone. */
export async function restore(
  context: Context,
  { selector = {}, ports = [] }: Service["spec"],
  hash: string,
): Promise<void> {
  const { kube, namespace, names, mustHold } = context
  mustHold()
  await kube.patch<Service>(SERVICE, names.service, namespace, [
    { op: "replace", path: "/spec/selector", value: { ...selector, [HASH]: hash } },
    { op: "replace", path: "/spec/ports", value: ports },
  ])
}

/** Lets the Service lead to all pods again, as between deployments. */
export async function unpin({ kube, namespace, names, mustHold }: Context): Promise<void> {
  mustHold()
  await kube.merge<Service>(SERVICE, names.service, namespace, { spec: { selector: { [HASH]: null } } })
}

/** Writes down how far a rollout came; nothing once it is over. */
export async function note(context: Context, rollout: Rollout | undefined): Promise<void> {
  const { kube, namespace, names, mustHold } = context
  mustHold()
  const text = rollout === undefined ? null : JSON.stringify(rollout)
  await kube.merge<Service>(SERVICE, names.service, namespace, {
    metadata: { annotations: { [NOTES.rollout]: text } },
  })
}

/** Gives the preview Service, which leads to the pods of this hash alone. */
export async function preview(
  { kube, namespace, names, mustHold }: Context,
  service: Service,
  hash: string,
): Promise<void> {
  mustHold()
  const { selector = {}, ports = [] } = service.spec
  await kube.apply<Service>({
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

/** The names of the pods that a Service's traffic goes to. */
export async function targets(
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

/** Waits until a condition holds; false when time is up. */
export async function until(
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
