/** Objects of a cluster, as short as tests need them. */
import { HASH, ANNOTATIONS } from "../../../src/lib/deploy/manifests.js"
import type { Facts, Revision, Rollout } from "../../../src/lib/deploy/facts.js"
import {
  DEPLOYMENT,
  type DeploymentObject,
  POD,
  type Pod,
  type PodTemplate,
  REPLICA_SET,
  type ReplicaSet,
  SERVICE,
  type ServiceObject,
} from "../../../src/lib/kube/objects.js"

export const DIGEST = `sha256:${"a1".repeat(32)}`
export const OTHER = `sha256:${"b2".repeat(32)}`

export const template = (image: string, annotations: Record<string, string> = {}): PodTemplate => ({
  metadata: { labels: { app: "web" }, annotations },
  spec: { containers: [{ name: "web", image }] },
})

export const deployment = (more: Partial<DeploymentObject["spec"]> = {}): DeploymentObject => ({
  ...DEPLOYMENT,
  metadata: { name: "web", namespace: "audio", uid: "d-1" },
  spec: { selector: { matchLabels: { app: "web" } }, template: template("web:1"), ...more },
})

const noted = (note: string) => ({ annotations: { [ANNOTATIONS.rollout]: note } })

export const service = (selector: Record<string, string> = { app: "web" }, note?: string): ServiceObject => ({
  ...SERVICE,
  metadata: { name: "web", namespace: "audio", ...(note !== undefined && noted(note)) },
  spec: { selector, ports: [{ port: 80 }] },
})

export const replicaSet = (
  hash: string,
  number: number,
  made: PodTemplate = template("web:1"),
  owner = "d-1",
): ReplicaSet => ({
  ...REPLICA_SET,
  metadata: {
    name: `web-${hash}`,
    uid: `rs-${hash}`,
    labels: { [HASH]: hash },
    annotations: { "deployment.kubernetes.io/revision": String(number) },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: owner }],
  },
  spec: { replicas: 2, selector: {}, template: made },
})

export const pod = (name: string, hash: string, ready = true, owner = `rs-${hash}`): Pod => ({
  ...POD,
  metadata: {
    name,
    labels: { [HASH]: hash },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: `web-${hash}`, uid: owner }],
  },
  spec: { containers: [] },
  status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
})

export const going = (leaving: Pod): Pod => ({
  ...leaving,
  metadata: { ...leaving.metadata, deletionTimestamp: "2026-03-01T12:00:00Z" },
})

export const rollout = (more: Partial<Rollout> = {}): Rollout => ({
  run: "run-2",
  kind: "deploy",
  version: "v2",
  digest: OTHER,
  commit: "c2",
  from: "old",
  fromVersion: "v1",
  fromDigest: DIGEST,
  phase: "surge",
  startedAt: "2026-03-01T12:00:00Z",
  before: {},
  after: {},
  ...more,
})

export const revision = (hash: string, more: Partial<Revision> = {}): Revision => ({
  name: `web-${hash}`,
  uid: `uid-${hash}`,
  hash,
  number: 1,
  replicas: 1,
  version: "v1",
  digest: DIGEST,
  commit: "c1",
  image: `web@${DIGEST}`,
  template: template("web:1"),
  pods: [],
  ...more,
})

export const facts = (more: Partial<Facts> = {}): Facts => ({
  deployment: deployment(),
  service: service(),
  revisions: [],
  pinned: undefined,
  rollout: undefined,
  ...more,
})
