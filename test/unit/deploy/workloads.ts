/** The workloads of a fake cluster: pods of Deployments and Jobs, with the behaviour of their images. */
import { createHash } from "node:crypto"
import { HASH } from "../../../src/lib/deploy/manifests.js"
import {
  type ContainerStatus,
  type DeploymentObject,
  type Job,
  type Pod,
  POD,
  REPLICA_SET,
  type ReplicaSet,
  type ServiceObject,
} from "../../../src/lib/kube/objects.js"
import type { FakeClock } from "./clock.js"
import type { Store } from "./store.js"

/** The behaviour of an image as a service. */
export interface App {
  /** Seconds until a pod is ready. */
  readyAfter: number
  /** The reason why its container never starts. */
  waiting?: string
  /** The status of health requests. */
  health: number
  /** The share of failing requests, by the seconds that the pod has had traffic. */
  errorRate: (seconds: number) => number
  /** The seconds with traffic after which a pod crashes. */
  crashAfter: number
  /** The bucket of the latency histogram that every request falls into; empty for no histogram. */
  latency: string
  metrics: boolean
  /** The digest that pods report, if not the image's. */
  runs?: string
}

export const APP: Readonly<App> = {
  readyAfter: 1,
  health: 200,
  errorRate: () => 0,
  crashAfter: Infinity,
  latency: "",
  metrics: true,
}

/** The outcome of a Job. */
export interface JobRun {
  seconds: number
  exitCode: number
  log: string
  /** The reason why its container never starts. */
  waiting?: string
  /** No pod is created at all. */
  noPod?: boolean
}

interface Life {
  born: number
  /** The time at which it first had traffic. */
  traffic?: number
  served: number
  failed: number
  crashed: boolean
}

const REVISION = "deployment.kubernetes.io/revision"

export class Workloads {
  readonly apps = new Map<string, App>()
  jobRun: (job: Job) => JobRun = () => ({ seconds: 2, exitCode: 0, log: "done\n" })
  /** Requests of users per second, to all pods that the Service web routes to. */
  users = 20
  private readonly lives = new Map<string, Life>()
  private made = 0

  constructor(
    private readonly store: Store,
    private readonly clock: FakeClock,
  ) {
    clock.onAdvance((seconds) => this.tick(seconds))
  }

  /** The pods that a Service routes to. */
  endpoints(service: string): Pod[] {
    const selector = Object.entries(this.store.get<ServiceObject>("Service", service)?.spec.selector ?? {})
    return this.store
      .all<Pod>("Pod")
      .filter(({ metadata }) => selector.every(([key, value]) => metadata.labels?.[key] === value))
      .filter(({ status }) => status?.conditions?.some(({ status: value }) => value === "True"))
  }

  /** Counts a request to a pod; returns its status. */
  serve(pod: Pod, requests = 1): number {
    const [life, app] = [this.life(pod), this.app(pod)]
    life.traffic ??= this.clock.seconds
    const before = Math.floor(life.failed)
    life.served += requests
    life.failed += requests * app.errorRate(this.clock.seconds - life.traffic)
    return Math.floor(life.failed) > before ? 500 : 200
  }

  metrics(pod: Pod): string {
    const { served, failed } = this.life(pod)
    const { latency } = this.app(pod)
    const bucket = `http_request_duration_seconds_bucket{le="${latency}"} ${served}\n`
    const lines = [200, 500].map(
      (status) => `http_requests_total{status="${status}"} ${status === 500 ? failed : served - failed}\n`,
    )
    return lines.join("") + (latency === "" ? "" : bucket)
  }

  app(pod: Pod): App {
    const image = pod.spec.containers[0]?.image ?? ""
    return [...this.apps].find(([digest]) => image.endsWith(digest))?.[1] ?? APP
  }

  /** Does what controllers do after each change. */
  reconcile(): void {
    for (const deployment of this.store.all<DeploymentObject>("Deployment")) this.rollOut(deployment)
    for (const job of this.store.all<Job>("Job")) this.run(job)
    for (const pod of this.store.all<Pod>("Pod"))
      if (pod.metadata.labels?.["job-name"] === undefined) pod.status = this.statusOf(pod)
  }

  private tick(seconds: number): void {
    this.reconcile()
    const pods = this.endpoints("web")
    for (const pod of pods) {
      this.serve(pod, (this.users * seconds) / pods.length)
      const life = this.life(pod)
      if (this.clock.seconds - (life.traffic ?? Infinity) >= this.app(pod).crashAfter) life.crashed = true
    }
    this.reconcile()
  }

  private life({ metadata: { name } }: Pod): Life {
    const found = this.lives.get(name) ?? { born: this.clock.seconds, served: 0, failed: 0, crashed: false }
    this.lives.set(name, found)
    return found
  }

