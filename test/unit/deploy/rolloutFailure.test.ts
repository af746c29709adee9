import { beforeEach, describe, expect, it } from "vitest"
import { observe } from "../../../src/lib/deploy/context.js"
import { rollOut } from "../../../src/lib/deploy/rollout.js"
import type { DeployResult } from "../../../src/lib/deploy/run.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { Cluster, digestOf, planFor } from "./cluster.js"
import type { App } from "./workloads.js"

let cluster: Cluster
beforeEach(async () => {
  cluster = new Cluster()
  await cluster.running("v1")
})

const failure = ({ steps }: Pick<DeployResult, "steps">) =>
  steps.find(({ status }) => status === "failed" || status === "error")

/** Deploys v2 with this behaviour, and expects v1 to have all pods and the traffic afterwards. */
async function rolledBack(app: Partial<App>, settings = {}): Promise<string> {
  cluster.behave("v2", app)
  const result = await cluster.deploy("v2", "run-2", settings)
  expect(result.status).toBe("failed")
  expect([cluster.pods(), cluster.traffic()]).toEqual([{ v1: 2 }, ["v1"]])
  const { rollout, pinned, deployment } = await observe(cluster.context())
  expect([rollout, pinned, deployment?.spec.minReadySeconds]).toEqual([undefined, undefined, undefined])
  expect(cluster.store.get("Service", "web-preview")).toBeUndefined()
  expect(result.entry).toMatchObject({ status: "failed", facts: { rolledBackTo: "v1" } })
  const failed = failure(result)
  return `${failed?.name}: ${failed?.reason}`
}

describe("rollOut of a bad version, before the switch", () => {
  it("rolls back if pods never become ready", async () => {
    expect(await rolledBack({ readyAfter: Infinity })).toMatch(
      /^surge: only 0 of 2 new pods ready after 30 s: pod .*; rolled back: v1 serves$/,
    )
  })

  it("rolls back at once if the image can't be pulled", async () => {
    const started = cluster.clock.seconds
    expect(await rolledBack({ waiting: "ImagePullBackOff", readyAfter: Infinity })).toMatch(/^surge: pod /)
    expect(cluster.clock.seconds - started).toBeLessThan(20)
  })

  it("rolls back if health fails at the preview", async () => {
    const reason = await rolledBack({ health: 503 })
    expect(reason).toMatch(
      /^preview: health: web-\S+: \/health answers 503, not 200: health; rolled back: v1 serves$/,
    )
    expect(cluster.said.join()).not.toContain("traffic back")
  })

  it("rolls back if too many smoke requests fail", async () => {
    const settings = { smoke: { ...cluster.context().settings.smoke, requests: 50 } }
    expect(await rolledBack({ errorRate: () => 0.5 }, settings)).toMatch(
      /^preview: smoke: error rate 50\.0 % \(25 of 50 requests; limit 2 %\); rolled back/,
    )
  })

  it("rolls back if another image runs than the verified one", async () => {
    expect(await rolledBack({ runs: `r.io/web@${digestOf("evil")}` })).toMatch(
      /^preview: the image that runs isn't the one that was verified: web-\S+ runs r\.io\/web@/,
    )
  })

  it("changes no pod if the migration fails", async () => {
    const migrate = () => Promise.reject(new Error("no database"))
    const result = await rollOut(cluster.context("run-2"), planFor("v2", [], { migrate }))
    expect(failure(result)).toMatchObject({
      name: "migrate",
      status: "error",
      reason: "no database; nothing was changed",
    })
    expect(cluster.writes).toEqual([])
  })
})

