import { beforeEach, describe, expect, it } from "vitest"
import { watchVersion } from "../../../src/lib/deploy/watch.js"
import { rollOut } from "../../../src/lib/deploy/rollout.js"
import { change } from "../../../src/lib/deploy/change.js"
import { Cluster, digestOf, planFor } from "./cluster.js"
import { template } from "./objects.js"

let cluster: Cluster
let raised: string[]
beforeEach(async () => {
  cluster = new Cluster()
  raised = []
  await cluster.running("v1")
})

const watched = (seconds = 60, settings = {}) =>
  watchVersion(cluster.context("watch", settings), seconds, (alert) => raised.push(alert))

/** Changes how the running version behaves after so many seconds. */
const later = (seconds: number, app: Parameters<Cluster["behave"]>[1]) =>
  cluster.clock.after(seconds, () => cluster.behave("v1", app))

describe("watchVersion", () => {
  it("is well after the whole duration without problems", async () => {
    const started = cluster.clock.seconds
    expect(await watched(60)).toMatchObject({ status: "well", version: "v1", alerts: [], details: [] })
    expect(cluster.clock.seconds - started).toBe(60)
    expect(cluster.writes).toEqual([])
  })

  it("is unwell for errors, as soon as they come", async () => {
    later(10, { errorRate: () => 0.3 })
    const started = cluster.clock.seconds
    const result = await watched(600)
    expect(result).toMatchObject({ status: "unwell", version: "v1" })
    expect(result.text).toMatch(/^error rate \d+\.\d % \(\d+ of \d+ requests; limit 2 %\)$/)
    expect(cluster.clock.seconds - started).toBeLessThan(30)
  })

  it("is unwell for bad health", async () => {
    later(10, { health: 500 })
    expect((await watched()).text).toMatch(/^web-\S+: \/health answers 500, not 200: health$/)
  })

  it("is unwell for a crash, with the cluster's diagnosis", async () => {
    later(10, { crashAfter: 0 })
    const result = await watched()
    expect(result.text).toMatch(/crashed \(exit code 137, OOMKilled\)$/)
    expect(result.details.join("\n")).toMatch(/^pod web-\S+.*\n.* said: log of web-/m)
  })

  it("tolerates a single lost health answer", async () => {
    let lost = 0
    cluster.faults.push(({ path }) =>
      path.endsWith("/proxy/health") && (lost += 1) === 5 ? { status: 502, body: "lost" } : undefined,
    )
    expect((await watched()).status).toBe("well")
    expect(lost).toBeGreaterThan(5)
  })

  it("raises one alert for slow answers, at once, and is well", async () => {
    later(0, { latency: "4" })
    const at: number[] = []
    const started = cluster.clock.seconds
    const versions: string[] = []
    const result = await watchVersion(cluster.context("watch"), 60, (_, version) => {
      versions.push(version)
      at.push(cluster.clock.seconds - started)
    })
    expect(versions).toEqual(["v1"])
    expect(result).toMatchObject({
      status: "well",
      alerts: ["the 95th percentile of latency is up to 4 s, above 2 s"],
    })
    expect(at).toHaveLength(1)
    expect(at[0]).toBeLessThan(5)
  })

  it("reports latency beyond the histogram's buckets", async () => {
    later(0, { latency: "+Inf" })
    await watched()
    expect(raised).toEqual(["the 95th percentile of latency is beyond the histogram's buckets, above 2 s"])
  })

  it("reports too few requests to judge, without taking longer", async () => {
    cluster.workloads.users = 0
    const started = cluster.clock.seconds
    const result = await watched(60, { smoke: { ...cluster.context().settings.smoke, requests: 0 } })
    expect(result).toMatchObject({ status: "few", text: "0 of 50 requests came within 60 s" })
    expect(cluster.clock.seconds - started).toBe(60)
  })

  it("isn't unwell if another version replaces it", async () => {
    const other = template(`r.io/web@${digestOf("v9")}`)
    cluster.clock.after(20, () => {
      void change(cluster.context(), (live) => ({ ...live, spec: { ...live.spec, template: other } }))
    })
    expect(await watched()).toMatchObject({ status: "replaced", version: "v1" })
  })

  it("is replaced once a deployment has started", async () => {
    cluster.clock.after(20, () => {
      const service = cluster.store.get("Service", "web")
      if (service !== undefined) {
        const rollout = JSON.stringify({ phase: "surge", version: "v2" })
        const annotations = { ...service.metadata.annotations, "slipway.dev/rollout": rollout }
        cluster.store.put({ ...service, metadata: { ...service.metadata, annotations } })
      }
    })
    expect(await watched()).toMatchObject({ status: "replaced", text: "a deployment of v2 has started" })
  })

  it("waits for an API server that is away", async () => {
    const [from, to] = [cluster.clock.seconds + 10, cluster.clock.seconds + 100]
    cluster.faults.push(() =>
      cluster.clock.seconds > from && cluster.clock.seconds < to ? "lost" : undefined,
    )
    expect((await watched(200)).status).toBe("well")
  })

  it("judges by Prometheus if there is one", async () => {
    const context = cluster.context("watch")
    const prometheus = "http://prometheus/"
    context.settings = { ...context.settings, errors: { ...context.settings.errors, prometheus } }
    const queries: string[] = []
    context.fetchOutside = (url) => {
      queries.push(decodeURIComponent(url))
      const value = url.includes("status") && url.includes("5..") ? "30" : "100"
      const body = JSON.stringify({ status: "success", data: { result: [{ value: [0, value] }] } })
      return Promise.resolve({ status: 200, body, milliseconds: 1 })
    }
    const result = await watchVersion(context, 60, () => undefined)
    expect(result).toMatchObject({
      status: "unwell",
      text: "error rate 30.0 % (30 of 100 requests; limit 2 %)",
    })
    expect(queries[0]).toMatch(
      /^http:\/\/prometheus\/api\/v1\/query\?query=sum\(increase\(http_requests_total\{namespace="audio",pod=~"web-\w+-\[a-z0-9\]\{5\}"\}\[1s\]\)\)$/,
    )
  })

  it("refuses to watch during a rollout, and without a Deployment", async () => {
    const context = cluster.context("run-2")
    const outcome: unknown[] = []
    context.say = (line) => {
      if (line.startsWith("surge")) outcome.push(watched().catch((error: unknown) => error))
    }
    await rollOut(context, planFor("v2"))
    expect(await outcome[0]).toMatchObject({ code: "UNDER_WAY" })
    await expect(watchVersion(new Cluster().context(), 1, () => undefined)).rejects.toMatchObject({
      code: "NOTHING_DEPLOYED",
    })
  })
})
