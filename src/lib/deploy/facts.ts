import type { DeploymentObject, Pod, PodTemplate, ReplicaSet, ServiceObject } from "../kube/objects.js"
import type { LedgerEntry } from "../run/ledger.js"
import { fields, parseJson } from "../text/json.js"
import { HASH, ANNOTATIONS } from "./manifests.js"

/** The progress of a rollout, recorded before each of its effects. */
export type Phase = "surge" | "switch" | "soak" | "held" | "finish" | "undo"

/** The settings of a Deployment that a rollout changes temporarily. */
export interface RolloutSettings {
  minReadySeconds?: number
  progressDeadlineSeconds?: number
  strategy?: DeploymentObject["spec"]["strategy"]
}

/** A rollout in progress, as recorded on the Service. */
export interface Rollout {
  run: string
  /** A deployment of a version, or a manual rollback to one. */
  kind: "deploy" | "rollback"
  version: string
  digest: string
  commit: string
  /** The reference of its image, for the ledger. */
  image?: string
  /** The hash of the pods that had the traffic before; empty for a first deployment. */
  from: string
  /** Their version. */
  fromVersion: string
  fromDigest: string
  phase: Phase
  /** The holding of the lock under which this was written. */
  term?: string
  startedAt: string
  /** The time of the switch. */
  switchedAt?: string
  /** The reason for undoing it. */
  reason?: string
  /** The Deployment's settings before the rollout, and those it is to have afterwards. */
  before: RolloutSettings
  after: RolloutSettings
  /** The Service before the rollout; absent if the rollout created it. */
  service?: Pick<ServiceObject["spec"], "selector" | "ports">
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

/** The live state of a service in its cluster. */
export interface Facts {
  deployment: DeploymentObject | undefined
  service: ServiceObject | undefined
  /** The newest first. */
  revisions: Revision[]
  /** The hash that the Service is pinned to; undefined between rollouts. */
  pinned: string | undefined
  rollout: Rollout | undefined
}

export interface ClusterObjects {
  deployment: DeploymentObject | undefined
  service: ServiceObject | undefined
  replicaSets: readonly ReplicaSet[]
  pods: readonly Pod[]
}

/** True for a Deployment that was made without pods, and whose first rollout has not begun. */
export const isInert = (deployment: DeploymentObject | undefined): boolean =>
  deployment?.metadata.annotations?.[ANNOTATIONS.inert] === "true" && deployment.spec.replicas === 0

export function factsOf({ deployment, service, replicaSets, pods }: ClusterObjects): Facts {
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
    ...annotatedVersion(spec.template),
    image: spec.template.spec.containers[0]?.image ?? "",
    template: spec.template,
    pods: pods.filter(
      (pod) =>
        pod.metadata.labels?.[HASH] === hash &&
        pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid),
    ),
  }
}

/** Reads a version from Slipway's annotations on pods, else from the image. */
export function annotatedVersion(template: PodTemplate): { version: string; digest: string; commit: string } {
  const annotations = ownAnnotations(template)
  const image = template.spec.containers[0]?.image ?? ""
  const [, tag] = /^[^@]*:([^:/@]+)(?:@.*)?$/.exec(image) ?? []
  const [, digest = ""] = /@(sha256:[0-9a-f]{64})$/.exec(image) ?? []
  return {
    version: annotations[ANNOTATIONS.version] ?? tag ?? image,
    digest: annotations[ANNOTATIONS.digest] ?? digest,
    commit: annotations[ANNOTATIONS.commit] ?? "",
  }
}

/**
 * The annotations of a template; none of Slipway's where another image has replaced the annotated one, as a controller's
 * or `kubectl set image` does.
 */
function ownAnnotations({ metadata, spec }: PodTemplate): Readonly<Record<string, string>> {
  const { annotations = {} } = metadata ?? {}
  const digest = annotations[ANNOTATIONS.digest]
  const images = [...(spec.initContainers ?? []), ...spec.containers].map(({ image = "" }) => image)
  const isReplaced = DIGEST.test(images[0] ?? "") && !images.some((image) => image.endsWith(`@${digest}`))
  return digest !== undefined && isReplaced ? {} : annotations
}

const DIGEST = /@sha256:[0-9a-f]{64}$/

/** Names versions without Slipway's annotations by the ledger's entries of their digests. */
export const named = (facts: Facts, entries: readonly Pick<LedgerEntry, "facts" | "sha">[]): Facts => ({
  ...facts,
  revisions: facts.revisions.map((revision) => {
    const isAnnotated = ownAnnotations(revision.template)[ANNOTATIONS.version] !== undefined
    const entry = entries.findLast(({ facts }) => facts["digest"] === revision.digest && facts["version"])
    if (isAnnotated || revision.digest === "" || entry === undefined) return revision
    return { ...revision, version: entry.facts["version"] ?? "", commit: entry.sha }
  }),
})

const PHASES: readonly Phase[] = ["surge", "switch", "soak", "held", "finish", "undo"]

/** Reads the rollout in progress from the Service. */
export function rolloutOf(service: ServiceObject | undefined): Rollout | undefined {
  const found = fields(parseJson(service?.metadata.annotations?.[ANNOTATIONS.rollout] ?? ""))
  return PHASES.some((phase) => phase === found["phase"]) ? (found as unknown as Rollout) : undefined
}

/** Returns the revision of the Deployment's current template. */
export const newest = ({ revisions }: Facts): Revision | undefined => revisions[0]

export const byHash = ({ revisions }: Facts, hash: string | undefined): Revision | undefined =>
  revisions.find((revision) => revision.hash === hash)

/** Returns the revision with the traffic: the pinned one, else the newest with ready pods. */
export const serving = (facts: Facts): Revision | undefined =>
  facts.pinned === undefined
    ? (facts.revisions.find(({ pods }) => pods.some(isReadyPod)) ?? newest(facts))
    : byHash(facts, facts.pinned)

export const isReadyPod = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True")

/** Returns pods that neither are being deleted nor have ended. */
export const living = ({ pods }: Revision): Pod[] =>
  pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined && status?.phase !== "Succeeded" && status?.phase !== "Failed",
  )

/** The action that an interrupted rollout needs. */
export type Recovery = "none" | "unpin" | "undo" | "finish" | "held"

/**
 * Decides how to recover from an interrupted rollout.
 *
 * One that hadn't passed the soak is undone, as the old pods still exist; one that had is finished; one on hold waits
 * for a person.
 */
export function recovery({ rollout, pinned }: Facts): Recovery {
  if (rollout === undefined) return pinned === undefined ? "none" : "unpin"
  if (rollout.phase === "held" || rollout.phase === "finish") return rollout.phase
  return "undo"
}
