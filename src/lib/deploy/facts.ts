import type { Deployment, Pod, PodTemplate, ReplicaSet, Service } from "../kube/objects.js"
import { fields, parseJson } from "../text/json.js"
import { HASH, NOTES } from "./manifests.js"

/** How far a rollout came: written down before each of its effects. */
export type Phase = "surge" | "switch" | "soak" | "held" | "finish" | "undo"

/** What of a Deployment a rollout changes for its own time. */
export interface Before {
  minReadySeconds?: number
  progressDeadlineSeconds?: number
  strategy?: Deployment["spec"]["strategy"]
}

/** A rollout that is under way, as it is noted on the Service. */
export interface Rollout {
  run: string
  /** What is deployed, and whether that is a rollback by hand. */
  kind: "deploy" | "rollback"
  version: string
  digest: string
  commit: string
  /** The hash of the pods that had the traffic; empty for a first deployment. */
  from: string
  /** What these were. */
  fromVersion: string
  fromDigest: string
  phase: Phase
  startedAt: string
  /** When the traffic was switched. */
  switchedAt?: string
  /** Why it is undone. */
  reason?: string
  /** What the Deployment had, for when this is undone; and what it is to have. */
  before: Before
  after: Before
  /** What the Service was; absent where it was made for this. */
  service?: Pick<Service["spec"], "selector" | "ports">
}

/** One of a Deployment's ReplicaSets, with its pods. */
export interface Revision {
  name: string
  uid: string
  hash: string
  number: number
  replicas: number
  version: string
  digest: string
  commit: string
  image: string
  template: PodTemplate
  pods: Pod[]
}

/** What is known of a service in its cluster. */
export interface Facts {
  deployment: Deployment | undefined
  service: Service | undefined
  /** The newest first. */
  revisions: Revision[]
  /** The pods that alone get traffic, by their hash. */
  pinned: string | undefined
  rollout: Rollout | undefined
}

export interface Live {
  deployment: Deployment | undefined
  service: Service | undefined
  replicaSets: readonly ReplicaSet[]
  pods: readonly Pod[]
}

export function factsOf({ deployment, service, replicaSets, pods }: Live): Facts {
  const uid = deployment?.metadata.uid
  const owned = replicaSets.filter(({ metadata }) =>
    metadata.ownerReferences?.some((owner) => owner.uid === uid),
  )
  return {
    deployment,
    service,
    revisions: owned.map((set) => revisionOf(set, pods)).sort((a, b) => b.number - a.number),
    pinned: service?.spec.selector?.[HASH],
    rollout: rolloutOf(service),
  }
}

function revisionOf(set: ReplicaSet, pods: readonly Pod[]): Revision {
  const { metadata, spec } = set
  const { labels = {}, annotations = {} } = metadata
  const hash = labels[HASH] ?? ""
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    hash,
    number: Number(annotations["deployment.kubernetes.io/revision"] ?? 0),
    replicas: spec.replicas ?? 0,
    ...notesOf(spec.template),
    image: spec.template.spec.containers[0]?.image ?? "",
    template: spec.template,
    pods: pods.filter(
      (pod) =>
        pod.metadata.labels?.[HASH] === hash &&
        pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid),
    ),
  }
}

/** What Slipway noted on pods; of what others deployed, the image says what it is. */
export function notesOf(template: PodTemplate): { version: string; digest: string; commit: string } {
  const annotations = template.metadata?.annotations ?? {}
  const image = template.spec.containers[0]?.image ?? ""
  const [, tag] = /^[^@]*:([^:/@]+)(?:@.*)?$/.exec(image) ?? []
  const [, digest = ""] = /@(sha256:[0-9a-f]{64})$/.exec(image) ?? []
  return {
    version: annotations[NOTES.version] ?? tag ?? image,
    digest: annotations[NOTES.digest] ?? digest,
    commit: annotations[NOTES.commit] ?? "",
  }
}

const PHASES: readonly Phase[] = ["surge", "switch", "soak", "held", "finish", "undo"]

function rolloutOf(service: Service | undefined): Rollout | undefined {
  const found = fields(parseJson(service?.metadata.annotations?.[NOTES.rollout] ?? ""))
  return PHASES.some((phase) => phase === found["phase"]) ? (found as unknown as Rollout) : undefined
}

/** The revision that the Deployment's template stands for now. */
export const newest = ({ revisions }: Facts): Revision | undefined => revisions[0]

export const byHash = ({ revisions }: Facts, hash: string | undefined): Revision | undefined =>
  revisions.find((revision) => revision.hash === hash)

/** What gets the traffic: what the Service is pinned to, else what has pods that are ready, the newest first. */
export const serving = (facts: Facts): Revision | undefined =>
  facts.pinned === undefined
    ? (facts.revisions.find(({ pods }) => pods.some(isReady)) ?? newest(facts))
    : byHash(facts, facts.pinned)

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True")

/** Pods that are there and aren't about to go. */
export const living = ({ pods }: Revision): Pod[] =>
  pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed",
  )

/** What must be done about a rollout that nobody walks any more. */
export type Recovery = "none" | "unpin" | "undo" | "finish" | "held"

/**
 * A rollout that hadn't proved itself is undone, whatever it came to: the old pods are still there. One that had is
 * finished. One that was held waits for a person.
 */
export function recovery({ rollout, pinned }: Facts): Recovery {
  if (rollout === undefined) return pinned === undefined ? "none" : "unpin"
  if (rollout.phase === "held" || rollout.phase === "finish") return rollout.phase
  return "undo"
}
