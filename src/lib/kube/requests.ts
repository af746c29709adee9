/** Common part of every API call: its path, its attempts, and the error for a refusal. */
import { fail, type SlipwayError } from "../errors/catalogue.js"
import { connection, type ConnectionAnswer, type DialAddress } from "../http/connection.js"
import type { ClusterAccess } from "./access.js"
import type { ObjectKind } from "./objects.js"
import { type ApiAnswer, type ApiServer, type ApiSettings, type Fence, sendSettled } from "./apiServer.js"
import { described, discovered, groupPath, knownResource, objectPath, type Resource } from "./resources.js"
import { secretsOf } from "./secretValues.js"
import { expiredCertificate, apiRefusal } from "./status.js"

/** Request with the subject of the error for a refusal. */
export interface Call {
  method: string
  path: string
  query?: Query
  what: string
  body?: unknown
  type?: string
  /** @default true */
  repeatable?: boolean
  /** Statuses that aren't refusals. */
  accept?: readonly number[]
}

export type Query = Readonly<Record<string, string | undefined>>

export interface Place {
  path: string
  /** Name of the object in messages. */
  what: string
}

export class Requests {
  private readonly resources = new Map<string, Promise<Resource>>()

  constructor(
    private readonly access: ClusterAccess,
    readonly api: ApiServer,
    private readonly fence?: Fence,
  ) {}

  /** The same with other limits, or with a fence for its writes. Shares the connections. */
  with({ fence, ...limits }: { fence?: Fence } & Partial<ApiSettings>): Requests {
    const api = { ...this.api, settings: { ...this.api.settings, ...limits } }
    return new Requests(this.access, api, fence ?? this.fence)
  }

  /** Location of an object, or of all of its kind if it has no name yet. */
  async place(kind: ObjectKind, name: string | undefined, namespace?: string): Promise<Place> {
    const resource = await this.resource(kind)
    const space = resource.namespaced ? (namespace ?? this.access.namespace) : undefined
    return { path: objectPath(kind, resource, space, name), what: described(kind, name, space) }
  }

  /** Location of the objects of a kind, in all namespaces if none is given. */
  async places(kind: ObjectKind, namespace: string | undefined): Promise<Place> {
    const path = objectPath(kind, await this.resource(kind), namespace)
    return { path, what: described(kind, undefined, namespace) }
  }

  /** Sends a request until there is a final answer. Throws the error for a refusal. */
  async call(call: Call): Promise<ApiAnswer> {
    const { method, path, query = {}, what, body, type, repeatable = true, accept = [] } = call
    this.checkCertificate()
    const search = String(new URLSearchParams(givenOnly(query)))
    const request = {
      method,
      path: search === "" ? path : `${path}?${search}`,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": type ?? "application/json" }, body: JSON.stringify(body) }),
    }
    const fence = method === "GET" || query["dryRun"] !== undefined ? undefined : this.fence
    const result = await sendSettled(this.api, request, repeatable, fence)
    const { status } = result.answer
    if (status >= 300 && !accept.includes(status)) throw this.refused(result.answer, what, body)
    return result
  }

  /** Throws for an invalid client certificate: the server would only report unknown credentials. */
  checkCertificate(): void {
    if (this.access.token !== undefined) return
    const reason = expiredCertificate(this.access, this.api.settings.now())
    if (reason !== undefined) throw fail("KUBE_UNAUTHORIZED", [this.access.server, reason])
  }

  refused(answer: Pick<ConnectionAnswer, "status" | "text">, what: string, sent?: unknown): SlipwayError {
    const { status, text } = answer
    const now = this.api.settings.now()
    return apiRefusal({ status, text, what, access: this.access, now, hide: secretsOf(sent) })
  }

  async resource(kind: ObjectKind): Promise<Resource> {
    const known = knownResource(kind)
    if (known !== undefined) return known
    const key = `${kind.apiVersion} ${kind.kind}`
    const found = this.resources.get(key) ?? this.discover(kind)
    this.resources.set(key, found)
    // A missing kind may be created later.
    found.catch(() => this.resources.delete(key))
    return await found
  }

  private async discover(kind: ObjectKind): Promise<Resource> {
    const what = `the kind ${kind.kind} of ${kind.apiVersion}`
    const path = groupPath(kind.apiVersion)
    const { answer } = await this.call({ method: "GET", path, what, accept: [404] })
    const found = answer.status === 404 ? undefined : discovered(kind, parsed(answer))
    if (found === undefined) throw fail("KUBE_MISSING", [what, "the cluster has no such kind"])
    return found
  }
}

/** Connects to a cluster's API server. */
export const requestsTo = (
  access: ClusterAccess,
  settings: ApiSettings & { connectTo?: DialAddress },
): Requests =>
  new Requests(access, {
    server: access.server,
    connection: connection(access, settings.connectTo),
    settings,
    unreachableAt: -Infinity,
  })

/** Parses an answer's JSON. */
export function parsed<T>({ text }: Pick<ConnectionAnswer, "text">): T {
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    const reason = "it is not JSON, so it is not a Kubernetes API"
    throw fail("KUBE_FAILED", ["an answer", 200, reason], { cause })
  }
}

/** Query without the parameters that aren't given. */
export const givenOnly = (query: Query): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ""),
  )
