import { parseAllDocuments } from "yaml"
import { fail } from "../errors/catalogue.js"
import type { Deployment, KubeObject, PodTemplate, Service } from "../kube/objects.js"
import { fields } from "../text/json.js"

/** What Slipway notes on what it deploys. */
export const NOTES = {
  /** On a pod template: the version, or what stood for it. */
  version: "slipway.dev/version",
  /** On a pod template: the digest of the release. */
  digest: "slipway.dev/digest",
  /** On a pod template: the commit. */
  commit: "slipway.dev/commit",
  /**
   * On the Service: the rollout that is under way, JSON. Not on the Deployment: with a template `kubectl rollout undo`
   * puts back the notes of then.
   */
  rollout: "slipway.dev/rollout",
} as const

/** The label by which a Deployment tells its pods apart. */
export const HASH = "pod-template-hash"

/** An environment's objects, as its kustomization renders them. */
export interface Manifests {
  namespace: string
  /** What takes the traffic, and what leads to it. */
  deployment: Deployment
  service: Service
  /** What pods may need: applied before them. */
  first: KubeObject[]
  /** All else: applied when the new version has proved itself. */
  last: KubeObject[]
}

/** What is put into the manifests. */
export interface Version {
  /** `v1.2.3`, or what else stood for the digest. */
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
  /** Where the manifests name none. */
  namespace: string
}

/** What pods refer to, in the order in which one needs the other. */
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

/** Reads what `kubectl kustomize` prints. Fails with MANIFESTS. */
export function readManifests(text: string, wanted: Wanted): Manifests {
  const objects = parseAllDocuments(text).flatMap((document, index) => {
    const [error] = document.errors
    if (error !== undefined) throw fail("MANIFESTS", [`document ${index + 1}: ${error.message}`])
    const object: unknown = document.toJS()
    return object === null || object === undefined ? [] : [objectOf(object, index)]
  })
  const { deployment, service } = chosen(objects, wanted)
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

/** Of no namespace are kinds that describe the cluster. */
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

function chosen(
  objects: readonly KubeObject[],
  wanted: Wanted,
): { deployment: Deployment; service: Service } {
  const deployments = objects.filter(({ kind }) => kind === "Deployment") as Deployment[]
  const services = objects.filter(({ kind }) => kind === "Service") as Service[]
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

function selects({ spec }: Service, deployment: Deployment): boolean {
  const selector = Object.entries(spec.selector ?? {})
  const labels = deployment.spec.template.metadata?.labels ?? {}
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

/** Puts a version's digest in the place of the image's tag, in all that runs it. Fails with NO_IMAGE. */
export function withVersion(manifests: Manifests, version: Version): Manifests {
  const runs = imagesOf(manifests.deployment.spec.template)
  const names = [...new Set(runs.map(nameOf))]
  const name = imageName(names, version.repository)
  if (name === undefined) throw fail("NO_IMAGE", [version.repository, names])
  const change = (template: PodTemplate) => versioned(template, name, version)
  const { deployment } = manifests
  return {
    ...manifests,
    deployment: { ...deployment, spec: { ...deployment.spec, template: change(deployment.spec.template) } },
    last: manifests.last.map((object) => withTemplate(object, change)),
  }
}

/** The image that is the service's: of the release's own name, of the same last part, or the only one. */
function imageName(names: readonly string[], repository: string): string | undefined {
  const last = (name: string) => name.slice(name.lastIndexOf("/") + 1)
  const alike = names.filter((name) => last(name) === last(repository))
  const [only, ...others] = alike.length > 0 ? alike : names
  return names.find((name) => name === repository) ?? (others.length === 0 ? only : undefined)
}

const containersOf = ({ spec }: PodTemplate) => [...(spec.initContainers ?? []), ...spec.containers]

const imagesOf = (template: PodTemplate): string[] => containersOf(template).map(({ image }) => image ?? "")

/** An image's name without tag and digest. */
export const nameOf = (image: string): string => image.replace(/@.*$/s, "").replace(/:[^:/]*$/, "")

function versioned(template: PodTemplate, name: string, version: Version): PodTemplate {
  if (!imagesOf(template).some((image) => nameOf(image) === name)) return template
  const image = `${version.repository}@${version.digest}`
  const change = <C extends { image?: string }>(containers: readonly C[] = []): C[] =>
    containers.map((container) =>
      nameOf(container.image ?? "") === name ? { ...container, image } : container,
    )
  const { initContainers, containers } = template.spec
  const notes = {
    [NOTES.version]: version.name,
    [NOTES.digest]: version.digest,
    ...(version.commit !== "" && { [NOTES.commit]: version.commit }),
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

/** Changes the pods of whatever makes them. */
function withTemplate(object: KubeObject, change: (template: PodTemplate) => PodTemplate): KubeObject {
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
