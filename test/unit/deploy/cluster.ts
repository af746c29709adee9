/** A fake cluster: the client's own requests are answered in memory, by the time of a fake clock. */
import type { IncomingMessage } from "node:http"
import { Readable } from "node:stream"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import type { Context } from "../../../src/lib/deploy/context.js"
import { ClusterLedger } from "../../../src/lib/deploy/ledgerStore.js"
import { type Manifests, withVersion } from "../../../src/lib/deploy/manifests.js"
import type { RolloutPlan } from "../../../src/lib/deploy/rollout.js"
import { deployOnce, type DeployResult } from "../../../src/lib/deploy/run.js"
import { Kube } from "../../../src/lib/kube/client.js"
import type { DeploymentObject, Job, KubeObject, Pod } from "../../../src/lib/kube/objects.js"
import type {
  ConnectionAnswer,
  ConnectionRequest,
  ConnectionStream,
} from "../../../src/lib/http/connection.js"
import type { Requests } from "../../../src/lib/kube/requests.js"
import type { Unanswered } from "../../../src/lib/http/unanswered.js"
import type { Seen } from "../kube/server.js"
import { FakeClock } from "./clock.js"
import { deployment, service } from "./objects.js"
import { refusal, type Reply, Store } from "./store.js"
import { type App, APP, Workloads } from "./workloads.js"

/**
 * Answers a request in place of the server; undefined leaves it to the server.
 *
 * `lost` drops it; `unanswered` drops the answer alone; `late` lets it arrive after 41 s, when its sender has given up;
 * `killed` ends the sender, who sees no answer ever.
 */
export type Fault = (seen: Seen) => Reply | "lost" | "unanswered" | "late" | "killed" | undefined

/** Seconds after which a late request arrives. */
export const LATE = 41

const ENDPOINTS = /\/endpointslices$/
const PROXY = /\/(pods|services)\/([^/:]+):[^/]+\/proxy\/(.*)$/

export class Cluster {
  readonly clock = new FakeClock()
  readonly store = new Store()
  readonly workloads = new Workloads(this.store, this.clock)
  readonly faults: Fault[] = []
  readonly said: string[] = []
  readonly kube: Kube
  /** Seconds of the clock at which the Service first routed to v2. */
  switchedAt: number | undefined

  /** Called after each write. */
  onWrite: () => void = () => undefined

  /** All requests so far. */
  readonly seen: Seen[] = []
  /** Keeps the endpoints of Services as they are, as if their controller had stopped. */
  frozen: ReadonlyMap<string, Pod[]> | undefined

  constructor() {
    this.kube = this.client(this.faults)
  }

  /** Another machine's client, with faults of its own. */
  client(faults: readonly Fault[]): Kube {
    const { now, sleep } = this.clock
    const access = {
      server: "http://cluster",
      context: "fake",
      token: "t",
      namespace: "audio",
      insecure: false,
    }
    const kube = new Kube(access, { now, sleep, random: () => 0 })
    // The real client, except for its sockets.
    const { api } = Reflect.get(kube, "requests") as Requests
    api.connection = {
      send: (request) => this.send(request, faults),
      open: async (request) => {
        const sent = await this.send(request, faults)
        return sent.kind !== "answer" ? sent : streamOf(sent)
      },
      close: () => undefined,
    }
    return kube
  }

  /** The requests that change something, in order: `PATCH services/web`. */
  get writes(): string[] {
    return this.seen
      .filter(({ method, query }) => method !== "GET" && query["dryRun"] === undefined)
      .map(({ method, path }) => `${method} ${path.replace(/^.*\/namespaces\/audio\//, "")}`)
  }

  /** Sets how a version behaves. */
  behave(version: string, app: Partial<App>): void {
    this.workloads.apps.set(digestOf(version), { ...APP, ...app })
  }

  /** The context of a run. */
  context(run = "run-1", settings: Partial<Context["settings"]> = {}, kube = this.kube): Context {
    return {
      kube,
      environment: "staging",
      namespace: "audio",
      names: { deployment: "web", service: "web" },
      settings: { ...SETTINGS, ...settings },
      healthPath: "/health",
      run,
      ledger: new ClusterLedger(kube, "audio", "web"),
      clock: this.clock,
      say: (line) => this.said.push(line),
      mustHold: () => undefined,
      fetchOutside: () => Promise.resolve({ status: 200, body: "", milliseconds: 1 }),
    }
  }

  /** Deploys a version as a run does. */
  deploy(version: string, run = `run-${version}`, settings: Partial<Context["settings"]> = {}) {
    return deployOnce(this.context(run, settings), () => Promise.resolve(planFor(version)))
  }

  /** Makes a version the running one, without a rollout of ours. */
  async running(version: string): Promise<DeployResult> {
    const deployed = await this.deploy(version)
    this.said.length = 0
    this.seen.length = 0
    return deployed
  }

  /** The versions that have pods, with the number of these. */
  pods(): Record<string, number> {
    const found = this.store
      .all<Pod>("Pod")
      .filter(({ metadata }) => metadata.labels?.["job-name"] === undefined)
    const names = found.map(({ metadata }) => metadata.name)
    const versions = this.store
      .all<Pod>("Pod")
      .filter(({ metadata }) => names.includes(metadata.name))
      .map(({ spec }) => versionOf(spec.containers[0]?.image ?? ""))
    return Object.fromEntries(
      [...new Set(versions)].map((version) => [version, versions.filter((each) => each === version).length]),
    )
  }

