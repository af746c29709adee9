import { spawn } from "node:child_process"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { observe } from "../../src/lib/deploy/context.js"
import { deployOnce } from "../../src/lib/deploy/run.js"
import {
  acceptVersion,
  abandonRollout,
  manifestsOf,
  findRollbackTarget,
} from "../../src/lib/deploy/rollback.js"
import { serviceStatus } from "../../src/lib/deploy/status.js"
import { watchVersion } from "../../src/lib/deploy/watch.js"
import { ledgerFaults } from "../../src/lib/run/ledger.js"
import { NAMESPACE, type Pod, SERVICE, type ServiceObject } from "../../src/lib/kube/objects.js"
import { without } from "../../src/lib/text/json.js"
import { kube, kubectl, startCluster } from "./cluster.js"
import { Load } from "./load.js"
import { context, deployed, failure, plan, type Place, publishVersions } from "./rollouts.js"

let digests: Record<string, string>

beforeAll(async () => {
  await startCluster()
  await clear()
  digests = await publishVersions({
    good: "",
    better: "",
    third: "",
    unready: "READY=no",
    sick: "HEALTH=fail",
    half: "ERRORS=0.5",
    some: "ERRORS=0.05",
    few: "ERRORS=0.01",
    later: "ERRORS=0.5 ERROR_PATH=/work",
    slow: "LATENCY=3",
    crashing: "CRASH_AFTER=20",
  })
})

const OURS = "slipway.dev/test"

/** Deletes the namespaces of this run and earlier ones. */
async function clear(): Promise<void> {
  const client = kube()
  const spaces = await client.list(NAMESPACE, { labels: OURS })
  await Promise.all(
    spaces.map(async ({ metadata: { name } }) => {
      await client.delete(SERVICE, "api", name)
      await client.delete(NAMESPACE, name, "")
    }),
  )
}

afterAll(clear)

let places = 0

/** Returns a place with a namespace of its own. */
const place = (name: string, more: Partial<Place> = {}): Place => {
  places += 1
  return { kube: kube(), namespace: `${name}-${Date.now().toString(36)}${places}`, digests, ...more }
}

/** Expects the state that every deployment ends in: one version, and no temporary objects or settings. */
async function steady({ kube: client, namespace }: Place, version: string): Promise<void> {
  const facts = await observe({ kube: client, namespace, names: { deployment: "api", service: "api" } })
  expect(facts.revisions.filter(({ pods }) => pods.length > 0).map((revision) => revision.version)).toEqual([
    version,
  ])
  expect(facts.service?.spec.selector).toEqual({ app: "api" })
  expect(facts.rollout).toBeUndefined()
  expect(facts.deployment?.spec.minReadySeconds ?? 0).toBe(0)
  expect(await client.get<ServiceObject>(SERVICE, "api-preview", namespace)).toBeUndefined()
}

/** Watches the deployed version: first healthy, then replaced by hand, and its replacement is unhealthy. */
async function watched(here: Place): Promise<void> {
  const seen = (seconds: number) => watchVersion(context(here), seconds, () => undefined)
  expect(await seen(2)).toMatchObject({ status: "well", version: "better" })
  const replaced = seen(60)
  await sleep(2_000)
  await kubectl("-n", here.namespace, "set", "env", "deployment/api", "ERRORS=0.5")
  expect(await replaced).toMatchObject({ status: "replaced", version: "better" })
  await kubectl("-n", here.namespace, "rollout", "status", "deployment/api", "--timeout=60s")
  const ill = await seen(20)
  expect(ill.status).toBe("unwell")
  expect(ill.text).toMatch(/^error rate \d+\.\d % \(\d+ of \d+ requests; limit 2 %\)$/)
}

