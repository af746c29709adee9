import { beforeEach, describe, expect, it } from "vitest"
import {
  abandonRollout,
  earlierRollback,
  findRollbackTarget,
  manifestsOf,
} from "../../../src/lib/deploy/rollback.js"
import { deployOnce } from "../../../src/lib/deploy/run.js"
import { serviceStatus, statusText } from "../../../src/lib/deploy/status.js"
import type { ConfigMap } from "../../../src/lib/kube/objects.js"
import { Cluster, digestOf, planFor } from "./cluster.js"

let cluster: Cluster
beforeEach(async () => {
  cluster = new Cluster()
  await cluster.running("v1")
})

const deploy = (version: string, run: string) =>
  deployOnce(cluster.context(run), () => Promise.resolve(planFor(version)), [], {
    kind: "deploy",
    digest: digestOf(version),
  })

/** Rolls back as `slipway rollback` does. */
async function back(run: string, wanted = "") {
  const context = cluster.context(run)
  const done = wanted === "" ? await earlierRollback(context) : undefined
  if (done !== undefined) return done
  const target = await findRollbackTarget(context, wanted)
  if (target === undefined) return abandonRollout(context)
  return deployOnce(
    context,
    async (facts) => {
      const manifests = await manifestsOf(context, facts, target)
      if (manifests === undefined) throw new Error("no such revision")
      return { ...planFor(target.version), kind: "rollback", manifests }
    },
    [],
    { kind: "rollback", digest: wanted === "" ? undefined : target.digest },
  )
}

const entries = async () =>
  (await cluster.context().ledger.entries()).map(({ run, kind, status, facts }) =>
    [run, kind, status, facts["version"]].join(" "),
  )

describe("a run of CI that has deployed", () => {
  it("rolls back under the same id", async () => {
    await deploy("v2", "ci-7")
    expect(await back("ci-7")).toMatchObject({ status: "succeeded", entry: { kind: "rollback" } })
    expect(cluster.traffic()).toEqual(["v1"])
    expect((await entries()).slice(1)).toEqual(["ci-7 deploy succeeded v2", "ci-7 rollback succeeded v1"])
  })

  it("deploys another version under the same id, and records it", async () => {
    await deploy("v2", "ci-7")
    expect((await deploy("v3", "ci-7")).status).toBe("succeeded")
    expect(await deploy("v3", "ci-7")).toMatchObject({ status: "unchanged", steps: [] })
    expect((await entries()).slice(1)).toEqual(["ci-7 deploy succeeded v2", "ci-7 deploy succeeded v3"])
  })

  it("goes back no further if its rollback is repeated", async () => {
    await deploy("v2", "ci-7")
    await deploy("v3", "ci-8")
    await back("ci-9")
    expect(await back("ci-9")).toMatchObject({ status: "unchanged", steps: [] })
    expect(cluster.traffic()).toEqual(["v2"])
  })

  it("goes back no further if it has abandoned a version on hold, and is repeated", async () => {
    await deploy("v2", "ci-7")
    cluster.workloads.users = 0
    const smoke = { ...cluster.context().settings.smoke, requests: 0 }
    expect((await cluster.deploy("v3", "ci-8", { smoke })).status).toBe("held")
    cluster.workloads.users = 20
    expect(await back("ci-9")).toContain("is undone: v2 serves")
    expect(await back("ci-9")).toMatchObject({
      status: "unchanged",
      recovered: "this run has abandoned v3 already",
    })
    expect(cluster.traffic()).toEqual(["v2"])
  })
})

describe("a deployment whose API server is lost before the ledger's write", () => {
  const lostAtLedger = () => {
    let dead = false
    cluster.faults.push(({ method, path }) => {
      dead ||= method === "PUT" && path.includes("/configmaps/")
      return dead ? "lost" : undefined
    })
  }

  it("is recorded by its repetition, under its own id", async () => {
    lostAtLedger()
    await expect(deploy("v2", "ci-7")).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" })
    cluster.faults.length = 0
    expect(await deploy("v2", "ci-7")).toMatchObject({ status: "unchanged", entry: { run: "ci-7" } })
    expect((await entries()).slice(1)).toEqual(["ci-7 deploy succeeded v2"])
    expect((await back("ci-8")) as object).toMatchObject({ status: "succeeded" })
  })

  it("is recorded by the next run", async () => {
    lostAtLedger()
    await expect(deploy("v2", "ci-7")).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" })
    cluster.faults.length = 0
    await serviceStatus(cluster.context("look"), false)
    expect((await entries()).slice(1)).toEqual(["ci-7 deploy succeeded v2"])
  })

  it("is recorded once if only the ledger's answer was lost", async () => {
    let dead = false
    cluster.faults.push(({ method, path }) => {
      const isWrite = method === "PUT" && path.includes("/configmaps/")
      const fault = dead ? ("lost" as const) : isWrite ? ("unanswered" as const) : undefined
      dead ||= isWrite
      return fault
    })
    await expect(deploy("v2", "ci-7")).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" })
    cluster.faults.length = 0
    expect((await deploy("v2", "ci-7")).status).toBe("unchanged")
    expect((await entries()).slice(1)).toEqual(["ci-7 deploy succeeded v2"])
  })
})

describe("a ledger whose chain is broken", () => {
  const broken = () => {
    const [map] = cluster.store.all<ConfigMap>("ConfigMap")
    const text = map?.data?.["entries.jsonl"] ?? ""
    if (map !== undefined)
      cluster.store.put({ ...map, data: { "entries.jsonl": text.replace('"run":"ci-7"', '"run":"ci-6"') } })
  }

  it("stops no rollback, which reports it", async () => {
    await deploy("v2", "ci-7")
    broken()
    expect(await back("ci-8")).toMatchObject({
      status: "succeeded",
      alerts: ["the ledger is damaged: entry 2 was changed"],
      entry: { facts: { version: "v1", damage: "entry 2 was changed" } },
    })
    expect(cluster.traffic()).toEqual(["v1"])
    expect(statusText(await serviceStatus(cluster.context("look"), true))).toContain(
      "the ledger is DAMAGED: entry 2 was changed",
    )
  })

  it("offers no changed entry's version to a rollback", async () => {
    await deploy("v2", "ci-7")
    await deploy("v3", "ci-8")
    broken()
    await expect(back("ci-9", "v2")).rejects.toMatchObject({ code: "NO_VERSION" })
    expect(await back("ci-9")).toMatchObject({ status: "succeeded", entry: { facts: { version: "v1" } } })
  })
})