  private rollOut(deployment: DeploymentObject): void {
    const { metadata, spec } = deployment
    const own = this.store
      .all<ReplicaSet>("ReplicaSet")
      .filter((set) => set.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
    const current = this.currentSet(deployment, own)
    const wanted = spec.replicas ?? 1
    this.scale(current, wanted)
    const grown = this.podsOf(current).filter((pod) => this.isAvailable(pod, spec.minReadySeconds ?? 0))
    // Without a surge pods are replaced once all new ones are available.
    if (grown.length >= wanted) for (const set of own) if (set !== current) this.scale(set, 0)
    const annotations = {
      ...metadata.annotations,
      [REVISION]: current.metadata.annotations?.[REVISION] ?? "",
    }
    deployment.metadata = { ...metadata, annotations }
    const replicas = [current, ...own.filter((set) => set !== current)].flatMap((set) =>
      this.podsOf(set),
    ).length
    deployment.status = {
      observedGeneration: metadata.generation ?? 0,
      replicas,
      updatedReplicas: this.podsOf(current).length,
      availableReplicas: grown.length,
    }
  }

  private currentSet({ metadata, spec }: DeploymentObject, own: readonly ReplicaSet[]): ReplicaSet {
    const text = JSON.stringify(spec.template)
    const hash = createHash("sha256").update(`${metadata.name}${text}`).digest("hex").slice(0, 8)
    const numbers = own.map((set) => Number(set.metadata.annotations?.[REVISION]))
    const known = own.find((set) => set.metadata.labels?.[HASH] === hash)
    const isNewest = Number(known?.metadata.annotations?.[REVISION]) === Math.max(0, ...numbers)
    const number = isNewest ? Math.max(...numbers) : Math.max(0, ...numbers) + 1
    const labels = { ...spec.template.metadata?.labels, [HASH]: hash }
    const owner = { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name, uid: metadata.uid ?? "" }
    if (known !== undefined) {
      known.metadata.annotations = { [REVISION]: String(number) }
      return known
    }
    return this.store.put<ReplicaSet>({
      ...REPLICA_SET,
      metadata: {
        name: `${metadata.name}-${hash}`,
        namespace: "audio",
        labels,
        annotations: { [REVISION]: String(number) },
        ownerReferences: [owner],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
      },
    })
  }

  private podsOf({ metadata }: ReplicaSet): Pod[] {
    return this.store
      .all<Pod>("Pod")
      .filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
  }

  private scale(set: ReplicaSet, replicas: number): void {
    set.spec.replicas = replicas
    const pods = this.podsOf(set)
    for (const pod of pods.slice(replicas)) this.store.remove("Pod", pod.metadata.name)
    for (let count = pods.length; count < replicas; count += 1) {
      this.made += 1
      const { name, uid = "", labels = {} } = set.metadata
      const pod = this.store.put<Pod>({
        ...POD,
        metadata: {
          name: `${name}-${this.made}`,
          namespace: "audio",
          labels,
          ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name, uid }],
        },
        spec: set.spec.template.spec,
      })
      pod.status = this.statusOf(pod)
    }
  }

  private isAvailable(pod: Pod, seconds: number): boolean {
    const ready = this.life(pod).born + this.app(pod).readyAfter
    return this.isReady(pod) && this.clock.seconds - ready >= seconds
  }

  private isReady(pod: Pod): boolean {
    const [life, app] = [this.life(pod), this.app(pod)]
    return !life.crashed && app.waiting === undefined && this.clock.seconds - life.born >= app.readyAfter
  }

  private statusOf(pod: Pod): Pod["status"] {
    const [life, app] = [this.life(pod), this.app(pod)]
    const { name = "", image = "" } = pod.spec.containers[0] ?? {}
    const ready = this.isReady(pod)
    const container: ContainerStatus = {
      name,
      image,
      ready,
      restartCount: life.crashed ? 1 : 0,
      imageID: app.runs ?? image,
      state: app.waiting === undefined ? { running: {} } : { waiting: { reason: app.waiting } },
      ...(life.crashed && { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } }),
    }
    return {
      phase: "Running",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [container],
    }
  }

  private run(job: Job): void {
    const { seconds, exitCode, waiting, noPod } = this.jobRun(job)
    if (noPod) return
    const { name, uid = "" } = job.metadata
    const pod =
      this.store.get<Pod>("Pod", `${name}-pod`) ??
      this.store.put<Pod>({
        ...POD,
        metadata: {
          name: `${name}-pod`,
          namespace: "audio",
          labels: { "job-name": name },
          ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid }],
        },
        spec: job.spec.template.spec,
      })
    const state = { name: "main", image: "", imageID: "", ready: false, restartCount: 0 }
    const isOver = waiting === undefined && this.clock.seconds - this.life(pod).born >= seconds
    const running = waiting === undefined ? { running: {} } : { waiting: { reason: waiting } }
    pod.status = {
      phase: isOver ? (exitCode === 0 ? "Succeeded" : "Failed") : "Pending",
      containerStatuses: [{ ...state, state: isOver ? { terminated: { exitCode } } : running }],
    }
    if (isOver)
      job.status = { conditions: [{ type: exitCode === 0 ? "Complete" : "Failed", status: "True" }] }
  }
}
