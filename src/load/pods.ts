import { clusterOf, render } from "../deploy/environment.js"
import type { LoadInputs } from "./k6.js"
import { ANNOTATIONS } from "../lib/deploy/manifests.js"
import type { Kube } from "../lib/kube/client.js"
import { DEPLOYMENT, type DeploymentObject, POD, type Pod } from "../lib/kube/objects.js"
import { type Look, readNodeMetrics, readPodMetrics, type ServiceUsage, usageOf } from "../lib/load/usage.js"
import { messageOf } from "../lib/run/execError.js"

const INTERVAL = 5_000

/** Number of earlier samples: enough to include one with another count. */
const EARLIER = 12

/** Short limits: sampling must not delay the test. */
const KUBE = { timeout: 5_000, patience: 5_000 }

/** Samples of a service's pods during a test. */
export interface Watched {
  usages: ServiceUsage[]
  /** The running version, if known. */
  version: string
  /** Why there are no samples. */
  problem?: string
}

/** Samples the service's pods every few seconds until it is aborted. Never throws. */
export async function watchPods(
  inputs: LoadInputs,
  ended: AbortSignal,
  seen: (usage: ServiceUsage) => void,
): Promise<Watched> {
  const usages: ServiceUsage[] = []
  let version = ""
  try {
    const place = await placeOf(inputs)
    version = place.version
    const looks: Look[] = []
    while (!ended.aborted) {
      const look = await samplePods(place)
      const usage = usageOf(look, looks.slice(-EARLIER))
      looks.push(look)
      usages.push(usage)
      seen(usage)
      await pause(INTERVAL, ended)
    }
    return { usages, version }
  } catch (error) {
    return { usages, version, problem: messageOf(error).split("\n")[0] ?? "" }
  }
}

interface Place {
  kube: Kube
  namespace: string
  selector: Record<string, string>
  version: string
}

async function placeOf(inputs: LoadInputs): Promise<Place> {
  const { kube, namespace: fallback } = await clusterOf(inputs, KUBE)
  const { service, deployment, namespace } = await render(inputs, kube, fallback)
  const live = await kube.get<DeploymentObject>(DEPLOYMENT, deployment.metadata.name, namespace)
  const version = live?.spec.template.metadata?.annotations?.[ANNOTATIONS.version] ?? ""
  return { kube, namespace, selector: service.spec.selector ?? {}, version }
}

/** Samples the metrics server if there is one, which needs fewer rights; else the nodes' own metrics. */
async function samplePods({ kube, namespace, selector }: Place): Promise<Look> {
  const labels = Object.entries(selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(",")
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(labels)}`
  const served = await kube.text(path, "the pods' metrics").catch(() => undefined)
  if (served !== undefined) return { at: Date.now(), pods: readPodMetrics(served) }
  const pods = await kube.list<Pod>(POD, { namespace, labels })
  const nodes = [...new Set(pods.map(({ spec }) => spec.nodeName ?? ""))].filter((name) => name !== "")
  const texts = await Promise.all(
    nodes.map((node) =>
      kube.text(`/api/v1/nodes/${node}/proxy/metrics/resource`, `the metrics of the node ${node}`),
    ),
  )
  const names = new Set(pods.map(({ metadata }) => metadata.name))
  const all = texts.flatMap((text) => readNodeMetrics(text, namespace))
  return { at: Date.now(), pods: all.filter(({ pod }) => names.has(pod)) }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener("abort", () => {
      clearTimeout(timer)
      done()
    })
  })
