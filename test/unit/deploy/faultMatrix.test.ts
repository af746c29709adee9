/**
 * Each write of a deployment, and a choice of its reads, meets each fault: what is left, and what the next run makes of it.
 *
 * `SLIPWAY_SEED` repeats another choice of reads and of next runs.
 */
import { afterAll, expect, it } from "vitest"
import { migrate } from "../../../src/lib/deploy/migrate.js"
import { manifestsOf } from "../../../src/lib/deploy/rollback.js"
import { deployOnce, type DeployResult } from "../../../src/lib/deploy/run.js"
import { serviceStatus } from "../../../src/lib/deploy/status.js"
import type { Kube } from "../../../src/lib/kube/client.js"
import { Cluster, digestOf, type Fault, LATE, planFor, SETTINGS } from "./cluster.js"
import { Watcher } from "./watcher.js"

const SEED = Number(process.env["SLIPWAY_SEED"] ?? 7)
const READS = 6

/** Quick, and patient enough to outlast a dead run's lock. */
const QUICK = {
  ...SETTINGS,
  soak: 4,
  hold: 0,
  errors: { ...SETTINGS.errors, samples: 10 },
  smoke: { ...SETTINGS.smoke, requests: 2 },
  health: { ...SETTINGS.health, interval: 1 },
  lockTimeout: 120,
}

interface Scenario {
  /** The versions that ran before, in order. */
  before: readonly string[]
  kind: "deploy" | "rollback"
  version: string
  isBad?: boolean
  /** The share of the cases that are tried. */
  share: number
}

const SCENARIOS: Record<string, Scenario> = {
  deployment: { before: ["v1"], kind: "deploy", version: "v2", share: 1 },
  "bad version": { before: ["v1"], kind: "deploy", version: "v2", isBad: true, share: 0.4 },
  rollback: { before: ["v1", "v2"], kind: "rollback", version: "v1", share: 0.4 },
  "first deployment": { before: [], kind: "deploy", version: "v2", share: 0.4 },
}

/** Deploys with a migration, or rolls back, as a run on a machine of its own. */
function run(cluster: Cluster, { kind, version }: Scenario, id: string, kube: Kube): Promise<DeployResult> {
  const context = cluster.context(id, QUICK, kube)
  const plan = planFor(version)
  const { deployment } = plan.manifests
  const migration = { command: "alembic upgrade head", script: "print()", url: "postgresql://me:x@db/web" }
  return deployOnce(
    context,
    async (facts) => {
      if (kind === "deploy")
        return { ...plan, migrate: (held, _, log) => migrate(held, migration, deployment, log) }
      const target = { version, digest: digestOf(version), image: "", commit: "" }
      const manifests = await manifestsOf(context, facts, target)
      return { ...plan, kind, ...(manifests !== undefined && { manifests }) }
    },
    [],
    { kind, digest: digestOf(version) },
  )
}

async function clusterOf({ before, isBad }: Scenario): Promise<Cluster> {
  const cluster = new Cluster()
  for (const version of before) await cluster.deploy(version, `run-${version}`, QUICK)
  if (isBad === true) cluster.behave("v2", { errorRate: (seconds) => (seconds > 1 ? 1 : 0) })
  cluster.seen.length = 0
  return cluster
}

/** What happens to a run from its n-th request on; the fault may begin something when it is met. */
const FAULTS: Record<string, (cluster: Cluster, n: number, met: () => void) => Fault> = {
  "away for 20 s": (cluster, n, met) => outage(cluster, n, met, 20, "lost"),
  "away for good": (cluster, n, met) => outage(cluster, n, met, Infinity, "lost"),
  "answer lost, then away": (cluster, n, met) => outage(cluster, n, met, Infinity, "unanswered"),
  "arrives late, then away": (cluster, n, met) => outage(cluster, n, met, Infinity, "late"),
  "cut off, then back": (cluster, n, met) => outage(cluster, n, met, LATE, "lost"),
  "command killed": (cluster, n, met) => outage(cluster, n, met, Infinity, "killed"),
}

