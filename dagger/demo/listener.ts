import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Kube } from "../../src/lib/kube/client.js"
import type { KubeObject } from "../../src/lib/kube/objects.js"
import { fields } from "../../src/lib/text/json.js"
import { contentKey } from "../lib/store.js"

const NAMESPACE = "slipway-demo"
const NAME = "listener"
const NODE_PORT = 30083
const START_SECONDS = 120

/** A request to the listener: a Slack message or a Grafana annotation. */
export interface Received {
  method: string
  path: string
  body: unknown
}

/** Replaces Slack and Grafana, so that the demo can show their messages. */
export class Listener {
  private constructor(
    private readonly kube: Kube,
    /** Its URL within the engine's network. */
    readonly url: string,
  ) {}

  /** Number of requests before this run. */
  private known = 0

  /** Starts it unless it runs, and waits until it answers. */
  static async start(kube: Kube, clusterAddress: string): Promise<Listener> {
    const listener = new Listener(kube, `http://${clusterAddress}:${NODE_PORT}`)
    for (const object of objects()) await kube.apply(object)
    for (let left = START_SECONDS; left > 0; left -= 1) {
      const earlier = await listener.ask()
      if (earlier !== undefined) {
        listener.known = earlier.length
        return listener
      }
      await sleep(1_000)
    }
    throw new Error(`the demo's listener gave no answer within ${START_SECONDS} s`)
  }

  /** The secrets that make stages send notifications and annotations to the listener. */
  secrets(): Record<string, string> {
    return { SLACK_WEBHOOK: `${this.url}/slack`, GRAFANA_TOKEN: "demo" }
  }

  /** The part of `slipway.yaml` that names the Grafana. */
  settings(): string {
    return `monitoring:\n  grafana: { staging: "${this.url}", production: "${this.url}" }\n`
  }

  /** The requests of this run. */
  async received(): Promise<Received[]> {
    return ((await this.ask()) ?? []).slice(this.known)
  }

  private async ask(): Promise<Received[] | undefined> {
    const answer = await this.kube.proxy({ service: NAME }, NAMESPACE, 8000, "/", { timeout: 5_000 })
    return answer.status === 200 ? (JSON.parse(answer.body) as Received[]) : undefined
  }
}

/** Formats each request as a line. */
export function summaryOf(received: readonly Received[]): string[] {
  return received.map(({ method, path, body }) => {
    const { text, tags } = fields(body)
    const what = path.startsWith("/slack")
      ? "Slack"
      : method === "PATCH"
        ? "Grafana, ended"
        : "Grafana, begun"
    const labels = Array.isArray(tags) ? ` [${tags.join(", ")}]` : ""
    return `${what}: ${typeof text === "string" ? (text.split("\n")[0] ?? "") : ""}${labels}`
  })
}

function objects(): KubeObject[] {
  const script = readFileSync(join(import.meta.dirname, "listener.py"), "utf8")
  const metadata = { name: NAME, namespace: NAMESPACE }
  // Named by content: a running pod keeps the script that it started with.
  const own = `${NAME}-${contentKey({ texts: [script] })}`
  const container = {
    name: NAME,
    image: "python:3.11-slim",
    command: ["python", "-u", "/listener/listener.py"],
    volumeMounts: [{ name: "script", mountPath: "/listener" }],
  }
  const volumes = [{ name: "script", configMap: { name: own } }]
  const ports = [{ port: 8000, nodePort: NODE_PORT }]
  const all: (KubeObject & Record<string, unknown>)[] = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { ...metadata, name: own },
      data: { "listener.py": script },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name: own, labels: { app: own } },
      spec: { terminationGracePeriodSeconds: 0, containers: [container], volumes },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { type: "NodePort", selector: { app: own }, ports },
    },
  ]
  return all
}
