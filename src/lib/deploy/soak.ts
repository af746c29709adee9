import { SlipwayError } from "../errors/catalogue.js"
import type { Pod } from "../kube/objects.js"
import { requestPaths, portOf, unhealthyPod } from "./checks.js"
import { type Context, observe, waitUntil } from "./context.js"
import {
  NO_TRAFFIC,
  percentile95,
  readSamples,
  trafficSince,
  sum,
  type Traffic,
  trafficOf,
} from "../monitoring/exposition.js"
import { byHash, isReadyPod, living, type Revision } from "./facts.js"
import { judgeTraffic, rateText, unhealthy } from "./judge.js"
import { fromPrometheus } from "./prometheus.js"
import { explain, StepFailure } from "./stepFailure.js"

/** The outcome of a soak. */
export interface SoakResult {
  /** True if too few requests came to judge the version. */
  onHold: boolean
  text: string
  /** Slow answers, for a person to look at; they undo nothing. */
  alerts: string[]
}

/** The last minute is also judged by itself, so that late errors aren't diluted by earlier traffic. */
const WINDOW = 60_000

/** Routes that only probes request. */
const PROBE_ROUTES = ["/metrics", "/live", "/livez", "/healthz", "/ready", "/readyz"]

/** The state of the new pods before the traffic, to compare with later. */
interface Baseline {
  revision: Revision
  port: number
  /** Requests of each pod before the switch. */
  traffic: Map<string, Traffic>
  /** Milliseconds since 1970. */
  startedAt: number
  /** Restarts of each pod before the switch. */
  restarts: Map<string, number>
  window: { at: number; traffic: Traffic }[]
  /** Slipway's own requests, judged where pods have no metrics. */
  own: Traffic
}

/** Records each pod's requests and restarts, to compare with later. */
export async function takeBaseline(context: Context, revision: Revision): Promise<Baseline> {
  const facts = await observe(context)
  const now = byHash(facts, revision.hash) ?? revision
  const port = portOf(facts.service, now.template)
  const pods = living(now)
  const all = await Promise.all(
    pods.map(async (pod) => [pod.metadata.name, (await scrape(context, pod, port)) ?? NO_TRAFFIC] as const),
  )
  return {
    revision: now,
    port,
    traffic: new Map(all),
    startedAt: context.clock.now(),
    window: [],
    own: NO_TRAFFIC,
    restarts: new Map(pods.map((pod) => [pod.metadata.name, restartsOf(pod)])),
  }
}

/**
 * Watches the new pods while they have the traffic.
 *
 * Throws StepFailure for bad health, crashes and too many errors. Calls `raise` as soon as there is an alert.
 */
export async function soak(
  context: Context,
  baseline: Baseline,
  raise: (alert: string) => void = () => undefined,
): Promise<SoakResult> {
  const { clock, settings } = context
  const alerts: string[] = []
  const limits = settings.errors
  for (;;) {
    context.mustHold()
    const traffic = await checkOnce(context, baseline)
    const passed = (clock.now() - baseline.startedAt) / 1000
    const slow = slowness(traffic, settings.latencyP95)
    if (slow !== undefined && alerts.length === 0) {
      context.say(`ALERT: ${slow}`)
      raise(slow)
      alerts.push(slow)
    }
    const text = rateText(traffic, limits)
    if (passed >= settings.soak && judgeTraffic(traffic, limits) !== "too few")
      return { onHold: false, text, alerts }
    if (passed >= settings.soak + settings.hold)
      return {
        onHold: true,
        text: `${traffic.requests} of ${limits.samples} requests came within ${Math.round(passed)} s`,
        alerts,
      }
    await clock.sleep(settings.health.interval * 1000)
  }
}

/** Checks health from inside and outside, crashes and errors once. */
async function checkOnce(context: Context, baseline: Baseline): Promise<Traffic> {
  const facts = await withPatience(context, () => observe(context))
  const revision = byHash(facts, baseline.revision.hash) ?? baseline.revision
  const pods = living(revision)
  const problem =
    crash(pods, baseline) ??
    noneReady(pods) ??
    becameUnready(pods, baseline) ??
    (await twice(context, () => unhealthyPod(context, pods.filter(isReadyPod), baseline.port))) ??
    (await twice(context, () => unhealthyOutside(context)))
  if (problem !== undefined) throw new StepFailure(problem, await explain(context, pods, [revision.name]))
  baseline.own = sum([baseline.own, await withPatience(context, () => sendOwnRequests(context))])
  const traffic = await withPatience(context, () => trafficNow(context, baseline, pods))
  baseline.window = [
    ...baseline.window.filter(({ at }) => at >= context.clock.now() - WINDOW),
    { at: context.clock.now(), traffic },
  ]
  const recent = trafficSince(baseline.window[0]?.traffic ?? NO_TRAFFIC, traffic)
  for (const some of [traffic, recent])
    if (judgeTraffic(some, context.settings.errors) === "bad")
      throw new StepFailure(rateText(some, context.settings.errors))
  return traffic
}

