import type { Config } from "../config/config.js"
import type { Environment } from "../config/environments.js"
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
import { type Facts, factsOf, isInert } from "./facts.js"
import type { HealthAnswer } from "./judge.js"
import type { ClusterLedger } from "./ledgerStore.js"
import type { LockClock } from "./lock.js"

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
  /** The label of metrics with a response's status, if not `status`. */
  statusLabel?: string
  /** The path of health requests. */
  healthPath: string
  run: string
  /** The actor, for the ledger; may be empty. */
  who?: string
  /** How the release was reviewed, for the ledger; empty if nobody was asked. */
  review?: string
  /** How the release came from the environment before, for the ledger; empty if nobody was asked. */
  promotion?: string
  /** Why a version is deployed that isn't on main, for the ledger; may be empty. */
  offMain?: string
  /** Why a version is deployed that lacks a released hotfix, for the ledger; may be empty. */
  withoutHotfix?: string
  ledger: ClusterLedger
  clock: Clock
  /** Reports progress, a line at a time. */
  say: (line: string) => void
  /** Throws LOCK_LOST if another run has taken over. Writes need no call: their client is fenced by the lock. */
  mustHold: () => void
  /** The holding of the lock; undefined without one. */
  term?: string
  /** Requests a URL outside of the cluster. */
  fetchOutside: (url: string, timeout: number) => Promise<HealthAnswer>
}

export interface Clock {
  /** Milliseconds since 1970. */
  now: () => number
  sleep: (milliseconds: number) => Promise<unknown>
  /** Milliseconds of a monotonic clock, and the pause between a lock's renewals, if not Node's. */
  elapsed?: LockClock["elapsed"]
  pause?: LockClock["pause"]
}

/** The clock of the machine. */
export const CLOCK: Clock = {
  now: Date.now,
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
}

/** Id of an effect of this run. No other run, service or environment has the same one. */
export const effectId = ({ run, environment, namespace, names }: Context, what: string): string =>
  [what, environment, namespace, names.deployment, run].join("/")

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
  if (deployment === undefined || isInert(deployment))
    return factsOf({ deployment: undefined, service, replicaSets: [], pods: [] })
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
