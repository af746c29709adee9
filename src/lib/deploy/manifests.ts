import { parseAllDocuments } from "yaml"
import { fail } from "../errors/catalogue.js"
import type { DeploymentObject, KubeObject, PodTemplate, ServiceObject } from "../kube/objects.js"
import { fields } from "../text/json.js"

/** Slipway's annotations on deployed objects. */
export const ANNOTATIONS = {
  /** On a pod template: the version, or the reference that stood for it. */
  version: "slipway.dev/version",
  /** On a pod template: the digest of the release. */
  digest: "slipway.dev/digest",
  /** On a pod template: the commit. */
  commit: "slipway.dev/commit",
  /**
   * On the Service: the rollout in progress, as JSON. Not on the Deployment, where `kubectl rollout undo` would restore
   * an old one.
   */
  rollout: "slipway.dev/rollout",
  /** On the lease, and on what is changed while it is held: the holding, so that a late attempt of an earlier one fails. */
  term: "slipway.dev/term",
  /** On a Deployment that was made without pods, until its first rollout is sure to be still wanted. */
  inert: "slipway.dev/inert",
} as const

/** The label that distinguishes the pods of a Deployment's revisions. */
export const HASH = "pod-template-hash"

/** An environment's objects, rendered from its kustomization. */
export interface Manifests {
  namespace: string
  /** The Deployment that takes the traffic, and the Service that routes to it. */
  deployment: DeploymentObject
  service: ServiceObject
  /** Objects that pods may need: applied before them. */
  first: KubeObject[]
  /** All other objects: applied once the new version has passed the soak. */
  last: KubeObject[]
}

/** The version that is set in the manifests. */
export interface DeployedVersion {
  /** `v1.2.3`, or the reference that stood for the digest. */
  name: string
  /** Registry and repository. */
  repository: string
  digest: string
  /** The commit, if it is known. */
  commit: string
}

interface Wanted {
  deployment?: string
  service?: string
  /** The default, if the manifests name none. */
  namespace: string
}

/** Kinds that pods refer to, in the order of their dependencies. */
const NEEDED = [
  "Namespace",
  "ResourceQuota",
  "LimitRange",
  "PriorityClass",
  "StorageClass",
  "ServiceAccount",
  "Secret",
  "ConfigMap",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "CustomResourceDefinition",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "NetworkPolicy",
]

/** Parses the output of `kubectl kustomize`. Fails with MANIFESTS and NO_DEPLOYMENT. */
export function readManifests(text: string, wanted: Wanted): Manifests {
  const objects = parseAllDocuments(text).flatMap((document, index) => {
    const [error] = document.errors
    if (error !== undefined) throw fail("MANIFESTS", [`document ${index + 1}: ${error.message}`])
    const object: unknown = document.toJS()
    return object === null || object === undefined ? [] : [objectOf(object, index)]
  })
  const { deployment, service } = chosenPair(objects, wanted)
  const namespace = deployment.metadata.namespace ?? service.metadata.namespace ?? wanted.namespace
  const placed = objects.map((object) => inNamespace(object, namespace))
  const others = placed.filter(
    ({ kind, metadata }) =>
      !(isSame(deployment, kind, metadata.name) || isSame(service, kind, metadata.name)),
  )
  const rank = ({ kind }: KubeObject) => NEEDED.indexOf(kind)
  return {
    namespace,
    deployment: inNamespace(deployment, namespace),
    service: inNamespace(service, namespace),
    first: others.filter((object) => rank(object) >= 0).sort((a, b) => rank(a) - rank(b)),
    last: others.filter((object) => rank(object) < 0),
  }
}

const isSame = (object: KubeObject, kind: string, name: string): boolean =>
  object.kind === kind && object.metadata.name === name

function objectOf(value: unknown, index: number): KubeObject {
  const { apiVersion, kind, metadata } = fields(value)
  const { name } = fields(metadata)
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string")
    throw fail("MANIFESTS", [`document ${index + 1} lacks apiVersion, kind or metadata.name`])
  return value as KubeObject
}

/** Kinds without a namespace. */
const CLUSTER_WIDE = [
  "Namespace",
  "ClusterRole",
  "ClusterRoleBinding",
  "PersistentVolume",
  "StorageClass",
  "PriorityClass",
  "CustomResourceDefinition",
  "IngressClass",
]

function inNamespace<T extends KubeObject>(object: T, namespace: string): T {
  if (CLUSTER_WIDE.includes(object.kind) || object.metadata.namespace !== undefined) return object
  return { ...object, metadata: { ...object.metadata, namespace } }
}