describe("a rollout under 50 requests a second", () => {
  it("replaces a good version with another one without a failed request", async () => {
    const here = place("good")
    const first = await deployed(here, "good")
    expect(failure(first)).toEqual({ step: "", reason: "", log: "" })
    await steady(here, "good")
    const load = await Load.start(here.kube, here.namespace)
    const second = await deployed(here, "better")
    expect(failure(second)).toEqual({ step: "", reason: "", log: "" })
    await load.end()
    await steady(here, "better")
    expect(load.failed()).toEqual([])
    expect(load.sent.at(-1)?.version).toBe("better")
    expect(load.sent.length).toBeGreaterThan(300)

    const entries = await context(here).ledger.entries()
    expect(
      entries.map(({ kind, status, facts }) => [kind, status, facts["version"], facts["previous"]]),
    ).toEqual([
      ["deploy", "succeeded", "good", ""],
      ["deploy", "succeeded", "better", "good"],
    ])
    expect(ledgerFaults(entries)).toEqual([])
  })

  it("rolls back at once if the new version fails only under its own traffic", async () => {
    const here = place("later")
    await deployed(here, "good")
    const load = await Load.start(here.kube, here.namespace)
    const ran = await deployed(here, "later")
    await load.end()
    const { step, reason } = failure(ran)
    expect(step).toBe("soak")
    expect(reason).toMatch(
      /^error rate \d+\.\d % \(\d+ of \d+ requests; limit 2 %\); rolled back: good serves, \d\.\d s after it was noticed/,
    )
    await steady(here, "good")
    const failed = load.failed()
    expect(failed.every(({ status }) => status === 500)).toBe(true)
    const seconds = ((failed.at(-1)?.at ?? 0) - (failed[0]?.at ?? 0)) / 1000
    console.log(
      `bad with traffic for ${seconds.toFixed(1)} s: ${failed.length} of ${load.sent.length} requests failed`,
    )
    expect(seconds).toBeLessThan(10)
    expect((await context(here).ledger.entries()).at(-1)).toMatchObject({
      kind: "deploy",
      status: "failed",
      facts: { version: "later", failed: "soak", rolledBackTo: "good", actor: "ann" },
    })
  })
})

// What follows has namespaces of its own, and waits most of its time: up to five at once (vitest's `maxConcurrency`).
describe.concurrent("a bad version", () => {
  it.each<[name: string, version: string, more: string, step: string, says: RegExp]>([
    ["doesn't exist", `sha256:${"0".repeat(64)}`, "", "surge", /0{64}.*not found|not found.*0{64}/],
    ["never gets ready", "unready", "", "surge", /only 0 of 2 new pods ready after 40 s: .*(503|warming up)/],
    [
      "is ready and fails health",
      "sick",
      "",
      "preview",
      /health: .*\/health answers 503, not 200: \{"database": "unavailable"\}/,
    ],
    [
      "answers 500 to half of the requests",
      "half",
      "",
      "preview",
      /smoke: error rate (49|50)\.\d % \(\d+ of 200 requests; limit 2 %\)/,
    ],
    ["answers 500 to 5 %", "some", "", "preview", /smoke: error rate [45]\.\d %/],
    [
      "wants more memory than there is",
      "better",
      "resources: { requests: { memory: 900Gi } }",
      "surge",
      /memory/,
    ],
  ])("that %s never gets traffic", async (_, version, more, step, says) => {
    const here = place("bad")
    expect(failure(await deployed(here, "good"))).toEqual({ step: "", reason: "", log: "" })
    const ran = await deployed(here, version, more)
    expect(failure(ran)).toMatchObject({ step, reason: expect.stringMatching(says) as string })
    expect(failure(ran).reason).toMatch(/rolled back: good serves/)
    await steady(here, "good")
  })
})

describe.concurrent("a version that is replaced by hand", () => {
  it("is noticed, recorded, deployed again by a rollback, and watched", async () => {
    const here = place("manual")
    await deployed(here, "good")
    await deployed(here, "better")
    const again = await deployed(here, "better")
    expect(again.status).toBe("unchanged")

    await kubectl("-n", here.namespace, "rollout", "undo", "deployment/api")
    await kubectl("-n", here.namespace, "rollout", "status", "deployment/api", "--timeout=60s")
    const status = await serviceStatus(context(here), false)
    expect(status.manual).toBe("better was replaced by good without Slipway")
    expect(status.ledger[0]).toMatchObject({ kind: "manual", facts: { version: "good", instead: "better" } })
    expect((await serviceStatus(context(here), false)).manual).toBe("")

    const target = await findRollbackTarget(context(here), "better")
    expect(target).toMatchObject({ version: "better", digest: digests["better"] })
    const back = await deployOnce(context(here), async (facts) => ({
      ...plan(here, "better"),
      kind: "rollback",
      manifests:
        (target && (await manifestsOf(context(here), facts, target))) ?? plan(here, "better").manifests,
    }))
    expect(failure(back)).toEqual({ step: "", reason: "", log: "" })
    await steady(here, "better")
    await watched(here)
  })
})

