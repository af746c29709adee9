/** CPU and memory use of pods under load. */
import { readSamples } from "../monitoring/exposition.js"
import { quantity } from "../kube/quantity.js"
import { fields, objects, parseJson, text } from "../text/json.js"

/** Total use of the pods of a service. */
export interface ServiceUsage {
  /** Milliseconds since 1970. */
  at: number
  pods: number
  /** Absent if CPU seconds were only counted once so far. */
  cores?: number
  /** Bytes. */
  memory: number
}

/** Use of one pod: CPU seconds since its start, or cores at the time. */
export interface PodUsage {
  pod: string
  cores?: number
  seconds?: number
  /** Time of the count in milliseconds since 1970: a kubelet counts about every ten seconds. */
  at?: number
  memory: number
}

/** Parses a list of PodMetrics from the metrics server. */
export function readPodMetrics(json: string): PodUsage[] {
  return objects(fields(parseJson(json))["items"]).map((item) => {
    const usages = objects(item["containers"]).map((container) => fields(container["usage"]))
    const sum = (name: string) => usages.reduce((all, usage) => all + (quantity(text(usage[name])) ?? 0), 0)
    return { pod: text(fields(item["metadata"])["name"]), cores: sum("cpu"), memory: sum("memory") }
  })
}

/** Parses a kubelet's metrics of pods. https://kubernetes.io/docs/reference/instrumentation/node-metrics/ */
export function readNodeMetrics(exposition: string, namespace: string): PodUsage[] {
  const pods = new Map<string, PodUsage>()
  for (const { name, labels, value, at } of readSamples(exposition)) {
    const { pod } = labels
    if (labels["namespace"] !== namespace || pod === undefined) continue
    const known = pods.get(pod) ?? { pod, memory: 0 }
    if (name === "pod_cpu_usage_seconds_total")
      pods.set(pod, { ...known, seconds: value, ...(at !== undefined && { at }) })
    if (name === "pod_memory_working_set_bytes") pods.set(pod, { ...known, memory: value })
  }
  return [...pods.values()]
}

/** A sample of a service's pods at a time. */
export interface Look {
  at: number
  pods: readonly PodUsage[]
}

/** Total use of the pods, each since its last count. */
export function usageOf(look: Look, earlier: readonly Look[]): ServiceUsage {
  const known = look.pods.flatMap((now) => {
    const cores = now.cores ?? coresSince(now, look.at, earlier)
    return cores === undefined ? [] : [cores]
  })
  return {
    at: look.at,
    pods: look.pods.length,
    memory: look.pods.reduce((sum, { memory }) => sum + memory, 0),
    ...(known.length > 0 && { cores: known.reduce((sum, one) => sum + one, 0) }),
  }
}

function coresSince(now: PodUsage, looked: number, earlier: readonly Look[]): number | undefined {
  const counts = earlier.flatMap(({ at, pods }) =>
    pods.filter(({ pod }) => pod === now.pod).map(({ seconds, at: counted = at }) => ({ seconds, counted })),
  )
  const until = now.at ?? looked
  const then = counts.filter(({ counted }) => counted < until).at(-1)
  if (now.seconds === undefined || then?.seconds === undefined) return undefined
  // The count of a restarted container begins at zero.
  return Math.max(0, now.seconds - then.seconds) / ((until - then.counted) / 1000)
}

export const usageText = ({ pods, cores, memory }: ServiceUsage): string =>
  `${pods} ${pods === 1 ? "pod" : "pods"} took ${cores === undefined ? "an unknown share" : Math.round(cores * 100) / 100} of CPU cores and ${Math.round(memory / 2 ** 20)} MiB`

/** The sample closest to a time, preferably one with CPU use; undefined without any. */
export function usageAt(usages: readonly ServiceUsage[], at: number): ServiceUsage | undefined {
  const known = usages.filter(({ cores }) => cores !== undefined)
  const usable = known.length > 0 ? known : usages
  return [...usable].sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0]
}