/** Returns the Deployment that takes the traffic, and its Service. Fails with NO_DEPLOYMENT. */
export function chosenPair(
  objects: readonly KubeObject[],
  wanted: Wanted,
): { deployment: DeploymentObject; service: ServiceObject } {
  const deployments = objects.filter(({ kind }) => kind === "Deployment") as DeploymentObject[]
  const services = objects.filter(({ kind }) => kind === "Service") as ServiceObject[]
  const pairs = deployments.flatMap((deployment) =>
    services.filter((service) => selects(service, deployment)).map((service) => ({ deployment, service })),
  )
  const fitting = pairs.filter(
    ({ deployment, service }) =>
      (wanted.deployment ?? deployment.metadata.name) === deployment.metadata.name &&
      (wanted.service ?? service.metadata.name) === service.metadata.name,
  )
  const [pair, ...more] = fitting
  if (pair !== undefined && more.length === 0) return pair
  const names = pairs.map(
    ({ deployment, service }) => `${deployment.metadata.name} behind ${service.metadata.name}`,
  )
  throw fail("NO_DEPLOYMENT", [deployments.map(({ metadata }) => metadata.name), names])
}

function selects({ spec }: ServiceObject, deployment: DeploymentObject): boolean {
  const selector = Object.entries(spec.selector ?? {})
  const labels = deployment.spec.template.metadata?.labels ?? {}
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

/** Sets a version's digest as the image of all objects that run it. Fails with NO_IMAGE. */
export function withVersion(manifests: Manifests, version: DeployedVersion): Manifests {
  const runs = imagesOf(manifests.deployment.spec.template)
  const names = [...new Set(runs.map(bareImageName))]
  const name = imageName(names, version.repository)
  if (name === undefined) throw fail("NO_IMAGE", [version.repository, names])
  const change = (template: PodTemplate) => versioned(template, name, version)
  const { deployment } = manifests
  return {
    ...manifests,
    deployment: { ...deployment, spec: { ...deployment.spec, template: change(deployment.spec.template) } },
    last: manifests.last.map((object) => withPodTemplate(object, change)),
  }
}

/** Finds the service's image: by the repository's name, by its last part, or the only one. */
function imageName(names: readonly string[], repository: string): string | undefined {
  const last = (name: string) => name.slice(name.lastIndexOf("/") + 1)
  const alike = names.filter((name) => last(name) === last(repository))
  const [only, ...others] = alike.length > 0 ? alike : names
  return names.find((name) => name === repository) ?? (others.length === 0 ? only : undefined)
}

const containersOf = ({ spec }: PodTemplate) => [...(spec.initContainers ?? []), ...spec.containers]

const imagesOf = (template: PodTemplate): string[] => containersOf(template).map(({ image }) => image ?? "")

/** Returns an image's name without tag and digest. */
export const bareImageName = (image: string): string => image.replace(/@.*$/s, "").replace(/:[^:/]*$/, "")

function versioned(template: PodTemplate, name: string, version: DeployedVersion): PodTemplate {
  if (!imagesOf(template).some((image) => bareImageName(image) === name)) return template
  const image = `${version.repository}@${version.digest}`
  const change = <C extends { image?: string }>(containers: readonly C[] = []): C[] =>
    containers.map((container) =>
      bareImageName(container.image ?? "") === name ? { ...container, image } : container,
    )
  const { initContainers, containers } = template.spec
  const notes = {
    [ANNOTATIONS.version]: version.name,
    [ANNOTATIONS.digest]: version.digest,
    ...(version.commit !== "" && { [ANNOTATIONS.commit]: version.commit }),
  }
  const annotations = { ...template.metadata?.annotations, ...notes }
  return {
    metadata: { ...template.metadata, annotations },
    spec: {
      ...template.spec,
      ...(initContainers !== undefined && { initContainers: change(initContainers) }),
      containers: change(containers),
    },
  }
}

/** Changes the pod template of a workload of any kind. */
export function withPodTemplate(
  object: KubeObject,
  change: (template: PodTemplate) => PodTemplate,
): KubeObject {
  const spec = fields(fields(object)["spec"])
  if (object.kind === "CronJob") {
    const jobTemplate = fields(spec["jobTemplate"])
    const job = fields(jobTemplate["spec"])
    if (!isTemplate(job["template"])) return object
    const changed = { ...jobTemplate, spec: { ...job, template: change(job["template"]) } }
    return { ...object, spec: { ...spec, jobTemplate: changed } } as KubeObject
  }
  if (!isTemplate(spec["template"])) return object
  return { ...object, spec: { ...spec, template: change(spec["template"]) } } as KubeObject
}

const isTemplate = (value: unknown): value is PodTemplate =>
  Array.isArray(fields(fields(value)["spec"])["containers"])
