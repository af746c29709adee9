import { SlipwayError } from "../errors/catalogue.js"
import type { Pod } from "../kube/objects.js"
import { askPaths, portOf, unhealthyPod } from "./checks.js"
import { type Context, observe } from "./context.js"
import {
  NO_TRAFFIC,
  percentile95,
  readSamples,
  since,
  sum,
  type Traffic,
  trafficOf,
} from "../monitoring/exposition.js"
import { byHash, isReady, living, type Revision } from "./facts.js"
import { judge, rateText, unhealthy } from "./judge.js"
import { fromPrometheus } from "./prometheus.js"
import { explain, Setback } from "./setback.js"

/** How a version bears its traffic. */
export interface Soaked {
  /** Too few requests came to tell. */
  held: boolean
  text: string
  /** What a person should look at; it undoes nothing. */
  alerts: string[]
}

/** A window this long is judged by itself, so that what begins late isn't outweighed by what came before. */
const WINDOW = 60_000

/** Paths that only machines ask for. */
const SPARED = ["/metrics", "/live", "/livez", "/healthz", "/ready", "/readyz"]

interface Watch {
  revision: Revision
  port: number
  /** What each pod had answered before it got traffic. */
  base: Map<string, Traffic>
  begun: number
  /** Restarts of each pod by then. */
  restarts: Map<string, number>
  window: { at: number; traffic: Traffic }[]
  /** What was asked besides by Slipway, for where pods tell nothing of what they answer. */
  own: Traffic
}

/** What each pod has answered and how often it crashed, to compare with later. */
export async function beforeTraffic(context: Context, revision: Revision): Promise<Watch> {
  const facts = await observe(context)
  const now = byHash(facts, revision.hash) ?? revision
  const port = portOf(facts.service, now.template)
  const pods = living(now)
  const all = await Promise.all(
    pods.map(async (pod) => [pod.metadata.name, (await told(context, pod, port)) ?? NO_TRAFFIC] as const),
  )
  return {
    revision: now,
    port,
    base: new Map(all),
    begun: context.clock.now(),
    window: [],
    own: NO_TRAFFIC,
    restarts: new Map(pods.map((pod) => [pod.metadata.name, restartsOf(pod)])),
  }
}

/**
 * Watches the new pods while they have the traffic. Fails for bad health, crashes and too many errors. `raise` is told
 * of an alert as soon as there is one.
 */
export async function soak(
  context: Context,
  watch: Watch,
  raise: (alert: string) => void = () => undefined,
): Promise<Soaked> {
  const { clock, settings } = context
  const alerts: string[] = []
  const limits = settings.errors
  for (;;) {
    context.mustHold()
    const traffic = await look(context, watch)
    const passed = (clock.now() - watch.begun) / 1000
    const slow = slowness(traffic, settings.latencyP95)
    if (slow !== undefined && alerts.length === 0) {
      context.say(`ALERT: ${slow}`)
      raise(slow)
      alerts.push(slow)
    }
    const text = rateText(traffic, limits)
    if (passed >= settings.soak && judge(traffic, limits) !== "too few") return { held: false, text, alerts }
    if (passed >= settings.soak + settings.hold)
      return {
        held: true,
        text: `${traffic.requests} of ${limits.samples} requests came within ${Math.round(passed)} s`,
        alerts,
      }
    await clock.sleep(settings.health.interval * 1000)
  }
}

/** One round: health from inside and outside, crashes, errors. */
async function look(context: Context, watch: Watch): Promise<Traffic> {
  const facts = await patient(context, () => observe(context))
  const revision = byHash(facts, watch.revision.hash) ?? watch.revision
  const pods = living(revision)
  const problem =
    crash(pods, watch) ??
    gone(pods) ??
    left(pods, watch) ??
    (await twice(context, () => unhealthyPod(context, pods.filter(isReady), watch.port))) ??
    (await twice(context, () => unhealthyOutside(context)))
  if (problem !== undefined) throw new Setback(problem, await explain(context, pods, [revision.name]))
  watch.own = sum([watch.own, await patient(context, () => askOwn(context))])
  const traffic = await patient(context, () => trafficNow(context, watch, pods))
  watch.window = [
    ...watch.window.filter(({ at }) => at >= context.clock.now() - WINDOW),
    { at: context.clock.now(), traffic },
  ]
  const recent = since(watch.window[0]?.traffic ?? NO_TRAFFIC, traffic)
  for (const some of [traffic, recent])
    if (judge(some, context.settings.errors) === "bad")
      throw new Setback(rateText(some, context.settings.errors))
  return traffic
}

