/** Client of the Kubernetes API, which retries while a server restarts and explains refusals. */
import { setTimeout as sleep } from "node:timers/promises"
import type { DialAddress } from "../http/connection.js"
import type { ClusterAccess } from "./access.js"
import type { ApiAnswer, ApiSettings, Fence } from "./apiServer.js"
import { followed, isBeforeStart } from "./logs.js"
import { type ObjectKind, type KubeObject, POD } from "./objects.js"
import { askPod, type ProxyAnswer, proxyPath } from "./proxy.js"
import { givenOnly, parsed, Requests, requestsTo } from "./requests.js"
import { described } from "./resources.js"
import { holds, type PatchOperation, patched } from "./same.js"

export type { ProxyAnswer } from "./proxy.js"

export interface KubeOptions extends ApiSettings {
  /** Address to dial in place of the URL's; the name in TLS remains the URL's. */
  connectTo?: DialAddress
}

export const KUBE_DEFAULTS: Readonly<KubeOptions> = Object.freeze({
  timeout: 15_000,
  patience: 60_000,
  sleep: (milliseconds: number) => sleep(milliseconds),
  now: () => Date.now(),
  random: () => Math.random(),
})

const PAGE = "500"
/** The owner of the fields that this client sets. */
export const FIELD_MANAGER = "slipway"

export class Kube {
  private readonly requests: Requests

  constructor(access: ClusterAccess | Requests, options: Partial<KubeOptions> = {}) {
    const isOpen = access instanceof Requests
    this.requests = isOpen ? access : requestsTo(access, { ...KUBE_DEFAULTS, ...options })
  }

  /** The same client, but each attempt of a write is sent only while a lock is held, and ends before it. */
  fenced(fence: Fence): Kube {
    return new Kube(this.requests.with({ fence }))
  }

  /** The same client with other limits, in milliseconds: of an attempt, and of all attempts of a request. */
  limited(limits: Pick<ApiSettings, "timeout" | "patience">): Kube {
    return new Kube(this.requests.with(limits))
  }

  /** True for a kind whose objects are in namespaces. Fails with KUBE_MISSING for one that the cluster doesn't have. */
  async isNamespaced(kind: ObjectKind): Promise<boolean> {
    return (await this.requests.resource(kind)).namespaced
  }

  /** Returns an object; undefined if it doesn't exist. */
  async get<T extends KubeObject>(
    kind: ObjectKind,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    const { path, what } = await this.requests.place(kind, name, namespace)
    const { answer } = await this.requests.call({ method: "GET", path, what, accept: [404] })
    return answer.status === 404 ? undefined : parsed<T>(answer)
  }