describe("rollOut of a bad version, in the soak", () => {
  it("rolls back for late errors, though all requests together are below the limit", async () => {
    const errorRate = (seconds: number) => (seconds > 240 ? 0.08 : 0)
    const reason = await rolledBack({ errorRate }, { soak: 300 })
    const [, percent, errors, requests] =
      /^soak: error rate (\S+) % \((\d+) of ([\d,]+) requests; limit 2 %\); rolled back: v1 serves, /.exec(
        reason,
      ) ?? []
    expect(Number(percent)).toBeGreaterThan(2)
    // The requests of the last minute alone.
    expect(Number(requests?.replace(",", ""))).toBeLessThan(1400)
    expect(Number(errors)).toBeGreaterThan(0)
    expect(cluster.said.join("\n")).toMatch(/traffic back at v1 after \d\.\d s/)
  })

  it("gives the traffic back before it removes the new pods", async () => {
    const states: string[] = []
    cluster.faults.push(() => {
      const state = JSON.stringify([cluster.traffic(), cluster.pods()])
      if (state !== states.at(-1)) states.push(state)
      return undefined
    })
    await rolledBack({ errorRate: (seconds) => (seconds > 10 ? 1 : 0) })
    expect(states.slice(-3).map((state) => JSON.parse(state) as unknown)).toEqual([
      [["v2"], { v1: 2, v2: 2 }],
      [["v1"], { v1: 2, v2: 2 }],
      [["v1"], { v1: 2 }],
    ])
  })

  it("rolls back for a crash of a pod", async () => {
    expect(await rolledBack({ crashAfter: 8 })).toMatch(
      /^soak: web-\S+ crashed \(exit code 137, OOMKilled\); rolled back: v1 serves, 0\.0 s after it was noticed$/,
    )
  })

  it("rolls back if health fails from outside", async () => {
    const context = cluster.context("run-2", { url: { staging: "https://web.example/" } })
    context.fetchOutside = (url) => {
      const status =
        url === "https://web.example/health" && cluster.clock.seconds > (cluster.switchedAt ?? Infinity) + 5
          ? 502
          : 200
      return Promise.resolve({ status, body: "", milliseconds: 1 })
    }
    const { steps } = await rollOut(context, planFor("v2"))
    expect(failure({ steps })?.reason).toMatch(/^https:\/\/web\.example\/health answers 502, not 200; rolled/)
    expect(cluster.traffic()).toEqual(["v1"])
  })
})

describe("rollOut without its API server", () => {
  /** Loses all requests between these seconds of the soak. */
  const outage = (from: number, to: number) =>
    cluster.faults.push(() => {
      const { switchedAt } = cluster
      return switchedAt !== undefined &&
        cluster.clock.seconds >= switchedAt + from &&
        cluster.clock.seconds < switchedAt + to
        ? "lost"
        : undefined
    })

  it("waits for one that is away for a while, and goes on", async () => {
    outage(5, 200)
    const result = await cluster.deploy("v2")
    expect(result.status).toBe("succeeded")
    expect(cluster.said.join("\n")).toMatch(/; waiting$/m)
  })

  it("fails if it is away for good, and the next run undoes the rollout", async () => {
    outage(5, Infinity)
    const run = rollOut(cluster.context("run-2"), planFor("v2"))
    const result = await run
    expect(failure(result)).toMatchObject({ name: "soak", status: "error" })
    expect(failure(result)?.reason).toMatch(/; the rollback failed: .*; the next `slipway status` or/s)
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v1: 2, v2: 2 }, ["v2"]])
    cluster.faults.length = 0
    const next = await cluster.deploy("v3", "run-3")
    expect(next.recovered).toMatch(
      /^the deployment of v2 by run run-2 was interrupted \(soak\) and is undone: v1 serves$/,
    )
    expect(cluster.pods()).toEqual({ v3: 2 })
  })
})

