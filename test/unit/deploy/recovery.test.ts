import { beforeEach, describe, expect, it } from "vitest"
import { observe } from "../../../src/lib/deploy/context.js"
import { change } from "../../../src/lib/deploy/change.js"
import {
  abandonRollout,
  acceptVersion,
  findRollbackTarget,
  manifestsOf,
} from "../../../src/lib/deploy/rollback.js"
import { rollOut } from "../../../src/lib/deploy/rollout.js"
import { deployOnce } from "../../../src/lib/deploy/run.js"
import { serviceStatus, statusText } from "../../../src/lib/deploy/status.js"
import { type DeploymentObject, LEASE, type Lease } from "../../../src/lib/kube/objects.js"
import { Cluster, digestOf, planFor } from "./cluster.js"
import { deployment, template } from "./objects.js"

let cluster: Cluster
beforeEach(async () => {
  cluster = new Cluster()
  await cluster.running("v1")
})

const entries = async () =>
  (await cluster.context().ledger.entries()).map(({ run, kind, status, facts }) =>
    [run, kind, status, facts["version"]].join(" "),
  )

/** Puts v2 on hold. */
async function onHold(): Promise<void> {
  const users = cluster.workloads.users
  cluster.workloads.users = 0
  const { status } = await cluster.deploy("v2", "run-v2", {
    smoke: { ...cluster.context().settings.smoke, requests: 0 },
  })
  expect(status).toBe("held")
  cluster.workloads.users = users
}

/** Ends the process that rolls out v2 as soon as it says this. */
async function killedAt(step: string): Promise<void> {
  const context = cluster.context("run-v2")
  let dead = false
  context.say = (line) => (dead ||= line.startsWith(step))
  cluster.faults.push(() => (dead ? "lost" : undefined))
  await rollOut(context, planFor("v2"))
  cluster.faults.length = 0
}

describe("deployOnce and the lock", () => {
  const lease = (holder: string, renewTime: number): Lease => ({
    ...LEASE,
    metadata: { name: "slipway-web", namespace: "audio" },
    spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime: new Date(renewTime).toISOString() },
  })

  it("refuses a second deployment while another run renews its lock", async () => {
    const renew = () => void cluster.store.put(lease("run-other", cluster.clock.now()))
    renew()
    cluster.clock.onAdvance(renew)
    const before = cluster.writes.length
    await expect(cluster.deploy("v2")).rejects.toMatchObject({
      code: "DEPLOY_LOCKED",
      message: expect.stringContaining('run "run-other"') as string,
    })
    expect(cluster.writes).toHaveLength(before)
    expect(cluster.pods()).toEqual({ v1: 2 })
  })

  it("takes over the lock of a run that died, after its lease has expired", async () => {
    const times: number[] = []
    const start = cluster.clock.seconds
    cluster.store.put(lease("run-dead", cluster.clock.now()))
    cluster.faults.push(({ method }) => {
      if (method === "PUT") times.push(cluster.clock.seconds - start)
      return undefined
    })
    expect((await cluster.deploy("v2", "run-v2", { lockTimeout: 60 })).status).toBe("succeeded")
    expect(times[0]).toBeGreaterThan(15)
    expect(times[0]).toBeLessThan(20)
  })

  it("releases the lock at the end, also after an error", async () => {
    await expect(
      deployOnce(cluster.context("run-x"), () => Promise.reject(new Error("no plan"))),
    ).rejects.toThrow("no plan")
    expect(cluster.store.get<Lease>("Lease", "slipway-web")?.spec.holderIdentity).toBe("")
  })

  it("deploys once per run id, and reports a failed run as failed again", async () => {
    expect(await cluster.deploy("v2", "run-v1")).toMatchObject({ status: "unchanged", steps: [] })
    cluster.behave("v3", { health: 500 })
    expect((await cluster.deploy("v3")).status).toBe("failed")
    expect(await cluster.deploy("v3")).toMatchObject({
      status: "failed",
      recovered: "the run run-v3 has ended already: failed",
    })
    expect(cluster.pods()).toEqual({ v1: 2 })
  })
})

describe("a deployment that arrives during another's soak", () => {
  it("undoes the other's rollout if that lost the lock, and deploys its own version", async () => {
    const context = cluster.context("run-v2")
    let lost = false
    context.say = (line) => (lost ||= line.startsWith("switch"))
    context.mustHold = () => {
      if (lost) throw new Error("lost the lock")
    }
    expect((await rollOut(context, planFor("v2"))).status).toBe("failed")
    const result = await cluster.deploy("v3")
    expect(result.recovered).toContain(
      "the deployment of v2 by run run-v2 was interrupted (soak) and is undone",
    )
    expect([result.status, cluster.pods(), cluster.traffic()]).toEqual(["succeeded", { v3: 2 }, ["v3"]])
    expect((await entries()).slice(1)).toEqual(["run-v2-undo deploy failed v2", "run-v3 deploy succeeded v3"])
  })
})

