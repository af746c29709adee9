import type { Config } from "../config/config.js"
import type { Facts, Revision } from "../deploy/facts.js"
import type { Job, KubeObject } from "../kube/objects.js"
import { glob } from "../security/glob.js"
import { count } from "../text/words.js"
import { ageText } from "./policy.js"

/** An object to delete from a cluster. */
export interface StaleObject {
  kind: "Job" | "ReplicaSet" | "Namespace"
  /** Empty for a cluster-wide object. */
  namespace: string
  name: string
  /** Guards against deleting another object of the same name. */
  uid: string
  why: string
}

const RUN = "slipway.dev/run"

/** Slipway's Jobs that finished longer ago than the limit. */
export const oldJobs = (jobs: readonly Job[], seconds: number, now: number): StaleObject[] =>
  jobs.flatMap((job) => {
    const { name, namespace = "", uid = "", labels = {}, deletionTimestamp } = job.metadata
    const ended = endOf(job)
    const ours = name.startsWith("slipway-") && labels[RUN] !== undefined
    if (!ours || deletionTimestamp !== undefined || ended === undefined || now - ended < seconds * 1000)
      return []
    return [{ kind: "Job", namespace, name, uid, why: `ended ${new Date(ended).toISOString()}` }]
  })

/** End of a finished Job, in milliseconds since 1970. */
function endOf({ status = {} }: Job): number | undefined {
  const over = status.conditions?.find(
    ({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True",
  )
  const time = Date.parse(status.completionTime ?? over?.lastTransitionTime ?? "")
  return over === undefined || Number.isNaN(time) ? undefined : time
}

/**
 * ReplicaSets without pods that no rollback needs.
 *
 * Keeps the newest of each version that could be rolled back to, for its settings. None during a rollout, which may still
 * need any of them.
 */
export function oldReplicaSets(
  { deployment, revisions, rollout }: Facts,
  rollbacks: number,
  needed: readonly string[],
): StaleObject[] {
  if (deployment === undefined || rollout !== undefined) return []
  const namespace = deployment.metadata.namespace ?? ""
  const isNeeded = ({ digest }: Revision, index: number): boolean =>
    index <= rollbacks ||
    (needed.includes(digest) && revisions.findIndex((other) => other.digest === digest) === index)
  return revisions
    .filter((revision, index) => !isNeeded(revision, index))
    .filter(({ replicas, pods }) => replicas === 0 && pods.length === 0)
    .map(({ name, uid, number, version }) => ({
      kind: "ReplicaSet",
      namespace,
      name,
      uid,
      why: `revision ${number} (${version}), without pods, and older than ${count(rollbacks + 1, "other")}`,
    }))
}

/** Namespaces that are never previews, whatever their labels. */
const SYSTEM = /^(?:default|kube-.*)$/

/** Preview namespaces past their age limit. `taken` are those of the environments. */
export const oldPreviews = (
  namespaces: readonly KubeObject[],
  { pattern, age }: Config["cleanup"]["previews"],
  taken: readonly string[],
  now: number,
): StaleObject[] =>
  namespaces.flatMap(({ metadata: { name, uid = "", creationTimestamp = "", deletionTimestamp } }) => {
    const made = Date.parse(creationTimestamp)
    const spared = SYSTEM.test(name) || taken.includes(name) || !glob(pattern)(name)
    if (spared || deletionTimestamp !== undefined || Number.isNaN(made) || now - made < age * 1000) return []
    const why = `created ${creationTimestamp}, more than ${ageText(age * 1000)} ago`
    return [{ kind: "Namespace", namespace: "", name, uid, why }]
  })