describe("rollOut that loses its lock", () => {
  it("changes nothing more, not even to undo", async () => {
    const context = cluster.context("run-2")
    let writes = 0
    context.mustHold = () => {
      if (cluster.traffic()[0] !== "v2") return
      writes ||= cluster.writes.length
      throw fail("LOCK_LOST", ["run-3"])
    }
    const result = await rollOut(context, planFor("v2"))
    expect(failure(result)?.reason).toMatch(/^lost the lock to run "run-3".*; this run has undone nothing$/s)
    expect(cluster.writes).toHaveLength(writes)
    expect(cluster.traffic()).toEqual(["v2"])
  })
})

describe("rollOut whose rollback fails", () => {
  it("says so, and the next run undoes the rollout", async () => {
    cluster.behave("v2", { errorRate: (seconds) => (seconds > 5 ? 1 : 0) })
    const context = cluster.context("run-2")
    context.say = (line) => {
      if (line.startsWith("switch:")) cluster.frozen = new Map([["web", cluster.workloads.endpoints("web")]])
    }
    const result = await rollOut(context, planFor("v2"))
    expect(failure(result)?.reason).toMatch(
      /; the rollback failed: the Service doesn't route to the pods of v1 after 20 s; the next/,
    )
    expect((await observe(context)).rollout?.phase).toBe("undo")
    cluster.frozen = undefined
    expect((await cluster.deploy("v3")).recovered).toContain("is undone: v1 serves")
  })

  it("doesn't wait for old pods that were unhealthy before, so that the next version can be deployed", async () => {
    cluster.behave("v1", { readyAfter: Infinity })
    cluster.behave("v2", { readyAfter: Infinity })
    await cluster.clock.sleep(1_000)
    const result = await cluster.deploy("v2")
    expect(failure(result)?.reason).toMatch(/; rolled back: v1 was restored, and is as unhealthy as before$/)
    expect(await cluster.deploy("v3")).toMatchObject({ status: "succeeded", recovered: "" })
    expect(cluster.pods()).toEqual({ v3: 2 })
  })
})

describe("rollOut of a bad version, in special cases", () => {
  it("removes a first deployment, and keeps the Service", async () => {
    cluster = new Cluster()
    cluster.behave("v1", { health: 500 })
    const result = await cluster.deploy("v1")
    expect(failure(result)?.reason).toMatch(
      /; rolled back: there was no previous version: the new one was removed$/,
    )
    expect([cluster.pods(), cluster.store.all("Deployment")]).toEqual([{}, []])
    expect(cluster.store.get("Service", "web")).toBeDefined()
    expect((await observe(cluster.context())).rollout).toBeUndefined()
    cluster.behave("v1", {})
    expect((await cluster.deploy("v1", "again")).status).toBe("succeeded")
  })

  it("awaits the public URL of a first deployment, whose route takes its time", async () => {
    cluster = new Cluster()
    const deployed = (seconds: number, readyTimeout = 60) => {
      const context = cluster.context("run-1", { url: { staging: "https://web.example" }, readyTimeout })
      const isRouted = () => cluster.clock.seconds > (cluster.switchedAt ?? Infinity) + seconds
      context.fetchOutside = () =>
        Promise.resolve({ status: isRouted() ? 200 : 503, body: "", milliseconds: 1 })
      return rollOut(context, planFor("v2"))
    }
    expect(failure(await deployed(100))?.reason).toMatch(
      /^https:\/\/web\.example\/health answers 503, not 200/,
    )
    expect((await deployed(30)).status).toBe("succeeded")
  })

  it("keeps the new version if the old ReplicaSet was deleted", async () => {
    const old = cluster.store.all("ReplicaSet")[0]?.metadata.name ?? ""
    const context = cluster.context("run-2")
    cluster.behave("v2", { errorRate: (seconds) => (seconds > 5 ? 1 : 0) })
    context.say = (line) => void (line.startsWith("switch") && cluster.store.remove("ReplicaSet", old))
    const result = await rollOut(context, planFor("v2"))
    expect(failure(result)?.reason).toMatch(/; rolled back: v1 is gone from the cluster; v2 stays/)
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v2: 2 }, ["v2"]])
  })
})
