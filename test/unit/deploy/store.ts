/** The objects of a fake cluster, and the verbs of its API on them. */
import type { KubeObject } from "../../../src/lib/kube/objects.js"
import type { Seen } from "../kube/server.js"

export type Stored = KubeObject & { spec?: unknown; status?: unknown }

export interface Reply {
  status: number
  body: unknown
}

const KINDS: Record<string, string> = {
  deployments: "Deployment",
  replicasets: "ReplicaSet",
  pods: "Pod",
  services: "Service",
  endpointslices: "EndpointSlice",
  jobs: "Job",
  events: "Event",
  leases: "Lease",
  configmaps: "ConfigMap",
  secrets: "Secret",
  nodes: "Node",
  namespaces: "Namespace",
  horizontalpodautoscalers: "HorizontalPodAutoscaler",
  scaledobjects: "ScaledObject",
  statefulsets: "StatefulSet",
}

/** A refusal of the API server. */
export const refusal = (code: number, reason: string, message: string): Reply => ({
  status: code,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code, details: {} },
})

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A JSON merge patch; null removes a field. https://www.rfc-editor.org/rfc/rfc7386 */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Json = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key)
    else result[key] = merge(result[key], value)
  }
  return result
}

export class Store {
  private readonly objects = new Map<string, Stored>()
  private version = 0

  get<T extends Stored>(kind: string, name: string): T | undefined {
    return this.objects.get(`${kind}/${name}`) as T | undefined
  }

  all<T extends Stored>(kind: string): T[] {
    return [...this.objects.values()].filter((object) => object.kind === kind) as T[]
  }

  /** Writes an object as its next version; a change of its spec is a new generation. */
  put<T extends Stored>(given: T): T {
    const key = `${given.kind}/${given.metadata.name}`
    const before = this.objects.get(key)
    // A write without effect is none.
    if (before !== undefined && contentOf(before) === contentOf(given)) return before as T
    this.version += 1
    const same = JSON.stringify(before?.spec) === JSON.stringify(given.spec)
    const generation = (before?.metadata.generation ?? 0) + (same && before !== undefined ? 0 : 1)
    const uid = before?.metadata.uid ?? `uid-${this.version}`
    const metadata = { ...given.metadata, uid, generation, resourceVersion: String(this.version) }
    const stored = { ...structuredClone(given), metadata }
    this.objects.set(key, stored)
    return stored
  }

  /** Removes an object, and all that it owns. */
  remove(kind: string, name: string): boolean {
    const found = this.get(kind, name)
    if (found === undefined) return false
    this.objects.delete(`${kind}/${name}`)
    for (const other of [...this.objects.values()])
      if (other.metadata.ownerReferences?.some(({ uid }) => uid === found.metadata.uid))
        this.remove(other.kind, other.metadata.name)
    return true
  }

  /** Answers a request for an object or a collection. */
  reply({ method, path, query, body, headers }: Seen): Reply {
    const [, namespace, resource = "", name] =
      /^\/apis?\/(?:[^/]+\/)?v\d\w*\/(?:namespaces\/([^/]+)\/)?([a-z]+)(?:\/([^/]+))?$/.exec(path) ?? []
    const kind = KINDS[resource] ?? resource
    if (name === undefined && method === "GET")
      return { status: 200, body: this.list(kind, query, namespace) }
    if (method === "POST") return this.create(body as Stored)
    const found = this.get(kind, name ?? "")
    const isApply = (headers["content-type"] ?? "").includes("apply-patch")
    if (found === undefined && !isApply) return refusal(404, "NotFound", `${resource} "${name}" not found`)
    if (method === "GET") return { status: 200, body: found }
    if (isOutdated(found, method === "DELETE" ? body : (body as Stored).metadata))
      return refusal(409, "Conflict", "the object has been modified")
    if (method === "DELETE") return { status: 200, body: { deleted: this.remove(kind, name ?? "") } }
    if (method === "PUT") return this.update(found as Stored, body as Stored)
    const patched = isApply ? applied(found, body as Stored) : merge(found, body)
    return { status: 200, body: query["dryRun"] === "All" ? patched : this.put(patched as Stored) }
  }

  private list(kind: string, query: Seen["query"], namespace: string | undefined) {
    const wanted = (query["labelSelector"] ?? "").split(",").filter((pair) => pair !== "")
    const within = ({ metadata }: Stored) =>
      namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace
    const items = this.all(kind).filter(
      (object) =>
        within(object) &&
        wanted.every((pair) => {
          const [key = "", value] = pair.split("=")
          const label = object.metadata.labels?.[key]
          return value === undefined ? label !== undefined : label === value
        }),
    )
    return { kind: `${kind}List`, metadata: {}, items }
  }

  private create(given: Stored): Reply {
    if (this.get(given.kind, given.metadata.name) !== undefined)
      return refusal(409, "AlreadyExists", `${given.metadata.name} already exists`)
    return { status: 201, body: this.put(given) }
  }

  private update(found: Stored, given: Stored): Reply {
    if (given.metadata.resourceVersion !== found.metadata.resourceVersion)
      return refusal(409, "Conflict", "the object has been modified")
    return { status: 200, body: this.put({ ...given, status: found.status }) }
  }
}

/** True if a request's preconditions don't fit the object. */
function isOutdated(found: Stored | undefined, given: unknown): boolean {
  const { preconditions, uid, resourceVersion } = { ...(given as Json | undefined) }
  const wanted = isObject(preconditions) ? preconditions : { uid, resourceVersion }
  return (["uid", "resourceVersion"] as const).some(
    (key) => wanted[key] !== undefined && wanted[key] !== found?.metadata[key],
  )
}

/** A server-side apply; a Service's selector is replaced as a whole. */
function applied(found: Stored | undefined, given: Stored): Stored {
  const merged = merge(found, given) as Stored
  const { selector } = (given.spec ?? {}) as Json
  if (given.kind !== "Service" || selector === undefined) return merged
  return { ...merged, spec: { ...(merged.spec as Json), selector } }
}

/** An object but for what the server sets. */
function contentOf({ metadata, ...rest }: Stored): string {
  const { name, labels, annotations, ownerReferences } = metadata
  return JSON.stringify([name, labels, annotations, ownerReferences, rest])
}
