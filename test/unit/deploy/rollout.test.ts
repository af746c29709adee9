import { beforeEach, describe, expect, it } from "vitest"
import { observe } from "../../../src/lib/deploy/context.js"
import { HASH } from "../../../src/lib/deploy/manifests.js"
import { rollOut } from "../../../src/lib/deploy/rollout.js"
import { deployOnce, type DeployResult } from "../../../src/lib/deploy/run.js"
import type { DeploymentObject, ServiceObject } from "../../../src/lib/kube/objects.js"
import { Cluster, digestOf, planFor } from "./cluster.js"
import { deployment } from "./objects.js"
import { refusal } from "./store.js"

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
})

const reasons = ({ steps }: DeployResult): string[] => steps.map(({ name, reason }) => `${name}: ${reason}`)

/** The state after every rollout: no temporary objects. */
async function settled(): Promise<void> {
  const facts = await observe(cluster.context())
  expect(facts.rollout).toBeUndefined()
  expect(facts.service?.spec.selector).toEqual({ app: "web" })
  expect(facts.deployment?.spec).not.toHaveProperty("minReadySeconds")
  expect(facts.deployment?.spec).not.toHaveProperty("strategy")
  expect(cluster.store.get("Service", "web-preview")).toBeUndefined()
}

describe("rollOut of a good version", () => {
  it("deploys the first version", async () => {
    const result = await cluster.deploy("v1")
    expect(result.status).toBe("succeeded")
    expect(reasons(result).slice(2, 5)).toEqual([
      "surge: 2 pods of v1 ready",
      expect.stringMatching(/^preview: 2 pods healthy 2 times in a row; smoke: error rate 0\.0 % \(0 of 4 /),
      "switch: v1 has the traffic, after 0.0 s",
    ])
    expect(cluster.pods()).toEqual({ v1: 2 })
    await settled()
  })

  it("surges, tests, switches, soaks and finishes", async () => {
    await cluster.running("v1")
    const seen: Record<string, unknown> = {}
    const context = cluster.context("run-2")
    context.say = (line) => {
      const [step = ""] = line.split(":")
      seen[step] = [cluster.pods(), cluster.traffic()]
    }
    const started = cluster.clock.seconds
    const result = await deployOnce(context, () => Promise.resolve(planFor("v2")))
    expect(seen).toEqual({
      prepare: [{ v1: 2 }, ["v1"]],
      migrate: [{ v1: 2 }, ["v1"]],
      surge: [{ v1: 2, v2: 2 }, ["v1"]],
      preview: [{ v1: 2, v2: 2 }, ["v1"]],
      switch: [{ v1: 2, v2: 2 }, ["v2"]],
      soak: [{ v1: 2, v2: 2 }, ["v2"]],
      finish: [{ v2: 2 }, ["v2"]],
    })
    expect(cluster.clock.seconds - started).toBeGreaterThanOrEqual(20)
    expect(result.status).toBe("succeeded")
    expect(result.entry).toMatchObject({
      status: "succeeded",
      facts: { version: "v2", digest: digestOf("v2"), previous: "v1", previousDigest: digestOf("v1") },
    })
    await settled()
  })

  it("does nothing to a version that runs already, but applies the replicas", async () => {
    await cluster.running("v1")
    const plan = planFor("v1")
    plan.manifests.deployment.spec.replicas = 3
    const result = await deployOnce(cluster.context("again"), () => Promise.resolve(plan))
    expect(result.status).toBe("unchanged")
    expect(cluster.pods()).toEqual({ v1: 3 })
  })

  it("judges by Slipway's own requests if pods have no metrics", async () => {
    cluster.behave("v1", { metrics: false })
    const result = await cluster.deploy("v1", "run", { smoke: smoke(100) })
    expect(reasons(result)[5]).toMatch(/^soak: error rate 0\.0 % \(0 of 1\d\d requests/)
  })

  it("raises an alert for slow answers, and undoes nothing", async () => {
    cluster.behave("v1", { latency: "5" })
    const result = await cluster.deploy("v1")
    const alert = "the 95th percentile of latency is up to 5 s, above 2 s"
    expect(result).toMatchObject({
      status: "succeeded",
      alerts: [alert],
      entry: { facts: { alerts: alert } },
    })
  })
})

const smoke = (requests: number) => ({ ...cluster.context().settings.smoke, requests })

describe("rollOut with too few samples", () => {
  const idle = async (version: string) => {
    cluster.workloads.users = 0
    return cluster.deploy(version, `run-${version}`, { smoke: smoke(0) })
  }

  it("puts the version on hold, with the old pods kept", async () => {
    await cluster.running("v1")
    const result = await idle("v2")
    expect(result.status).toBe("held")
    expect(reasons(result)[5]).toMatch(
      /^soak: on hold: 0 of 50 requests came within 40 s; v2 has the traffic/,
    )
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v1: 2, v2: 2 }, ["v2"]])
    expect((await observe(cluster.context())).rollout?.phase).toBe("held")
    expect(result.entry?.status).toBe("held")
  })

  it("waits up to the hold time for samples, and then passes", async () => {
    await cluster.running("v1")
    cluster.workloads.users = 1.5
    const result = await cluster.deploy("v2", "run", { smoke: smoke(0) })
    expect(reasons(result)[5]).toMatch(/^soak: error rate 0\.0 % \(0 of 5\d requests/)
  })

  it("refuses another deployment while a version is on hold", async () => {
    await cluster.running("v1")
    await idle("v2")
    await expect(cluster.deploy("v3")).rejects.toMatchObject({ code: "HELD" })
    expect(cluster.pods()).toEqual({ v1: 2, v2: 2 })
  })
})

