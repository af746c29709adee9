/** What pods take of their nodes while they are under load. */
import { readSamples } from "../deploy/exposition.js"
import { quantity } from "../kube/quantity.js"
import { fields, objects, parseJson, text } from "../tools/json.js"

/** What the pods of a service took together. */
export interface Usage {
  /** Milliseconds since 1970. */
  at: number
  pods: number
  /** Absent where only one count of seconds is known yet. */
  cores?: number
  /** Bytes. */
  memory: number
}

/** What one pod has taken: seconds since it began, or cores at the time. */
export interface PodUsage {
  pod: string
  cores?: number
  seconds?: number
  memory: number
}

/** Reads a list of PodMetrics, as the metrics server answers it. */
export function readPodMetrics(json: string): PodUsage[] {
  return objects(fields(parseJson(json))["items"]).map((item) => {
    const usages = objects(item["containers"]).map((container) => fields(container["usage"]))
    const sum = (name: string) => usages.reduce((all, usage) => all + (quantity(text(usage[name])) ?? 0), 0)
    return { pod: text(fields(item["metadata"])["name"]), cores: sum("cpu"), memory: sum("memory") }
  })
}

/** Reads a kubelet's own metrics of pods. https://kubernetes.io/docs/reference/instrumentation/node-metrics/ */
export function readNodeMetrics(exposition: string, namespace: string): PodUsage[] {
  const pods = new Map<string, PodUsage>()
  for (const { name, labels, value } of readSamples(exposition)) {
    const { pod } = labels
    if (labels["namespace"] !== namespace || pod === undefined) continue
    const known = pods.get(pod) ?? { pod, memory: 0 }
    if (name === "pod_cpu_usage_seconds_total") pods.set(pod, { ...known, seconds: value })
    if (name === "pod_memory_working_set_bytes") pods.set(pod, { ...known, memory: value })
  }
  return [...pods.values()]
}

/** A look at a service's pods, at its time. */
export interface Look {
  at: number
  pods: readonly PodUsage[]
}

/** What they took together since the look before. */
export function usageOf(look: Look, before?: Look): Usage {
  const cores = look.pods.map((now) => {
    if (now.cores !== undefined) return now.cores
    const then = before?.pods.find(({ pod }) => pod === now.pod)
    const seconds = (look.at - (before?.at ?? look.at)) / 1000
    if (now.seconds === undefined || then?.seconds === undefined || !(seconds > 0)) return undefined
    // Of a container that began anew, the count did too.
    return Math.max(0, now.seconds - then.seconds) / seconds
  })
  const known = cores.filter((one) => one !== undefined)
  return {
    ...{ at: look.at, pods: look.pods.length },
    memory: look.pods.reduce((sum, { memory }) => sum + memory, 0),
    ...(known.length > 0 && { cores: known.reduce((sum, one) => sum + one, 0) }),
  }
}

export const usageText = ({ pods, cores, memory }: Usage): string =>
  `${pods} ${pods === 1 ? "pod" : "pods"} took ${cores === undefined ? "an unknown share" : Math.round(cores * 100) / 100} of CPU cores and ${Math.round(memory / 2 ** 20)} MiB`

/** The look next to a time; undefined without any. */
export const usageAt = (usages: readonly Usage[], at: number): Usage | undefined =>
  [...usages].sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0]