describe.concurrent("a rollout with traffic", () => {
  /** Deploys a version while requests are sent. */
  async function underLoad(here: Place, version: string) {
    const load = await Load.start(here.kube, here.namespace, 20)
    const ran = await deployed(here, version)
    await load.end()
    return { ran, load }
  }

  it("tolerates 1 % of errors as below the limit, and only raises an alert for slow answers", async () => {
    const here = place("few")
    await deployed(here, "good")
    const { ran } = await underLoad(here, "few")
    expect(failure(ran)).toEqual({ step: "", reason: "", log: "" })
    const slow = await underLoad(
      {
        ...here,
        settings: {
          latencyP95: 2,
          smoke: { ...context(here).settings.smoke, requests: 8 },
          health: { ...context(here).settings.health, timeout: 5 },
        },
      },
      "slow",
    )
    expect(slow.ran.status).toBe("succeeded")
    expect(slow.ran.alerts.join()).toMatch(/the 95th percentile of latency is up to 5 s, above 2 s/)
  })

  it("detects a late crash, reports its exit code, and rolls back", async () => {
    const here = place("crash", { settings: { soak: 25 } })
    await deployed({ ...here, settings: { soak: 3 } }, "good")
    const { ran, load } = await underLoad(here, "crashing")
    expect(failure(ran)).toMatchObject({
      step: "soak",
      reason: expect.stringMatching(
        /crashed \(exit code 1|none of the new pods|isn't ready any more|health/,
      ) as string,
    })
    await steady(here, "good")
    console.log(`crash: ${load.failed().length} of ${load.sent.length} requests failed`)
  })

  it("is put on hold without samples, until a person accepts or abandons it", async () => {
    const { smoke } = context(place("x")).settings
    const here = place("held", { settings: { soak: 2, hold: 2, smoke: { ...smoke, requests: 0 } } })
    expect((await deployed(here, "good")).status).toBe("held")
    expect(await acceptVersion(context(here))).toMatch(/is finished/)
    await steady(here, "good")
    const ran = await deployed(here, "better")
    expect(ran.status).toBe("held")
    expect(failure(ran).reason).toMatch(
      /^on hold: 0 of 50 requests came within \d+ s; better has the traffic/,
    )
    await expect(deployed(here, "third")).rejects.toThrow(/HELD/)
    expect(await abandonRollout(context(here))).toMatch(/is undone: good serves/)
    await steady(here, "good")
  })
})

it.concurrent("two concurrent deployments never interleave: one waits for the other", async () => {
  const here = place("two")
  await deployed(here, "good")
  const lines: string[] = []
  const both = await Promise.all(
    ["better", "third"].map((version) =>
      deployOnce(
        context(here, undefined, (line) => lines.push(`${version} ${line}`)),
        () => Promise.resolve(plan(here, version)),
      ),
    ),
  )
  expect(both.map(({ status }) => status)).toEqual(["succeeded", "succeeded"])
  const order = lines.map((line) => line.split(" ")[0] ?? "")
  expect(order.filter((version, index) => version !== order[index - 1])).toHaveLength(2)
  const entries = await context(here).ledger.entries()
  expect(entries.map(({ facts }) => facts["previous"])).toEqual(["", "good", entries[1]?.facts["version"]])
  await steady(here, entries[2]?.facts["version"] ?? "")
})

describe.concurrent("a killed client", () => {
  /** Deploys in a process of its own, and kills it once its output matches. */
  function killedAfter(here: Place, version: string, says: RegExp): Promise<string> {
    const given = without(here, "kube")
    const script = join(import.meta.dirname, "deployer.ts")
    const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(given), version])
    let said = ""
    child.stderr.on("data", (data: Buffer) => (said += data.toString()))
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString()
      if (says.test(said)) child.kill("SIGKILL")
    })
    return new Promise((done) => child.once("close", () => done(said)))
  }

  it.each<[after: string, says: RegExp, left: string, recovered: RegExp]>([
    ["prepare", /^prepare:/m, "good", /^$/],
    ["surge", /^surge:/m, "good", /was interrupted \(surge\) and is undone: good serves/],
    ["preview", /^preview:/m, "good", /was interrupted \((surge|switch)\) and is undone: good serves/],
    ["switch", /^switch:/m, "good", /was interrupted \(soak\) and is undone: good serves/],
    [
      "soak",
      /^soak:/m,
      "better",
      /had passed the soak, and is finished|was interrupted \(soak\) and is undone/,
    ],
  ])(
    "after %s leaves no unfinished rollout, and the service never loses a request",
    async (_, says, left, recovered) => {
      const here = place("killed")
      await deployed(here, "good")
      const load = await Load.start(here.kube, here.namespace, 10)
      expect(await killedAfter(here, "better", says)).toMatch(says)
      await new Promise((done) => setTimeout(done, 16_000))
      const status = await serviceStatus(context(here), false)
      expect(status.recovered).toMatch(recovered)
      const now = /undone/.test(status.recovered) ? "good" : left
      await steady(here, now)
      expect((await load.end()).failed()).toEqual([])
      if (recovered.test("")) return
      expect((await context(here).ledger.entries()).at(-1)).toMatchObject({
        kind: "deploy",
        status: now === "good" ? "failed" : "succeeded",
        run: `killed-better-${here.namespace}${now === "good" ? "-undo" : "-finish"}`,
      })
    },
  )
})