function outage(
  cluster: Cluster,
  n: number,
  met: () => void,
  seconds: number,
  first: "lost" | "unanswered" | "late" | "killed",
): Fault {
  let seen = 0
  let since: number | undefined
  return () => {
    const isFirst = seen === n
    seen += 1
    if (isFirst) {
      since = cluster.clock.seconds
      met()
      return first
    }
    if (since === undefined || cluster.clock.seconds >= since + seconds) return undefined
    return first === "killed" ? "killed" : "lost"
  }
}

/** What somebody does next: at once where the run is cut off, else after it. */
const NEXT = ["status", "the same run again", "another version"] as const

/** Numbers in 0…1 that a seed repeats. https://en.wikipedia.org/wiki/Lehmer_random_number_generator */
function numbers(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

async function next(cluster: Cluster, scenario: Scenario, what: (typeof NEXT)[number]): Promise<void> {
  const kube = cluster.client([])
  if (what === "status") await serviceStatus(cluster.context("look", QUICK, kube), false)
  else if (what === "the same run again") await run(cluster, scenario, "run-x", kube)
  else await run(cluster, { ...scenario, kind: "deploy", version: "v3" }, "run-v3", kube)
}

/** The requests of a run without a fault. */
async function requestsOf(scenario: Scenario): Promise<{ isWrite: boolean }[]> {
  const cluster = await clusterOf(scenario)
  await run(cluster, scenario, "run-x", cluster.client([]))
  return cluster.seen.map(({ method, query }) => ({
    isWrite: method !== "GET" && query["dryRun"] === undefined,
  }))
}

interface Outcome {
  problems: string[]
  failedRequests: number
}

/** Lets a run meet a fault at its n-th request, and the next run come. */
async function tryCase(
  scenario: Scenario,
  n: number,
  fault: string,
  what: (typeof NEXT)[number],
): Promise<Outcome> {
  const cluster = await clusterOf(scenario)
  const watcher = new Watcher(cluster, scenario.before.at(-1))
  let met: () => void = () => undefined
  const cut = new Promise<void>((resolve) => (met = resolve))
  const faults = FAULTS[fault]?.(cluster, n, () => met()) ?? (() => undefined)
  const ended = run(cluster, scenario, "run-x", cluster.client([faults])).catch(() => undefined)
  // A run that is only away is waited for; the others are overtaken.
  await (fault === "away for 20 s" ? ended : cut)
  await next(cluster, scenario, what).catch((error: unknown) => watcher.note(`next: ${String(error)}`))
  if (fault !== "command killed") await ended
  await cluster.clock.sleep((LATE + 20) * 1000)
  await serviceStatus(cluster.context("end", QUICK), false)
  const found = await watcher.verdict()
  const problems = found.map((problem) => `request ${n}, ${fault}, then ${what}: ${problem}`)
  return { problems, failedRequests: watcher.failedRequests }
}

const figures: string[] = []
afterAll(() => console.log([`fault matrix (seed ${SEED}):`, ...figures].join("\n  ")))

it.each(Object.entries(SCENARIOS))(
  "%s: every fault at every step leaves one whole release",
  async (name, scenario) => {
    const requests = await requestsOf(scenario)
    const random = numbers(SEED)
    const writes = requests.flatMap(({ isWrite }, index) => (isWrite ? [index] : []))
    const reads = Array.from({ length: READS }, () => Math.floor(random() * requests.length))
    const steps = [...new Set([...writes, ...reads])].sort((a, b) => a - b)
    const outcomes: Outcome[] = []
    for (const step of steps)
      for (const fault of Object.keys(FAULTS)) {
        const what = NEXT[Math.floor(random() * NEXT.length)] ?? "status"
        if (random() < scenario.share) outcomes.push(await tryCase(scenario, step, fault, what))
      }
    const problems = outcomes.flatMap((outcome) => outcome.problems)
    const of = (pattern: RegExp) => problems.filter((problem) => pattern.test(problem)).length
    figures.push(
      `${name}: ${requests.length} requests, ${writes.length} of them writes; ${steps.length} steps × ${Object.keys(FAULTS).length} faults, ${outcomes.length} cases: ${outcomes.reduce((total, { failedRequests }) => total + failedRequests, 0)} requests of users failed, ${of(/twice/)} effects twice, ${of(/another version|traffic for|leads to/)} times a wrong version, ${of(/ledger: entry/)} chains broken, ${problems.length} problems`,
    )
    expect(problems.slice(0, 20)).toEqual([])
  },
  300_000,
)
