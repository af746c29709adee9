/** The diagnosis of pods that don't become ready. */
import { containerReasons, kindName, probeReasons } from "./containerReasons.js"
import {
  type Cause,
  CAUSES,
  eventsOf,
  type RolloutProblem,
  isReady,
  lastSeen,
  problemLine,
} from "./findings.js"
import type { Event, NodeObject, Pod } from "./objects.js"
import { type Room, schedulingReason } from "./scheduling.js"

export { eventsThatMatter } from "./events.js"
export type { Cause } from "./findings.js"

export interface Diagnosis {
  cause: Cause
  /** The subject: pods, or the controller that can't create any. */
  subjects: string[]
  /** The whole diagnosis in one line. */
  line: string
}

export type DiagnosisOptions = Room

/** Explains why pods aren't ready, the most specific reason first; ready pods are left out. */
export function diagnose(
  pods: readonly Pod[],
  events: readonly Event[],
  options: DiagnosisOptions = {},
): Diagnosis[] {
  const findings = [
    ...refusedPods(events),
    ...pods.flatMap((pod) => podFindings(pod, eventsOf(pod, events), options)),
    ...nodeFindings(pods, options.nodes ?? []),
  ]
  const rank = ({ cause }: { cause: Cause }) => CAUSES.indexOf(cause)
  return merged(findings).sort((a, b) => rank(a) - rank(b))
}

function podFindings(pod: Pod, events: readonly Event[], room: Room): RolloutProblem[] {
  const subject = `pod ${pod.metadata.name}`
  const found = [...containerReasons(pod, events)]
  if (!isReady(pod) && pod.status?.phase !== "Succeeded") {
    const scheduling = schedulingReason(pod, room)
    found.push(
      ...(scheduling === undefined ? [] : [scheduling]),
      ...evicted(pod),
      ...placementProblems(events),
    )
    // Results of a probe before the container ended don't matter if the container says why.
    const crashed = found.some(({ cause }) => cause === "crash")
    found.push(...probeReasons(pod, events).filter(() => !crashed))
    if (found.length === 0) found.push({ cause: "waiting", text: statusText(pod) })
  }
  return found.map((each) => ({ subject, ...each }))
}

/** Reason for an eviction, or for a node's refusal of the pod. */
function evicted({ status }: Pod): Omit<RolloutProblem, "subject">[] {
  if (status?.phase !== "Failed" || status.reason === undefined) return []
  const words = status.message === undefined ? "" : `: ${problemLine(status.message)}`
  return [
    {
      cause: "evicted",
      text: `${status.reason === "Evicted" ? "its node put it out" : status.reason}${words}`,
    },
  ]
}

/** Problems of a node with starting a pod: volumes, network. Only the latest of each. */
function placementProblems(events: readonly Event[]): Omit<RolloutProblem, "subject">[] {
  const mount = events.filter(({ reason }) => reason === "FailedMount" || reason === "FailedAttachVolume")
  // The general event only says that it waited.
  const telling =
    mount.find(({ message }) => !/^Unable to attach or mount volumes/.test(message ?? "")) ?? mount[0]
  const sandbox = events.find(({ reason }) => reason === "FailedCreatePodSandBox")
  const started = events.find(({ reason }) => reason === "Started")
  const isOver = (event: Event) => started !== undefined && lastSeen(started) >= lastSeen(event)
  return [
    ...(telling === undefined || isOver(telling) ? [] : [volume(telling.message ?? "")]),
    ...(sandbox === undefined || isOver(sandbox)
      ? []
      : [
          {
            cause: "sandbox" as const,
            text: `its node can't set it up: ${problemLine(sandbox.message ?? "")}`,
          },
        ]),
  ]
}

function volume(message: string): Omit<RolloutProblem, "subject"> {
  const [, name, said] = /failed for volume "([^"]+)"\s*: (.*)$/s.exec(message) ?? []
  const [, kind, missing] = /(secret|configmap) "([^"]+)" not found/i.exec(said ?? "") ?? []
  const why =
    kind === undefined || missing === undefined
      ? problemLine(said ?? message)
      : `there is no ${kindName(kind)} ${JSON.stringify(missing)}`
  return {
    cause: "volume",
    text:
      name === undefined
        ? `a volume can't be mounted: ${why}`
        : `the volume ${JSON.stringify(name)} can't be mounted: ${why}`,
  }
}

/** Status of a pod without any known problem. */
function statusText({ status }: Pod): string {
  const waiting = status?.containerStatuses?.find(({ ready }) => !ready)
  if (waiting?.state?.running !== undefined) return `container ${waiting.name} runs, but isn't ready`
  const reason = waiting?.state?.waiting?.reason
  return reason === undefined
    ? `it is ${(status?.phase ?? "Pending").toLowerCase()}`
    : `container ${waiting?.name} waits: ${reason}`
}

/** Reasons why a ReplicaSet or a Job can't create pods: a quota, a policy, a missing service account. */
function refusedPods(events: readonly Event[]): RolloutProblem[] {
  const newest = new Map<string, Event>()
  for (const event of events.filter(({ reason }) => reason === "FailedCreate")) {
    const subject = `${event.involvedObject.kind ?? "ReplicaSet"} ${event.involvedObject.name ?? ""}`
    const known = newest.get(subject)
    if (known === undefined || lastSeen(event) > lastSeen(known)) newest.set(subject, event)
  }
  return [...newest].map(([subject, { message = "" }]) => ({
    cause: "refused",
    subject,
    text: `can't make pods: ${refusal(message)}`,
  }))
}

function refusal(message: string): string {
  const said = message.replace(/^Error creating: /, "").replace(/^pods "[^"]*" is forbidden: /, "")
  const [, quota, requested, used, limited, ...more] = said.split(
    /exceeded quota: |, requested: |, used: |, limited: /,
  )
  return limited === undefined || more.length > 0
    ? problemLine(said)
    : problemLine(
        `the quota ${JSON.stringify(quota)} allows ${limited}; ${used} is used, and ${requested} more is asked for`,
      )
}

/** Conditions of the nodes that pods run on, or could run on. */
function nodeFindings(pods: readonly Pod[], nodes: readonly NodeObject[]): RolloutProblem[] {
  const unready = pods.filter((pod) => !isReady(pod))
  const homeless = unready.some(({ spec }) => spec.nodeName === undefined)
  const used = new Set(unready.map(({ spec }) => spec.nodeName))
  return nodes
    .filter(({ metadata }) => homeless || used.has(metadata.name))
    .flatMap(({ metadata, status }) =>
      (status?.conditions ?? [])
        .filter(({ type, status }) =>
          type === "Ready"
            ? status !== "True"
            : /Pressure$|^NetworkUnavailable$/.test(type) && status === "True",
        )
        .map(({ type, message }) => ({
          cause: "node" as const,
          subject: `node ${metadata.name}`,
          text: `${type === "Ready" ? "isn't ready" : type}${message === undefined ? "" : `: ${problemLine(message)}`}`,
        })),
    )
}

/** Merges the same reason for several subjects. */
function merged(findings: readonly RolloutProblem[]): Diagnosis[] {
  const groups = new Map<string, { cause: Cause; subjects: string[]; text: string }>()
  for (const { cause, subject, text } of findings) {
    const key = `${cause} ${text}`
    const group = groups.get(key) ?? { cause, subjects: [], text }
    if (!group.subjects.includes(subject)) group.subjects.push(subject)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ cause, subjects, text }) => {
    const more = subjects.length > 1 ? ` and ${subjects.length - 1} more` : ""
    return { cause, subjects, line: `${subjects[0]}${more}: ${text}` }
  })
}
