/** Paths of objects in the API. */
import { fail } from "../errors/catalogue.js"
import { quote } from "../errors/entry.js"
import type { ObjectKind } from "./objects.js"

export interface Resource {
  /** The kind's name in paths, such as `deployments`. */
  plural: string
  namespaced: boolean
}

/** Common kinds, which need no discovery. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  v1: ["Pod", "Service", "ConfigMap", "Secret", "Event", "ServiceAccount", "PersistentVolumeClaim"],
  "apps/v1": ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"],
  "batch/v1": ["Job", "CronJob"],
  "coordination.k8s.io/v1": ["Lease"],
  "discovery.k8s.io/v1": ["EndpointSlice"],
  "networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "policy/v1": ["PodDisruptionBudget"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "rbac.authorization.k8s.io/v1": ["Role", "RoleBinding"],
}

const OF_THE_CLUSTER: Readonly<Record<string, readonly string[]>> = {
  v1: ["Node", "Namespace", "PersistentVolume"],
  "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding"],
}

/** Resource of a kind that is known without discovery. */
export function knownResource({ apiVersion, kind }: ObjectKind): Resource | undefined {
  const has = (table: Readonly<Record<string, readonly string[]>>) =>
    Object.hasOwn(table, apiVersion) && table[apiVersion]?.includes(kind)
  const plural = pluralOf(kind)
  if (has(KNOWN)) return { plural, namespaced: true }
  return has(OF_THE_CLUSTER) ? { plural, namespaced: false } : undefined
}

function pluralOf(kind: string): string {
  const name = kind.toLowerCase()
  if (name.endsWith("s")) return `${name}es`
  return name.endsWith("y") ? `${name.slice(0, -1)}ies` : `${name}s`
}

/** Path at which the cluster lists the kinds of a group and version; also the start of each object's path. */
export const groupPath = (apiVersion: string): string =>
  `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion.split("/").map(encodeURIComponent).join("/")}`

/** Finds a kind in the cluster's list at that path. */
export function discovered({ kind }: ObjectKind, list: unknown): Resource | undefined {
  const { resources } = list as { resources?: { name: string; kind: string; namespaced: boolean }[] }
  // A name with a slash is a subresource, such as a scale.
  const found = resources?.find((each) => each.kind === kind && !each.name.includes("/"))
  return found === undefined ? undefined : { plural: found.name, namespaced: found.namespaced }
}

/** Path of an object, or of all objects if no name is given. */
export function objectPath(
  kind: ObjectKind,
  resource: Resource,
  namespace: string | undefined,
  name?: string,
): string {
  const place =
    resource.namespaced && namespace !== undefined ? `/namespaces/${segment(kind, namespace)}` : ""
  const rest = name === undefined ? "" : `/${segment(kind, name)}`
  return `${groupPath(kind.apiVersion)}${place}/${resource.plural}${rest}`
}

/** Segment of a path. An empty one would select all objects, and dots those of another path. */
function segment({ kind }: ObjectKind, name: string): string {
  if (!/^(?!\.{1,2}$)[^/%\s]+$/.test(name))
    throw fail("KUBE_INVALID", [`a ${kind} of the name ${quote(name)}`, ["no object can have that name"]])
  return encodeURIComponent(name)
}

/** Name of an object, or of all objects of a kind, in messages. */
export function described({ kind }: ObjectKind, name?: string, namespace?: string): string {
  const what = name === undefined ? `${kind}s` : `${kind} ${quote(name)}`
  return namespace === undefined ? what : `${what} in the namespace ${quote(namespace)}`
}