describe("serviceStatus", () => {
  it.each([
    ["surge", "undone"],
    ["preview", "undone"],
    ["switch", "undone"],
  ])("undoes a rollout that was interrupted after %s", async (step, done) => {
    await killedAt(step)
    expect((await serviceStatus(cluster.context("look"), true)).recovered).toBe("")
    const status = await serviceStatus(cluster.context("look"), false)
    expect(status.recovered).toContain(done)
    expect(status.running.map(({ version, traffic }) => [version, traffic])).toEqual([["v1", true]])
    expect(status.rollout).toBe("")
  })

  it("finishes a rollout that was interrupted after its soak", async () => {
    const context = cluster.context("run-v2")
    let dead = false
    cluster.faults.push(({ body }) => {
      const lost = dead
      dead ||= JSON.stringify(body ?? "").includes('\\"phase\\":\\"finish\\"')
      return lost ? "lost" : undefined
    })
    await rollOut(context, planFor("v2"))
    cluster.faults.length = 0
    const status = await serviceStatus(cluster.context("look"), false)
    expect(status.recovered).toContain("of v2 by run run-v2 had passed the soak, and is finished")
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v2: 2 }, ["v2"]])
  })

  it("shows a version on hold, and changes nothing", async () => {
    await onHold()
    const status = await serviceStatus(cluster.context("look"), false)
    expect(statusText(status)).toMatch(
      /in progress: deploy of v2 by run run-v2, since \S+: on hold; `slipway/,
    )
    expect(status.running.map(({ version, pods, traffic }) => [version, pods, traffic])).toEqual([
      ["v2", 2, true],
      ["v1", 2, false],
    ])
  })

  it("records a change that was made without Slipway, once", async () => {
    const other = template(`r.io/web@${digestOf("v9")}`)
    await change(cluster.context(), (live) => ({ ...live, spec: { ...live.spec, template: other } }))
    await cluster.clock.sleep(5_000)
    const status = await serviceStatus(cluster.context("look"), false)
    expect(status.manual).toMatch(/^v1 was replaced by .* without Slipway$/)
    expect((await serviceStatus(cluster.context("look"), false)).manual).toBe("")
    expect(await entries()).toHaveLength(2)
  })
})

describe("a version on hold", () => {
  it("is finished once accepted, and its followers are updated", async () => {
    await onHold()
    const worker: DeploymentObject = {
      ...deployment({ template: template("r.io/web:dev"), replicas: 1 }),
      metadata: { name: "worker", namespace: "audio" },
    }
    const plan = planFor("v2")
    expect(await acceptVersion(cluster.context("finish"), { ...plan.manifests, last: [worker] })).toContain(
      "had passed the soak, and is finished",
    )
    expect(cluster.traffic()).toEqual(["v2"])
    const image = cluster.store.get<DeploymentObject>("Deployment", "worker")?.spec.template.spec
      .containers[0]?.image
    expect(image).toBe(`r.io/web@${digestOf("v2")}`)
    expect((await entries()).slice(1)).toEqual(["run-v2 deploy held v2", "run-v2-finish deploy succeeded v2"])
  })

  it("is undone once abandoned", async () => {
    await onHold()
    expect(await findRollbackTarget(cluster.context("back"), "")).toBeUndefined()
    expect(await abandonRollout(cluster.context("back"))).toContain("is undone: v1 serves")
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v1: 2 }, ["v1"]])
  })
})

describe("a rollback", () => {
  /** Rolls back as `slipway rollback` does. */
  const back = async (wanted = "") => {
    const context = cluster.context(`back-${wanted}`)
    const target = await findRollbackTarget(context, wanted)
    if (target === undefined) throw new Error("no target")
    return deployOnce(context, async (facts) => {
      const manifests = await manifestsOf(context, facts, target)
      if (manifests === undefined) throw new Error("no such revision")
      return { ...planFor(target.version), kind: "rollback", manifests }
    })
  }

  it("restores the last good version, with the traffic switched only after its tests", async () => {
    await cluster.deploy("v2")
    const result = await back()
    expect(result).toMatchObject({
      status: "succeeded",
      entry: { kind: "rollback", facts: { version: "v1" } },
    })
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v1: 2 }, ["v1"]])
  })

  it("restores a named version", async () => {
    await cluster.deploy("v2")
    await cluster.deploy("v3")
    expect((await back("v1")).status).toBe("succeeded")
    expect(cluster.traffic()).toEqual(["v1"])
  })

  it("is itself undone if the earlier version is bad by now", async () => {
    await cluster.deploy("v2")
    cluster.behave("v1", { health: 503 })
    expect((await back()).status).toBe("failed")
    expect(cluster.traffic()).toEqual(["v2"])
  })

  it("is refused to a version that was never deployed here, and without an earlier one", async () => {
    await expect(back()).rejects.toMatchObject({ code: "NO_VERSION" })
    await expect(back("v7")).rejects.toMatchObject({ code: "NO_VERSION" })
    await expect(findRollbackTarget(new Cluster().context(), "")).rejects.toMatchObject({
      code: "NOTHING_DEPLOYED",
    })
    expect((await observe(cluster.context())).rollout).toBeUndefined()
  })
})