it.concurrent(
  "a deployment without the necessary rights names the missing verb and resource, and changes nothing",
  async () => {
    const here = place("rights")
    await deployed(here, "good")
    const space = here.namespace
    await kubectl("-n", space, "create", "serviceaccount", "looker")
    await kubectl(
      "-n",
      space,
      "create",
      "rolebinding",
      "looker",
      "--clusterrole=view",
      `--serviceaccount=${space}:looker`,
    )
    const token = (await kubectl("-n", space, "create", "token", "looker")).trim()
    const looker = { ...here, kube: kube({ token }) }
    await expect(deployed(looker, "better")).rejects.toThrow(
      /looker" may not patch namespaces.*KUBE_FORBIDDEN/s,
    )
    expect((await serviceStatus(context(looker), false)).running).toMatchObject([
      { version: "good", traffic: true },
    ])
    await steady(here, "good")
  },
)

it("a deployment survives a crash of the API server in the middle of the switch", async () => {
  const here = place("restart")
  await deployed(here, "good")
  const began = await apiServerBegan()
  const load = await Load.start(here.kube, here.namespace, 20)
  const wanted = plan(here, "better")
  const ran = await deployOnce(
    context(here, undefined, (line) => {
      if (line.startsWith("preview:")) void killApiServer(here)
    }),
    () => Promise.resolve(wanted),
  )
  await load.end()
  expect(failure(ran)).toEqual({ step: "", reason: "", log: "" })
  expect(load.failed()).toEqual([])
  await steady(here, "better")
  expect(await apiServerBegan()).toBeGreaterThan(began)
})

/** Returns the start time of the API server's process, in seconds since 1970. */
async function apiServerBegan(): Promise<number> {
  const metrics = await kubectl("get", "--raw", "/metrics")
  return Number(/^process_start_time_seconds (\S+)$/m.exec(metrics)?.[1])
}

/** Kills the API server's process, as the kernel would if memory ran out. */
async function killApiServer({ namespace, kube: client }: Place): Promise<void> {
  const script = `import glob, os
for file in glob.glob("/proc/[0-9]*/cmdline"):
    if b"kube-apiserver" in open(file, "rb").read().split(b"\\0")[:2]:
        os.kill(int(file.split("/")[2]), 9)`
  await client.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "killer", namespace },
    spec: {
      hostPID: true,
      restartPolicy: "Never",
      containers: [{ name: "killer", image: "python:3.11-slim", command: ["python", "-c", script] }],
    },
  } as Pod)
}
