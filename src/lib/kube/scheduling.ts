/** Reasons for a pod that no node accepts. */
import { type RolloutProblem, problemLine } from "./findings.js"
import type { Container, NodeObject, Pod } from "./objects.js"
import { quantity, shown } from "./quantity.js"

export interface Room {
  nodes?: readonly NodeObject[]
  /** All pods of the cluster, from which the free capacity of nodes is computed. */
  placed?: readonly Pod[]
}

/** Explains why a pod has no node; undefined if it has one, or the scheduler hasn't tried yet. */
export function schedulingReason(pod: Pod, room: Room): Omit<RolloutProblem, "subject"> | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === "PodScheduled")
  if (condition?.status !== "False") return undefined
  const message = condition.message ?? condition.reason ?? ""
  const reasons = nodeReasons(message).map(({ count, reason }) => {
    const resource = lacking(reason)
    return resource === undefined ? problemLine(`${count} ${reason}`) : lacks(pod, resource, room)
  })
  const why = reasons.length === 0 ? problemLine(message) : [...new Set(reasons)].join("; ")
  return { cause: "scheduling", text: `no node takes it: ${why}` }
}

/** Parses `0/3 nodes are available: 1 Insufficient memory, 2 node(s) were unschedulable. preemption: …`. */
export function nodeReasons(message: string): { count: number; reason: string }[] {
  const [, list] = /nodes are available: (.*?)(?:\.? preemption:.*)?$/s.exec(message) ?? []
  // The text of a taint contains commas.
  return (list ?? "").split(/, (?=\d+ )/).flatMap((part) => {
    const [, count, reason] = /^(\d+) (.+?)\.?$/s.exec(part.trim()) ?? []
    return count === undefined || reason === undefined ? [] : [{ count: Number(count), reason }]
  })
}

function lacking(reason: string): string | undefined {
  if (/^Too many pods/.test(reason)) return "pods"
  return /^Insufficient (\S+)$/.exec(reason)?.[1]
}

/** A pod's resource requests, compared with the nodes' capacity. */
function lacks(pod: Pod, resource: string, { nodes = [], placed }: Room): string {
  if (resource === "pods") return `no node takes one more pod${most(nodes)}`
  const asked = requested(pod, resource)
  const first = `it asks for ${shown(resource, asked)} of ${resource}, which no node has free`
  const rooms = nodes.flatMap((node) => {
    const total = quantity(node.status?.allocatable?.[resource])
    if (total === undefined) return []
    const used = placed
      ?.filter((each) => each.spec.nodeName === node.metadata.name && !hasEnded(each))
      .reduce((sum, each) => sum + requested(each, resource), 0)
    const free = used === undefined ? "" : `, ${shown(resource, Math.max(0, total - used))} of it free`
    return [{ total, text: `${node.metadata.name} has ${shown(resource, total)} in all${free}` }]
  })
  const listed = rooms.sort((a, b) => b.total - a.total).slice(0, 3)
  const more = rooms.length - listed.length
  const text = [...listed.map((each) => each.text), ...(more > 0 ? [`${more} more nodes`] : [])].join("; ")
  return text === "" ? first : `${first} (${text})`
}

function most(nodes: readonly NodeObject[]): string {
  const limits = nodes.flatMap(({ metadata, status }) =>
    status?.allocatable?.pods === undefined ? [] : [`${metadata.name} takes ${status.allocatable.pods}`],
  )
  return limits.length === 0 ? "" : ` (${limits.slice(0, 3).join("; ")})`
}

const hasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed"

/** A pod's resource requests: the sum of its containers' requests, or that of an init container if higher. */
export function requested({ spec }: Pod, resource: string): number {
  const of = ({ resources }: Container): number =>
    quantity(resources?.requests?.[resource] ?? resources?.limits?.[resource]) ?? 0
  const together = spec.containers.reduce((sum, container) => sum + of(container), 0)
  return Math.max(together, ...(spec.initContainers ?? []).map(of))
}
