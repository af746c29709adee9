import { type Pod, SERVICE, type Service } from "../kube/objects.js"
import { count } from "../text/words.js"
import { type Context, observe, previewName } from "./context.js"
import { byHash, type Facts, isReady, living, type Revision } from "./facts.js"
import { inARow, judge, rateText, unhealthy } from "./judge.js"
import { explain, Setback } from "./setback.js"

const POLL = 500

/** So many crashes of one pod are no accident. */
const CRASHES = 2

/** Waits until all pods of the newest revision are ready. Fails with what the cluster knows, at once where waiting is of no use. */
export async function ready(context: Context, generation: number): Promise<Revision> {
  const { clock, settings } = context
  const deadline = clock.now() + settings.readyTimeout * 1000
  for (;;) {
    context.mustHold()
    const facts = await observe(context)
    const revision = settledRevision(facts, generation)
    const wanted = facts.deployment?.spec.replicas ?? 1
    const good = revision?.pods.filter(isReady).length ?? 0
    if (revision !== undefined && good >= wanted) return revision
    const pods = revision === undefined ? [] : living(revision)
    const hopeless = pods.map(hopelessness).find((why) => why !== undefined)
    if (hopeless !== undefined || clock.now() >= deadline) {
      const details = await explain(context, pods, revision === undefined ? [] : [revision.name])
      const [why = "the cluster doesn't say why"] = details
      const late = `only ${good} of ${count(wanted, "new pod")} ready after ${settings.readyTimeout} s`
      throw new Setback(hopeless === undefined ? `${late}: ${why}` : why, details.slice(1))
    }
    await clock.sleep(POLL)
  }
}

/** The newest ReplicaSet, once the controller has seen the Deployment's last change. */
function settledRevision({ deployment, revisions }: Facts, generation: number): Revision | undefined {
  const seen = (deployment?.status?.observedGeneration ?? 0) >= generation
  const number = Number(deployment?.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0)
  return seen ? revisions.find((revision) => revision.number === number) : undefined
}

const HOPELESS = ["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"]

/** Why a pod won't get ready however long one waits. */
function hopelessness({ status }: Pod): string | undefined {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  const stuck = states.find(({ state }) => HOPELESS.includes(state?.waiting?.reason ?? ""))
  const crashing = states.find(({ restartCount }) => restartCount >= CRASHES)
  return stuck?.state?.waiting?.reason ?? (crashing === undefined ? undefined : "CrashLoopBackOff")
}

/** The port that pods take requests at. */
export function portOf(service: Service | undefined, template: Revision["template"]): number {
  const target = service?.spec.ports?.[0]?.targetPort ?? service?.spec.ports?.[0]?.port
  const ports = template.spec.containers.flatMap((container) => container.ports ?? [])
  if (typeof target === "number") return target
  return ports.find(({ name }) => name === target)?.containerPort ?? ports[0]?.containerPort ?? 80
}

/** What is wrong with the health of pods, by asking each; undefined where all are well. */
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

/** Every new pod has to answer well several times in a row. */
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
    // What was ready and isn't well three times may be tried for minutes more: it would be as bad with traffic.
    if (failures > successes || clock.now() > deadline)
      throw new Setback(`health: ${problem}`, await explain(context, pods, [revision.name]))
    if (good < successes) await clock.sleep(interval * 1000)
  }
  return `${count(revision.pods.length, "pod")} healthy ${successes} times in a row`
}

/** Sends requests to the preview, and counts the errors. Fails for too many. */
export async function smoke(context: Context): Promise<string> {
  const { names, settings } = context
  const { paths, requests } = settings.smoke
  if (requests === 0 || paths.length === 0) return "no requests of smoke tests are asked for"
  const answers = await askPaths(context, previewName(names), requests)
  const bad = answers.filter(({ problem }) => problem !== "")
  const counts = { requests: answers.length, errors: bad.length }
  const limits = { maxPercent: settings.errors.maxPercent, samples: Math.min(settings.errors.samples, requests) }
  const text = `smoke: ${rateText(counts, limits)}`
  if (judge(counts, limits) === "bad")
    throw new Setback(text, [...new Set(bad.map(({ problem }) => problem))].slice(0, 3))
  return text
}

/** Asks a Service for the paths of the smoke tests, in turn; a problem is an answer of 500 or more, or none. */
export async function askPaths(
  context: Context,
  service: string,
  requests: number,
): Promise<{ problem: string }[]> {
  const { kube, namespace, names, settings } = context
  const { paths } = settings.smoke
  if (paths.length === 0) return []
  const [port] = (await kube.get<Service>(SERVICE, names.service, namespace))?.spec.ports ?? []
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

/** Fails unless every new pod runs an image of these digests. */
export function sameDigest(revision: Revision, digests: readonly string[]): string {
  const [main] = revision.template.spec.containers
  const wrong = living(revision).flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? [])
      .filter(({ name }) => name === main?.name)
      .filter(({ imageID }) => !digests.some((digest) => imageID.endsWith(digest)))
      .map(({ imageID }) => `${metadata.name} runs ${imageID || "nothing yet"}`),
  )
  if (wrong.length > 0)
    throw new Setback(`the image that runs isn't the one that was verified: ${wrong.join("; ")}`, [
      `verified: ${digests.join(", ")}`,
    ])
  return `digest ${digests[0]?.slice(7, 19) ?? ""} in ${count(living(revision).length, "pod")}`
}