describe("rollOut, preparing", () => {
  /** The reason of the first step, which must have changed nothing. */
  const refused = async (version = "v2"): Promise<string> => {
    const before = cluster.pods()
    const result = await cluster.deploy(version)
    expect(result.status).toBe("failed")
    expect(result.steps.slice(1).every(({ status }) => status === "skipped")).toBe(true)
    expect(cluster.pods()).toEqual(before)
    return result.steps[0]?.reason ?? ""
  }

  it("refuses a paused Deployment", async () => {
    await cluster.running("v1")
    const live = cluster.store.get<DeploymentObject>("Deployment", "web")
    if (live !== undefined) live.spec.paused = true
    expect(await refused()).toContain('the Deployment "web" is paused')
  })

  it("refuses a Deployment that is scaled to 0", async () => {
    const plan = planFor("v1")
    plan.manifests.deployment.spec.replicas = 0
    const { steps } = await rollOut(cluster.context(), plan)
    expect(steps[0]?.reason).toContain("is scaled to 0")
  })

  it("refuses to take over the Service of another Deployment", async () => {
    cluster.store.put({ ...deployment(), metadata: { name: "old", namespace: "audio" } })
    cluster.store.put({ ...planFor("v1").manifests.service })
    await cluster.clock.sleep(1_000)
    await cluster.clock.sleep(5_000)
    expect(await refused("v1")).toContain('the Service "web" routes to pods already')
  })

  it("reports what the cluster rejects in a dry run", async () => {
    await cluster.running("v1")
    cluster.faults.push(({ query, path }) =>
      query["dryRun"] === "All" && path.endsWith("/deployments/web")
        ? refusal(422, "Invalid", "spec.selector: field is immutable")
        : undefined,
    )
    expect(await refused()).toMatch(
      /^the cluster rejects the objects:\n {2}Deployment web: .*spec\.selector: field is immutable/,
    )
  })

  it("retries a write that conflicts with another's", async () => {
    await cluster.running("v1")
    let conflicts = 0
    cluster.faults.push(({ method, path }) =>
      method === "PUT" && path.endsWith("/deployments/web") && (conflicts += 1) < 4
        ? refusal(409, "Conflict", "the object has been modified")
        : undefined,
    )
    expect((await cluster.deploy("v2")).status).toBe("succeeded")
    expect(conflicts).toBeGreaterThan(4)
  })

  it("keeps a changed port of the Service for the switch", async () => {
    await cluster.running("v1")
    const plan = planFor("v2")
    plan.manifests.service.spec.ports = [{ port: 8080 }]
    const ports: unknown[] = []
    const context = cluster.context("run-2")
    context.say = () => ports.push(cluster.store.get<ServiceObject>("Service", "web")?.spec.ports?.[0]?.port)
    await rollOut(context, plan)
    expect(ports).toEqual([80, 80, 80, 80, 8080, 8080, 8080])
    expect(cluster.store.get<ServiceObject>("Service", "web")?.spec.selector).not.toHaveProperty([HASH])
  })
})
