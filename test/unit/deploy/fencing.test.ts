import { beforeEach, describe, expect, it } from "vitest"
import { deployOnce, type DeployResult } from "../../../src/lib/deploy/run.js"
import { serviceStatus } from "../../../src/lib/deploy/status.js"
import type { DeploymentObject, ServiceObject } from "../../../src/lib/kube/objects.js"
import type { Seen } from "../kube/server.js"
import { HASH } from "../../../src/lib/deploy/manifests.js"
import { Cluster, type Fault, LATE, planFor } from "./cluster.js"

let cluster: Cluster
beforeEach(async () => {
  cluster = new Cluster()
  await cluster.running("v1")
})

/** Waits for a run that is cut off, and soaks until that is back. */
const LONG = { lockTimeout: 60, soak: 60 }

const isSwitch = ({ method, path, body }: Seen): boolean =>
  method === "PATCH" &&
  path.endsWith("/services/web") &&
  Object.hasOwn(selectorOf(body), HASH) &&
  cluster.pods()["v2"] === 2

const selectorOf = (body: unknown): object =>
  (body as { spec?: { selector?: object } } | undefined)?.spec?.selector ?? {}

/** A run of v2 on a machine of its own; `cut` resolves once it has met its fault. */
function run(fault: Fault, version = "v2"): { ended: Promise<DeployResult>; cut: Promise<void> } {
  let met: () => void = () => undefined
  const cut = new Promise<void>((resolve) => (met = resolve))
  const watched: Fault = (seen) => {
    const found = fault(seen)
    if (found !== undefined) met()
    return found
  }
  const context = cluster.context(`run-${version}`, {}, cluster.client([watched]))
  const ended = deployOnce(context, () => Promise.resolve(planFor(version)))
  ended.catch(() => undefined)
  return { ended, cut }
}

/** Cuts a run off from its switch on, for so many seconds. */
function cutOff(seconds = LATE): Fault {
  let since: number | undefined
  return (seen) => {
    if (isSwitch(seen)) since ??= cluster.clock.seconds
    return since !== undefined && cluster.clock.seconds < since + seconds ? "lost" : undefined
  }
}

/** Cuts a run off for good; its switch arrives late. */
function lateSwitch(): Fault {
  let isCut = false
  return (seen) => {
    const isFirst = !isCut && isSwitch(seen)
    isCut ||= isFirst
    return isFirst ? "late" : isCut ? "lost" : undefined
  }
}

const entries = async () =>
  (await cluster.context().ledger.entries()).map(({ run: id, status }) => `${id} ${status}`)

describe("a run that is cut off in the switch", () => {
  it.each([
    ["whose client tries again", cutOff],
    ["whose request arrives late", lateSwitch],
  ])("and undone meanwhile by a status, changes nothing any more: one %s", async (_, fault) => {
    const { ended, cut } = run(fault())
    await cut
    await cluster.clock.sleep(16_000)
    const status = await serviceStatus(cluster.context("look"), false)
    expect(status.recovered).toMatch(/by run run-v2 was interrupted \(\w+\) and is undone: v1 serves$/)
    await ended.catch(() => undefined)
    await cluster.clock.sleep(60_000)
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v1: 2 }, ["v1"]])
    expect(cluster.store.get<ServiceObject>("Service", "web")?.spec.selector).toEqual({ app: "web" })
    expect(await entries()).toEqual(["run-v1 succeeded", "run-v2-undo failed"])
  })

  it("says that another has taken over, and records nothing", async () => {
    const { ended, cut } = run(cutOff())
    await cut
    const next = cluster.deploy("v3", "run-v3", LONG)
    const result = await ended
    expect((await next).status).toBe("succeeded")
    expect(result).toMatchObject({ status: "failed", isLost: true, entry: undefined })
    expect(result.steps[4]?.reason).toMatch(/^lost the lock to run "run-v3".*; this run has undone nothing$/s)
  })

  it.each([
    ["whose client tries again", cutOff],
    ["whose request arrives late", lateSwitch],
  ])("doesn't roll back the release that is deployed meanwhile: one %s", async (_, fault) => {
    const { ended, cut } = run(fault())
    await cut
    const next = await cluster.deploy("v3", "run-v3", LONG)
    await ended.catch(() => undefined)
    expect(next).toMatchObject({ status: "succeeded", entry: { facts: { version: "v3" } } })
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v3: 2 }, ["v3"]])
    expect(await entries()).toEqual(["run-v1 succeeded", "run-v2-undo failed", "run-v3 succeeded"])
  })

  it("goes on if it is back before anybody else took its lock", async () => {
    const { ended } = run(cutOff(20))
    expect((await ended).status).toBe("succeeded")
    expect(cluster.traffic()).toEqual(["v2"])
  })
})

describe("a request that arrives late, after its run was undone,", () => {
  /** Lets the first write that fits arrive late, and cuts its sender off. */
  const late = (fits: (seen: Seen) => boolean): Fault => {
    let isCut = false
    return (seen) => {
      const isFirst = !isCut && seen.query["dryRun"] === undefined && fits(seen)
      isCut ||= isFirst
      return isFirst ? "late" : isCut ? "lost" : undefined
    }
  }

  it.each<[what: string, fits: (seen: Seen) => boolean]>([
    ["the Deployment's change", ({ method, path }) => method === "PUT" && path.endsWith("/deployments/web")],
    ["the preview's creation", ({ method, body }) => method === "POST" && isNamed(body, "web-preview")],
    [
      "the preview's removal",
      ({ method, path }) => method === "DELETE" && path.endsWith("/services/web-preview"),
    ],
    ["the pin", ({ method, path }) => method === "PATCH" && path.endsWith("/services/web")],
  ])("changes nothing: %s", async (_, fits) => {
    const { ended, cut } = run(late(fits))
    await cut
    const next = await cluster.deploy("v3", "run-v3", LONG)
    await ended.catch(() => undefined)
    await cluster.clock.sleep(60_000)
    expect(next.status).toBe("succeeded")
    expect([cluster.pods(), cluster.traffic()]).toEqual([{ v3: 2 }, ["v3"]])
  })

  it("starts no pod of a first deployment", async () => {
    cluster = new Cluster()
    const { ended, cut } = run(late(({ method, path }) => method === "POST" && path.endsWith("/deployments")))
    await cut
    await serviceStatus(cluster.context("look"), false)
    await ended.catch(() => undefined)
    await cluster.clock.sleep(60_000)
    expect(cluster.pods()).toEqual({})
    expect((await cluster.deploy("v3")).status).toBe("succeeded")
    expect(cluster.store.get<DeploymentObject>("Deployment", "web")?.spec.replicas).toBe(2)
  })
})

const isNamed = (body: unknown, name: string): boolean =>
  (body as { metadata?: { name?: string } } | undefined)?.metadata?.name === name

describe("two runs of the same id", () => {
  it("don't take each other's lock for their own", async () => {
    const { ended, cut } = run(cutOff(60))
    await cut
    expect((await cluster.deploy("v2", "run-v2", LONG)).status).toBe("succeeded")
    expect(await ended).toMatchObject({ status: "failed", isLost: true })
    expect(cluster.traffic()).toEqual(["v2"])
  })
})