/** What fails is asked once more at once: an answer may be lost for no fault of the version's. */
async function twice(context: Context, ask: () => Promise<string | undefined>): Promise<string | undefined> {
  return (await patient(context, ask)) === undefined ? undefined : await patient(context, ask)
}

const PATIENCE = 5

/** An API server that is away says nothing of the version: it is waited for. */
async function patient<T>(context: Context, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      const away = error instanceof SlipwayError && ["KUBE_UNREACHABLE", "PROMETHEUS"].includes(error.code)
      if (!away || attempt === PATIENCE) throw error
      context.say(`${error.message.split("\n")[0] ?? ""}; waiting`)
      await context.clock.sleep(context.settings.health.interval * 1000)
    }
  }
}

const restartsOf = ({ status }: Pod): number =>
  (status?.containerStatuses ?? []).reduce((total, { restartCount }) => total + restartCount, 0)

/** Before a container is started again, and counted so, it is one that has ended. */
const hasEnded = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ state }) => state?.terminated !== undefined) ?? false

function crash(pods: readonly Pod[], { restarts }: Watch): string | undefined {
  const crashed = pods.find(
    (pod) => hasEnded(pod) || restartsOf(pod) > (restarts.get(pod.metadata.name) ?? 0),
  )
  if (crashed === undefined) return undefined
  const ended = crashed.status?.containerStatuses?.map(
    ({ lastState, state }) => lastState?.terminated ?? state?.terminated,
  )
  const exit = ended?.find((terminated) => terminated !== undefined)
  return `${crashed.metadata.name} crashed${exit === undefined ? "" : ` (exit code ${exit.exitCode}${exit.reason === undefined ? "" : `, ${exit.reason}`})`}`
}

/** A pod that had been ready, and isn't: one that an autoscaler has just made may take its time. */
const left = (pods: readonly Pod[], { restarts }: Watch): string | undefined => {
  const unready = pods.find((pod) => restarts.has(pod.metadata.name) && !isReady(pod))
  return unready === undefined ? undefined : `${unready.metadata.name} isn't ready any more`
}

const gone = (pods: readonly Pod[]): string | undefined =>
  pods.some(isReady) ? undefined : "none of the new pods is ready any more"

async function unhealthyOutside(context: Context): Promise<string | undefined> {
  const { environment, settings, healthPath } = context
  const url = settings.url[environment]
  if (url === undefined) return undefined
  const address = `${url.replace(/\/$/, "")}${healthPath}`
  const { status, body, timeout } = settings.health
  const answer = await context.ask(address, timeout * 1000)
  return unhealthy(answer, { path: address, status, ...(body !== undefined && { body }) })
}

async function trafficNow(context: Context, watch: Watch, pods: readonly Pod[]): Promise<Traffic> {
  const seconds = Math.max(1, Math.round((context.clock.now() - watch.begun) / 1000))
  if (context.settings.errors.prometheus !== undefined)
    return fromPrometheus(context, watch.revision.hash, seconds)
  const all = await Promise.all(
    pods.map(async (pod) => {
      const now = await told(context, pod, watch.port)
      const base = watch.base.get(pod.metadata.name) ?? NO_TRAFFIC
      return now === undefined ? undefined : since(base, now)
    }),
  )
  const counted = all.filter((traffic) => traffic !== undefined)
  return counted.length === 0 ? watch.own : sum(counted)
}

/**
 * Asks the Service itself, so that what few people use is tried too: the requests of the smoke tests, spread over the
 * soak.
 */
async function askOwn(context: Context): Promise<Traffic> {
  const { settings, names } = context
  const { interval } = settings.health
  const share = Math.ceil((settings.smoke.requests * interval) / Math.max(settings.soak, interval))
  const answers = await askPaths(context, names.service, share)
  return {
    requests: answers.length,
    errors: answers.filter(({ problem }) => problem !== "").length,
    buckets: {},
  }
}

/** What a pod tells of its traffic; undefined where it tells nothing. */
async function told(
  { kube, namespace, settings, healthPath }: Context,
  { metadata }: Pod,
  port: number,
): Promise<Traffic | undefined> {
  const { path, counter, histogram } = settings.errors
  const { status, body } = await kube.proxy({ pod: metadata.name }, namespace, port, path, {
    timeout: settings.health.timeout * 1000,
  })
  return status === 200
    ? trafficOf(readSamples(body), { counter, histogram, spared: [...SPARED, path, healthPath] })
    : undefined
}

function slowness(traffic: Traffic, limit: number): string | undefined {
  const value = percentile95(traffic)
  if (value === undefined || value <= limit) return undefined
  return `95 of 100 answers take up to ${value === Infinity ? "more than can be told" : `${value} s`}, above ${limit} s`
}