/**
 * Waits until the public URL is healthy for the first time, since a new host's route, name and certificate take theirs.
 * One that isn't by then is for the soak to judge.
 */
export const awaitOutside = (context: Context): Promise<boolean> =>
  waitUntil(
    context,
    context.settings.readyTimeout,
    async () => (await unhealthyOutside(context)) === undefined,
    context.settings.health.interval * 1000,
  )

/** Requests the public URL's health twice; undefined if it is healthy, or there is none. */
export const unhealthyTwiceOutside = (context: Context): Promise<string | undefined> =>
  twice(context, () => unhealthyOutside(context))

/** Repeats a check that fails once: an answer may be lost without the version's fault. */
async function twice(context: Context, ask: () => Promise<string | undefined>): Promise<string | undefined> {
  return (await withPatience(context, ask)) === undefined ? undefined : await withPatience(context, ask)
}

const PATIENCE = 5

/** Retries while the API server or Prometheus is away, which says nothing about the version. */
async function withPatience<T>(context: Context, ask: () => Promise<T>): Promise<T> {
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

/** True if a container has terminated; its restart is counted only once it runs again. */
const hasEnded = ({ status }: Pod): boolean =>
  status?.containerStatuses?.some(({ state }) => state?.terminated !== undefined) ?? false

function crash(pods: readonly Pod[], { restarts }: Baseline): string | undefined {
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

/** Names a pod that was ready before the switch; one that an autoscaler has just added may still start. */
const becameUnready = (pods: readonly Pod[], { restarts }: Baseline): string | undefined => {
  const unready = pods.find((pod) => restarts.has(pod.metadata.name) && !isReadyPod(pod))
  return unready === undefined ? undefined : `${unready.metadata.name} isn't ready any more`
}

const noneReady = (pods: readonly Pod[]): string | undefined =>
  pods.some(isReadyPod) ? undefined : "none of the new pods is ready any more"

async function unhealthyOutside(context: Context): Promise<string | undefined> {
  const { environment, settings, healthPath } = context
  const url = settings.url[environment]
  if (url === undefined) return undefined
  const address = `${url.replace(/\/$/, "")}${healthPath}`
  const { status, body, timeout } = settings.health
  const answer = await context.fetchOutside(address, timeout * 1000)
  return unhealthy(answer, { path: address, status, ...(body !== undefined && { body }) })
}

async function trafficNow(context: Context, baseline: Baseline, pods: readonly Pod[]): Promise<Traffic> {
  const seconds = Math.max(1, Math.round((context.clock.now() - baseline.startedAt) / 1000))
  if (context.settings.errors.prometheus !== undefined)
    return fromPrometheus(context, baseline.revision.hash, seconds)
  const all = await Promise.all(
    pods.map(async (pod) => {
      const now = await scrape(context, pod, baseline.port)
      const before = baseline.traffic.get(pod.metadata.name) ?? NO_TRAFFIC
      return now === undefined ? undefined : trafficSince(before, now)
    }),
  )
  const counted = all.filter((traffic) => traffic !== undefined)
  return counted.length === 0 ? baseline.own : sum(counted)
}

/** Sends a share of the smoke tests' requests to the Service, so that rarely used paths are tested too. */
async function sendOwnRequests(context: Context): Promise<Traffic> {
  const { settings, names } = context
  const { interval } = settings.health
  const share = Math.ceil((settings.smoke.requests * interval) / Math.max(settings.soak, interval))
  const answers = await requestPaths(context, names.service, share)
  return {
    requests: answers.length,
    errors: answers.filter(({ problem }) => problem !== "").length,
    buckets: {},
  }
}

/** Reads a pod's metrics; undefined if it has none. */
async function scrape(
  { kube, namespace, settings, healthPath }: Context,
  { metadata }: Pod,
  port: number,
): Promise<Traffic | undefined> {
  const { path, counter, histogram } = settings.errors
  const { status, body } = await kube.proxy({ pod: metadata.name }, namespace, port, path, {
    timeout: settings.health.timeout * 1000,
  })
  return status === 200
    ? trafficOf(readSamples(body), { counter, histogram, ignoredRoutes: [...PROBE_ROUTES, path, healthPath] })
    : undefined
}

function slowness(traffic: Traffic, limit: number): string | undefined {
  const value = percentile95(traffic)
  if (value === undefined || value <= limit) return undefined
  return `the 95th percentile of latency is ${value === Infinity ? "beyond the histogram's buckets" : `up to ${value} s`}, above ${limit} s`
}