  /** The versions that the Service routes to. */
  traffic(): string[] {
    const images = this.workloads.endpoints("web").map(({ spec }) => spec.containers[0]?.image ?? "")
    return [...new Set(images.map(versionOf))]
  }

  private send(request: ConnectionRequest, faults: readonly Fault[]): Promise<ConnectionAnswer | Unanswered> {
    const { pathname, searchParams } = new URL(request.path, "http://cluster")
    const { method, headers = {}, body = "" } = request
    const query = Object.fromEntries(searchParams)
    const parsed: unknown = body === "" ? undefined : JSON.parse(body)
    const seen = { method, path: decodeURIComponent(pathname), query, headers, body: parsed }
    this.seen.push(seen)
    const fault = faults.map((each) => each(seen)).find((found) => found !== undefined)
    if (fault === "killed") return new Promise(() => undefined)
    if (fault === "late") this.clock.after(LATE, () => this.reply(seen))
    if (fault === "unanswered") this.reply(seen)
    if (typeof fault === "string") return Promise.resolve(LOST)
    const reply = fault ?? this.reply(seen)
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body)
    return Promise.resolve({ kind: "answer", status: reply.status, headers: {}, text })
  }

  private reply(seen: Seen): Reply {
    const [, resource, name = "", path = ""] = PROXY.exec(seen.path) ?? []
    if (resource !== undefined) return this.proxied(resource, name, path)
    if (ENDPOINTS.test(seen.path)) return this.endpointSlices(seen)
    if (seen.path.endsWith("/log")) return { status: 200, body: this.log(seen.path.split("/").at(-2) ?? "") }
    const reply = this.store.reply(seen)
    if (seen.method === "GET") return reply
    this.workloads.reconcile()
    this.onWrite()
    if (this.traffic().includes("v2")) this.switchedAt ??= this.clock.seconds
    return reply
  }

  private proxied(resource: string, name: string, path: string): Reply {
    if (resource === "services") {
      const [first] = this.workloads.endpoints(name)
      if (first === undefined)
        return refusal(503, "ServiceUnavailable", `no endpoints available for service "${name}"`)
      return { status: this.workloads.serve(first), body: "page" }
    }
    const pod = this.store.get<Pod>("Pod", name)
    if (pod === undefined) return refusal(404, "NotFound", `pods "${name}" not found`)
    const { health, metrics } = this.workloads.app(pod)
    if (path === "metrics")
      return metrics ? { status: 200, body: this.workloads.metrics(pod) } : { status: 404, body: "none" }
    return { status: health, body: "health" }
  }

  private endpointSlices({ query }: Seen): Reply {
    const name = (query["labelSelector"] ?? "").split("=")[1] ?? ""
    const endpoints = (this.frozen?.get(name) ?? this.workloads.endpoints(name)).map(({ metadata }) => ({
      addresses: [],
      conditions: { ready: true },
      targetRef: { name: metadata.name },
    }))
    return { status: 200, body: { metadata: {}, items: [{ metadata: { name }, endpoints }] } }
  }

  private log(pod: string): string {
    const job = this.store.get<Job>("Job", pod.replace(/-pod$/, ""))
    return job === undefined ? `log of ${pod}\n` : this.workloads.jobRun(job).log
  }
}

/** Settings that are quick, and strict enough to detect errors. */
export const SETTINGS: Context["settings"] = {
  ...DEFAULTS.deploy,
  health: { ...DEFAULTS.deploy.health, interval: 2, successes: 2 },
  smoke: { ...DEFAULTS.deploy.smoke, requests: 4 },
  errors: { ...DEFAULTS.deploy.errors, maxPercent: 2, samples: 50 },
  soak: 20,
  hold: 20,
  readyTimeout: 30,
  finishTimeout: 30,
  lockTimeout: 10,
}

/** The digest that stands for a version. */
export const digestOf = (version: string): string =>
  `sha256:${Buffer.from(version).toString("hex").padEnd(64, "0")}`

const versionOf = (image: string): string =>
  Buffer.from(image.split("sha256:")[1] ?? "", "hex")
    .toString()
    .replaceAll("\0", "")

const pair = (): Manifests => {
  const main: DeploymentObject = deployment({ replicas: 2 })
  return {
    namespace: "audio",
    deployment: { ...main, metadata: { name: "web", namespace: "audio" } },
    service: service(),
    first: [],
    last: [],
  }
}

/** The plan of a version, with these other objects. */
export function planFor(
  version: string,
  last: KubeObject[] = [],
  more: Partial<RolloutPlan> = {},
): RolloutPlan {
  const known = {
    name: version,
    repository: "r.io/web",
    digest: digestOf(version),
    commit: `commit of ${version}`,
  }
  return {
    kind: "deploy",
    version: known,
    digests: [known.digest],
    manifests: withVersion({ ...pair(), last }, known),
    migrate: undefined,
    smokes: [],
    schema: "",
    ...more,
  }
}

const LOST: Unanswered = {
  kind: "unanswered",
  reason: "the connection broke off",
  state: "uncertain",
  certificate: false,
  answered: false,
  late: false,
}

const streamOf = ({ status, headers, text }: ConnectionAnswer): ConnectionStream => ({
  kind: "stream",
  status,
  headers,
  body: Readable.from([Buffer.from(text)]) as IncomingMessage,
})