  /** Returns all objects of a kind, in all namespaces if none is given. */
  async list<T extends KubeObject>(
    kind: ObjectKind,
    options: { namespace?: string; labels?: string; fields?: string } = {},
  ): Promise<T[]> {
    const { path, what } = await this.requests.places(kind, options.namespace)
    const query = { labelSelector: options.labels, fieldSelector: options.fields, limit: PAGE }
    let items: T[] = []
    for (let next: string | undefined, restarts = 0; ;) {
      const { answer } = await this.requests.call({
        method: "GET",
        path,
        what,
        query: { ...query, continue: next },
        // The continuation of a list that took too long has expired: it starts again.
        accept: next !== undefined && restarts < 3 ? [410] : [],
      })
      if (answer.status === 410) {
        ;[items, next, restarts] = [[], undefined, restarts + 1]
        continue
      }
      const page = parsed<KubeObject & { items?: T[] | null; metadata: { continue?: string } }>(answer)
      items.push(
        ...(page.items ?? []).map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })),
      )
      if (!page.metadata.continue) return items
      next = page.metadata.continue
    }
  }

  /** Creates an object. Throws `KUBE_EXISTS` if another client has created one of that name. */
  async create<T extends KubeObject>(given: T, options: { dryRun?: boolean } = {}): Promise<T> {
    const { name, namespace } = given.metadata
    const { path } = await this.requests.place(given, undefined, namespace)
    const what = described(given, name, namespace)
    const { answer, uncertain } = await this.requests.call({
      method: "POST",
      path,
      what,
      query: { fieldManager: FIELD_MANAGER, dryRun: dryRun(options) },
      body: given,
      // Without a name every attempt would create another object.
      repeatable: name !== "",
      accept: [409],
    })
    if (answer.status !== 409) return parsed<T>(answer)
    const made = uncertain ? await this.get<T>(given, name, namespace) : undefined
    // Another client may have been first.
    if (made === undefined || !holds(made, given)) throw this.requests.refused(answer, what, given)
    return made
  }

  /** Replaces an object; its `resourceVersion` is that of the state that it was based on. */
  async replace<T extends KubeObject>(given: T): Promise<T> {
    const { name, namespace, resourceVersion } = given.metadata
    const { path, what } = await this.requests.place(given, name, namespace)
    const repeatable = resourceVersion !== undefined
    const query = { fieldManager: FIELD_MANAGER }
    const result = await this.requests.call({
      method: "PUT",
      path,
      what,
      query,
      body: given,
      repeatable,
      accept: [409],
    })
    return await this.settled<T>(result, given, given, (actual) => holds(actual, given))
  }

  /** Applies an object by server-side apply. */
  async apply<T extends KubeObject>(
    given: T,
    options: { dryRun?: boolean; force?: boolean } = {},
  ): Promise<T> {
    const { name, namespace } = given.metadata
    const { path, what } = await this.requests.place(given, name, namespace)
    const { answer } = await this.requests.call({
      method: "PATCH",
      path,
      what,
      query: { fieldManager: FIELD_MANAGER, force: String(options.force ?? true), dryRun: dryRun(options) },
      // JSON is YAML as well.
      type: "application/apply-patch+yaml",
      body: { ...given, metadata: { ...given.metadata, managedFields: undefined } },
    })
    return parsed<T>(answer)
  }

  /** Changes an object by a JSON merge patch. */
  async merge<T extends KubeObject>(
    kind: ObjectKind,
    name: string,
    namespace: string,
    patch: unknown,
  ): Promise<T> {
    const result = await this.change(kind, name, namespace, "application/merge-patch+json", patch)
    return await this.settled<T>(result, { ...kind, metadata: { name, namespace } }, patch, (actual) =>
      holds(actual, patch),
    )
  }

  /** Changes an object by a JSON patch. */
  async patch<T extends KubeObject>(
    kind: ObjectKind,
    name: string,
    namespace: string,
    operations: PatchOperation[],
  ): Promise<T> {
    const result = await this.change(kind, name, namespace, "application/json-patch+json", operations)
    return await this.settled<T>(result, { ...kind, metadata: { name, namespace } }, operations, (actual) =>
      patched(actual, operations),
    )
  }

  /** Deletes an object; false if it doesn't exist, or isn't the one of this `uid` or in this state any more. */
  async delete(
    kind: ObjectKind,
    name: string,
    namespace: string,
    options: {
      propagation?: "Background" | "Foreground" | "Orphan"
      uid?: string | undefined
      resourceVersion?: string | undefined
    } = {},
  ): Promise<boolean> {
    const { path, what } = await this.requests.place(kind, name, namespace)
    const { propagation: propagationPolicy = "Background", ...preconditions } = options
    const isChecked = Object.values(preconditions).some((value) => value !== undefined)
    const { answer, uncertain } = await this.requests.call({
      method: "DELETE",
      path,
      what,
      query: { propagationPolicy },
      ...(isChecked && {
        body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy, preconditions },
      }),
      accept: isChecked ? [404, 409] : [404],
    })
    // An earlier attempt may have deleted it.
    return answer.status < 400 || (answer.status === 404 && uncertain)
  }

  /** Returns a container's log; empty if it hasn't started, or has no predecessor. */
  async logs(
    namespace: string,
    pod: string,
    options: { container?: string; previous?: boolean; tail?: number; sinceSeconds?: number } = {},
  ): Promise<string> {
    const { path, what } = await this.requests.place(POD, pod, namespace)
    const { answer } = await this.requests.call({
      method: "GET",
      path: `${path}/log`,
      what: `the log of ${what}`,
      query: {
        container: options.container,
        previous: options.previous ? "true" : undefined,
        tailLines: options.tail?.toString(),
        sinceSeconds: options.sinceSeconds?.toString(),
      },
      accept: [400, 404],
    })
    if (answer.status < 400) return answer.text
    if (
      isBeforeStart(answer.text) ||
      /previous terminated container (?:(?!previous ).)* not found/.test(answer.text)
    )
      return ""
    throw this.requests.refused(answer, `the log of ${what}`)
  }

  /** Follows a container's log line by line across lost connections, until it ends or the signal aborts it. */
  async *follow(
    namespace: string,
    pod: string,
    options: { container?: string; sinceSeconds?: number; signal?: AbortSignal },
  ): AsyncGenerator<string> {
    const { path, what } = await this.requests.place(POD, pod, namespace)
    this.requests.checkCertificate()
    yield* followed(this.requests.api, {
      path: `${path}/log`,
      query: givenOnly({ container: options.container, sinceSeconds: options.sinceSeconds?.toString() }),
      signal: options.signal,
      refuse: (status, text) => this.requests.refused({ status, text }, `the log of ${what}`),
    })
  }

  /**
   * Sends a request to a pod or service through the API server.
   *
   * Returns any answer of its own, with status 0 for none; throws only for refusals of the API server.
   */
  async proxy(
    target: { pod: string } | { service: string },
    namespace: string,
    port: number | string,
    path: string,
    options: { timeout?: number; method?: string } = {},
  ): Promise<ProxyAnswer> {
    this.requests.checkCertificate()
    const result = await askPod(this.requests.api, {
      method: options.method ?? "GET",
      path: proxyPath(target, namespace, port, path),
      timeout: options.timeout ?? this.requests.api.settings.timeout,
    })
    if (result.kind === "pod") return result.answer
    const [kind, name] = "pod" in target ? ["Pod", target.pod] : ["Service", target.service]
    throw this.requests.refused(result.answer, described({ apiVersion: "v1", kind }, name, namespace))
  }

  /** Returns the cluster's version, such as `v1.36.3`. */
  async version(): Promise<string> {
    const { answer } = await this.requests.call({
      method: "GET",
      path: "/version",
      what: "the cluster's version",
    })
    return parsed<{ gitVersion: string }>(answer).gitVersion
  }

  /** Returns the answer for a path of the API, such as a node's metrics; throws for a refusal. */
  async text(path: string, what: string): Promise<string> {
    const { answer } = await this.requests.call({ method: "GET", path, what })
    return answer.text
  }

  /** Closes the connections kept for further requests. They never keep a process alive. */
  close(): void {
    this.requests.api.connection.close()
  }

  private async change(kind: ObjectKind, name: string, namespace: string, type: string, body: unknown) {
    const { path, what } = await this.requests.place(kind, name, namespace)
    const query = { fieldManager: FIELD_MANAGER }
    return await this.requests.call({ method: "PATCH", path, what, query, type, body, accept: [409, 422] })
  }

  /** Checks a refused change: an earlier attempt whose answer was lost may have made it. */
  private async settled<T extends KubeObject>(
    { answer, uncertain }: ApiAnswer,
    target: KubeObject,
    sent: unknown,
    made: (actual: T) => boolean,
  ): Promise<T> {
    if (answer.status < 400) return parsed<T>(answer)
    const { name, namespace } = target.metadata
    const actual = uncertain ? await this.get<T>(target, name, namespace) : undefined
    if (actual !== undefined && made(actual)) return actual
    throw this.requests.refused(answer, described(target, name, namespace), sent)
  }
}

const dryRun = ({ dryRun }: { dryRun?: boolean }): string | undefined => (dryRun ? "All" : undefined)
