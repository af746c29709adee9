import { beforeEach, describe, expect, it } from "vitest"
import { followerWithDigest, restoreFollowers, updateFollowers } from "../../../src/lib/deploy/followers.js"
import { rollOut } from "../../../src/lib/deploy/rollout.js"
import { CONFIG_MAP, type DeploymentObject } from "../../../src/lib/kube/objects.js"
import { without } from "../../../src/lib/text/json.js"
import { Cluster, digestOf, planFor } from "./cluster.js"
import { deployment, template } from "./objects.js"

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
})

const worker = (version: string, more: Partial<DeploymentObject["spec"]> = {}): DeploymentObject => ({
  ...deployment({
    replicas: 1,
    selector: { matchLabels: { app: "worker" } },
    template: { ...template(`r.io/web@${digestOf(version)}`), metadata: { labels: { app: "worker" } } },
    ...more,
  }),
  metadata: { name: "worker", namespace: "audio" },
})

const image = () =>
  cluster.store.get<DeploymentObject>("Deployment", "worker")?.spec.template.spec.containers[0]?.image

describe("updateFollowers", () => {
  it("creates new objects, and waits for Deployments", async () => {
    const map = { ...CONFIG_MAP, metadata: { name: "settings", namespace: "audio" } }
    const started = cluster.clock.seconds
    const followers = await updateFollowers(cluster.context(), [map, worker("v1")])
    expect(followers.names).toEqual(["settings", "worker"])
    expect(cluster.store.get("ConfigMap", "settings")).toBeDefined()
    expect(cluster.clock.seconds - started).toBeGreaterThanOrEqual(1)
  })

  it("replaces the template of a live one, and keeps an autoscaler's replicas", async () => {
    await updateFollowers(cluster.context(), [worker("v1", { replicas: 3 })])
    const unscaled = { ...worker("v2"), spec: without(worker("v2").spec, "replicas") }
    await updateFollowers(cluster.context(), [unscaled])
    expect(image()).toBe(`r.io/web@${digestOf("v2")}`)
    expect(cluster.store.get<DeploymentObject>("Deployment", "worker")?.spec.replicas).toBe(3)
  })

  it("restores those that it has updated if one doesn't become ready", async () => {
    await updateFollowers(cluster.context(), [worker("v1")])
    cluster.behave("v2", { readyAfter: Infinity })
    await expect(updateFollowers(cluster.context(), [worker("v2")])).rejects.toThrow(
      /^worker isn't up to date after 30 s: pod worker-/,
    )
    expect(image()).toBe(`r.io/web@${digestOf("v1")}`)
  })

  it("changes nothing once the lock is lost", async () => {
    const context = cluster.context()
    context.mustHold = () => {
      throw new Error("lost the lock")
    }
    await expect(updateFollowers(context, [worker("v1")])).rejects.toThrow("lost the lock")
    expect(cluster.writes).toEqual([])
  })
})

describe("restoreFollowers", () => {
  it("leaves those alone that are new", async () => {
    const followers = await updateFollowers(cluster.context(), [worker("v1")])
    await restoreFollowers(cluster.context(), followers)
    expect(image()).toBe(`r.io/web@${digestOf("v1")}`)
  })
})

describe("followerWithDigest", () => {
  it("returns the template that ran a digest, if the cluster still has it", async () => {
    await updateFollowers(cluster.context(), [worker("v1")])
    await updateFollowers(cluster.context(), [worker("v2")])
    const found = await followerWithDigest(cluster.context(), "worker", digestOf("v1"))
    expect(found?.spec.template).toEqual(worker("v1").spec.template)
    expect(await followerWithDigest(cluster.context(), "worker", digestOf("v9"))).toBeUndefined()
    expect(await followerWithDigest(cluster.context(), "none", digestOf("v1"))).toBeUndefined()
  })
})

describe("rollOut with followers", () => {
  it("updates them after the soak, and rolls everything back if one fails", async () => {
    await rollOut(cluster.context("run-1"), planFor("v1", [worker("v1")]))
    const context = cluster.context("run-2")
    const containers = [{ name: "worker", image: `r.io/other@${digestOf("bad")}` }]
    const stuck = worker("v2")
    stuck.spec.template = { ...stuck.spec.template, spec: { containers } }
    cluster.behave("bad", { waiting: "ImagePullBackOff", readyAfter: Infinity })
    const { status, steps } = await rollOut(context, planFor("v2", [stuck]))
    expect(status).toBe("failed")
    expect(steps[6]?.reason).toMatch(/^worker isn't up to date after 30 s: .*; rolled back: v1 serves/)
    expect(image()).toBe(`r.io/web@${digestOf("v1")}`)
    expect(cluster.traffic()).toEqual(["v1"])
  })

  it("updates them only after the soak", async () => {
    await rollOut(cluster.context("run-1"), planFor("v1", [worker("v1")]))
    const updated: string[] = []
    const context = cluster.context("run-2")
    context.say = (line) => {
      if (image()?.endsWith(digestOf("v2"))) updated.push(line)
    }
    await rollOut(context, planFor("v2", [worker("v2")]))
    expect(updated).toEqual(["finish: only v2 runs, with 1 other object"])
  })
})
