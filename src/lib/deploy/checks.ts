import { type Pod, SERVICE, type ServiceObject } from "../kube/objects.js"
import { count } from "../text/words.js"
import { type Context, observe } from "./context.js"
import { byHash, type Facts, isReadyPod, living, type Revision } from "./facts.js"
import { inARow, judgeTraffic, rateText, unhealthy } from "./judge.js"
import { previewName } from "./preview.js"
import { explain, StepFailure } from "./stepFailure.js"

const POLL = 500

/** Crashes of one pod after which waiting is useless. */
const CRASHES = 2

/** Waits until all pods of the newest revision are ready; fails with the cluster's diagnosis, at once if hopeless. */
export async function ready(context: Context, generation: number): Promise<Revision> {
  const { clock, settings } = context
  const deadline = clock.now() + settings.readyTimeout * 1000
  for (;;) {
    context.mustHold()
    const facts = await observe(context)
    const revision = settledRevision(facts, generation)
    const wanted = facts.deployment?.spec.replicas ?? 1
    const good = revision?.pods.filter(isReadyPod).length ?? 0
    if (revision !== undefined && good >= wanted) return revision
    const pods = revision === undefined ? [] : living(revision)
    const hopeless = pods.map(hopelessness).find((why) => why !== undefined)
    if (hopeless !== undefined || clock.now() >= deadline) {
      const details = await explain(context, pods, revision === undefined ? [] : [revision.name])
      const [why = "the cluster doesn't say why"] = details
      const late = `only ${good} of ${count(wanted, "new pod")} ready after ${settings.readyTimeout} s`
      throw new StepFailure(hopeless === undefined ? `${late}: ${why}` : why, details.slice(1))
    }
    await clock.sleep(POLL)
  }
}

/** Returns the newest revision, once the controller has observed the Deployment's last change. */
function settledRevision({ deployment, revisions }: Facts, generation: number): Revision | undefined {
  const seen = (deployment?.status?.observedGeneration ?? 0) >= generation
  const number = Number(deployment?.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0)
  return seen ? revisions.find((revision) => revision.number === number) : undefined
}

const HOPELESS = ["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"]

/** Returns the reason why a pod will never become ready; undefined if it still may. */
function hopelessness({ status }: Pod): string | undefined {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const stuck = states.find(({ state }) => HOPELESS.includes(state?.waiting?.reason ?? ""))
  const crashing = states.find(({ restartCount }) => restartCount >= CRASHES)
  return stuck?.state?.waiting?.reason ?? (crashing === undefined ? undefined : "CrashLoopBackOff")
}

/** Returns the port that pods serve at. */
export function portOf(service: ServiceObject | undefined, template: Revision["template"]): number {
  const target = service?.spec.ports?.[0]?.targetPort ?? service?.spec.ports?.[0]?.port
  const ports = template.spec.containers.flatMap((container) => container.ports ?? [])
  if (typeof target === "number") return target
  return ports.find(({ name }) => name === target)?.containerPort ?? ports[0]?.containerPort ?? 80
}

/** Requests each pod's health; returns the first problem, or undefined if all are healthy. */
export async function unhealthyPod(
  context: Context,
  pods: readonly Pod[],
  port: number,
): Promise<string | undefined> {
  const { kube, namespace, healthPath, settings } = context
  const { status, body, timeout } = settings.health
  const problems = await Promise.all(
    pods.map(async ({ metadata }) => {
      const answer = await kube.proxy({ pod: metadata.name }, namespace, port, healthPath, {
        timeout: timeout * 1000,
      })
      const problem = unhealthy(answer, { path: healthPath, status, ...(body !== undefined && { body }) })
      return problem === undefined ? undefined : `${metadata.name}: ${problem}`
    }),
  )
  return problems.find((problem) => problem !== undefined)
}

/** Waits until every new pod is healthy several times in a row. */
export async function healthy(context: Context, revision: Revision): Promise<string> {
  const { clock, settings } = context
  const { successes, interval } = settings.health
  const facts = await observe(context)
  const port = portOf(facts.service, revision.template)
  const deadline = clock.now() + Math.max(settings.readyTimeout, successes * interval) * 1000
  let [good, failures, problem] = [0, 0, ""]
  while (good < successes) {
    const pods = living(byHash(await observe(context), revision.hash) ?? revision)
    const found = await unhealthyPod(context, pods, port)
    good = inARow(good, found === undefined)
    problem = found ?? problem
    failures += found === undefined ? 0 : 1
    // Pods that are ready but repeatedly unhealthy would be no better with traffic: don't wait for the timeout.
    if (failures > successes || clock.now() > deadline)
      throw new StepFailure(`health: ${problem}`, await explain(context, pods, [revision.name]))
    if (good < successes) await clock.sleep(interval * 1000)
  }
  return `${count(revision.pods.length, "pod")} healthy ${successes} times in a row`
}

/** Sends requests to the preview; fails for too many errors. */
export async function smoke(context: Context): Promise<string> {
  const { names, settings } = context
  const { paths, requests } = settings.smoke
  if (requests === 0 || paths.length === 0) return "no smoke requests are configured"
  const answers = await requestPaths(context, previewName(names), requests)
  const bad = answers.filter(({ problem }) => problem !== "")
  const counts = { requests: answers.length, errors: bad.length }
  const limits = {
    maxPercent: settings.errors.maxPercent,
    samples: Math.min(settings.errors.samples, requests),
  }
  const text = `smoke: ${rateText(counts, limits)}`
  if (judgeTraffic(counts, limits) === "bad")
    throw new StepFailure(text, [...new Set(bad.map(({ problem }) => problem))].slice(0, 3))
  return text
}

/** Requests the smoke tests' paths from a Service in turn; a problem is a status of 500 or more, or no answer. */
export async function requestPaths(
  context: Context,
  service: string,
  requests: number,
): Promise<{ problem: string }[]> {
  const { kube, namespace, names, settings } = context
  const { paths } = settings.smoke
  if (paths.length === 0) return []
  const [port] = (await kube.get<ServiceObject>(SERVICE, names.service, namespace))?.spec.ports ?? []
  const answers: { problem: string }[] = []
  const work = Array.from({ length: requests }, (_, index) => paths[index % paths.length] ?? "/")
  const timeout = settings.health.timeout * 1000
  await inTurns(CONCURRENT, work, async (path) => {
    const { status, body } = await kube.proxy({ service }, namespace, port?.name ?? port?.port ?? 80, path, {
      timeout,
    })
    const bad = status >= 500 || status === 0
    answers.push({ problem: bad ? `${path} answers ${status || "nothing"}: ${body.slice(0, 120)}` : "" })
  })
  return answers
}

const CONCURRENT = 8

async function inTurns<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items]
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
    }),
  )
}

/** Fails unless every new pod runs an image of one of these digests. */
export function sameDigest(revision: Revision, digests: readonly string[]): string {
  const [main] = revision.template.spec.containers
  const wrong = living(revision).flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? [])
      .filter(({ name }) => name === main?.name)
      .filter(({ imageID }) => !digests.some((digest) => imageID.endsWith(digest)))
      .map(({ imageID }) => `${metadata.name} runs ${imageID || "nothing yet"}`),
  )
  if (wrong.length > 0)
    throw new StepFailure(`the image that runs isn't the one that was verified: ${wrong.join("; ")}`, [
      `verified: ${digests.join(", ")}`,
    ])
  return `digest ${digests[0]?.slice(7, 19) ?? ""} in ${count(living(revision).length, "pod")}`
}
