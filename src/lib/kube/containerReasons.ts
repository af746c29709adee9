/** Reasons for a pod that isn't ready, from the states of its containers. */
import { containerOf, type RolloutProblem, problemLine, times } from "./findings.js"
import { PULL_REASONS, pullProblem } from "./imagePull.js"
import type { Container, ContainerStatus, Event, Pod, Terminated } from "./objects.js"

type PodReason = Omit<RolloutProblem, "subject">

/** Returns the reasons in the containers' states; `events` are the pod's own, newest first. */
export function containerReasons({ spec, status }: Pod, events: readonly Event[]): PodReason[] {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const specs = [...(spec.initContainers ?? []), ...spec.containers]
  return states.flatMap((state) => {
    const container = specs.find(({ name }) => name === state.name)
    const said = reasonOf(state, container, events)
    return said === undefined ? [] : [said]
  })
}

function reasonOf(
  status: ContainerStatus,
  container: Container | undefined,
  events: readonly Event[],
): PodReason | undefined {
  const { name, state, lastState, restartCount, ready } = status
  const { reason = "", message = "" } = state?.waiting ?? {}
  if (PULL_REASONS.includes(reason)) {
    const image = container?.image ?? status.image
    return { cause: "image", text: pullProblem(image, reason, pullWords(name, message, events)) }
  }
  if (CONFIGURATION.includes(reason))
    return {
      cause: "configuration",
      text: `container ${name} can't be made: ${configuration(message || reason)}`,
    }
  const ended =
    state?.terminated ?? (reason === "CrashLoopBackOff" || !ready ? lastState?.terminated : undefined)
  if (ended !== undefined) {
    if (
      ended.exitCode === 0 &&
      ended.reason !== "OOMKilled" &&
      state?.terminated !== undefined &&
      restartCount === 0
    )
      return undefined
    return {
      cause: wasKilled(ended) ? "killed" : "crash",
      text: ending(name, ended, restartCount, container),
    }
  }
  if (reason !== "" && !ORDINARY.includes(reason))
    return { cause: "waiting", text: `container ${name} waits: ${problemLine(`${reason} ${message}`)}` }
  const before = lastState?.terminated
  return before === undefined || restartCount === 0
    ? undefined
    : { cause: "restarted", text: ending(name, before, restartCount, container) }
}

const CONFIGURATION: readonly string[] = [
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "PreCreateHookError",
  "PostStartHookError",
]
const ORDINARY: readonly string[] = ["ContainerCreating", "PodInitializing", "CrashLoopBackOff"]

/** Reason of the last failed pull, which only an event has while the next one is pending. */
function pullWords(name: string, message: string, events: readonly Event[]): string {
  const isShort = /^(?:Back-off pulling image "[^"]*")?$/.test(message)
  const failed = events.find(
    (event) =>
      event.reason === "Failed" &&
      /^Failed to pull image/.test(event.message ?? "") &&
      (containerOf(event) ?? name) === name,
  )
  return isShort ? (failed?.message ?? message) : message
}

/** Missing configuration of a container, in the terms of the manifests. */
function configuration(message: string): string {
  const [, kind, name] = /^(secret|configmap) "([^"]+)" not found/i.exec(message) ?? []
  if (kind !== undefined && name !== undefined) return `there is no ${kindName(kind)} ${JSON.stringify(name)}`
  const [, key, of, path] = /couldn't find key (\S+) in (Secret|ConfigMap) (\S+)/i.exec(message) ?? []
  if (key !== undefined && of !== undefined && path !== undefined)
    return `the ${kindName(of)} ${JSON.stringify(path.split("/").at(-1))} has no key ${JSON.stringify(key)}`
  return problemLine(message)
}

export const kindName = (kind: string): string => (/^secret$/i.test(kind) ? "Secret" : "ConfigMap")

/** True for an exit by an external signal, as a failed liveness probe sends it. */
const wasKilled = ({ exitCode, reason }: Terminated): boolean =>
  reason !== "OOMKilled" && [137, 143].includes(exitCode)

function ending(
  name: string,
  { exitCode, reason, message }: Terminated,
  restarts: number,
  container: Container | undefined,
): string {
  const again = restarts > 0 ? `, restarted ${restarts === 1 ? "once" : `${restarts} times`}` : ""
  if (reason === "OOMKilled") {
    const limit = container?.resources?.limits?.memory
    const bound =
      limit === undefined ? "more memory than there was" : `more memory than its limit of ${limit}`
    return `container ${name} was killed for using ${bound} (OOMKilled, exit code ${exitCode})${again}`
  }
  const meaning = Object.hasOwn(EXIT_CODES, exitCode) ? `, ${EXIT_CODES[exitCode]}` : ""
  const others = reason === undefined || ["Error", "Completed"].includes(reason) ? "" : `, ${reason}`
  const words = message === undefined || message.trim() === "" ? "" : `: ${problemLine(message)}`
  return `container ${name} ended with exit code ${exitCode}${meaning}${others}${again}${words}`
}

const EXIT_CODES: Readonly<Record<number, string>> = {
  126: "its command may not be executed",
  127: "its command wasn't found",
  132: "an illegal instruction",
  134: "it aborted",
  137: "killed",
  139: "a segmentation fault",
  143: "it was asked to end",
}

/** Failed probes: liveness and startup probes restart the container, readiness probes stop requests to the pod. */
export function probeReasons({ spec }: Pod, events: readonly Event[]): PodReason[] {
  const seen = new Set<string>()
  return events.flatMap((event): PodReason[] => {
    const [, kind, said] =
      /^(Readiness|Liveness|Startup) probe (?:failed|errored)[^:]*: (.*)$/s.exec(event.message ?? "") ?? []
    if (event.reason !== "Unhealthy" || kind === undefined || said === undefined) return []
    const cause = PROBES[kind] ?? "readiness"
    const name = containerOf(event) ?? spec.containers[0]?.name ?? ""
    if (seen.has(`${cause} ${name}`)) return []
    seen.add(`${cause} ${name}`)
    const container = spec.containers.find((each) => each.name === name)
    const answer = probeAnswer(said, container?.[`${cause}Probe`]?.httpGet)
    return [
      { cause, text: `the ${cause} probe of container ${name} fails: ${answer}${times(event.count ?? 1)}` },
    ]
  })
}

const PROBES: Readonly<Record<string, "readiness" | "liveness" | "startup">> = {
  Readiness: "readiness",
  Liveness: "liveness",
  Startup: "startup",
}

function probeAnswer(said: string, get: { path?: string; port: number | string } | undefined): string {
  const request = get === undefined ? "it" : `GET ${get.path ?? "/"} on port ${get.port}`
  const [, status] = /HTTP probe failed with statuscode: (\d+)/.exec(said) ?? []
  if (status !== undefined) return `${request} answered ${status}`
  if (/connection refused/.test(said)) return `nothing listens there (${problemLine(said)})`
  if (/Client\.Timeout|deadline exceeded|timed out|i\/o timeout/.test(said))
    return `${request} gave no answer in time (${problemLine(said, 160)})`
  return problemLine(said) || "it says nothing"
}
