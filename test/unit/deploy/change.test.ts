import { describe, expect, it } from "vitest"
import { beforeOf, merged, settled, surging, templateOf } from "../../../src/lib/deploy/change.js"
import { HASH } from "../../../src/lib/deploy/manifests.js"
import { deployment, template } from "./objects.js"

const strategy = { type: "Recreate" }

describe("a Deployment under a rollout", () => {
  it("keeps all old pods beside as many new ones, for as long as nobody comes back to it", () => {
    const {
      minReadySeconds = 0,
      progressDeadlineSeconds = 0,
      ...spec
    } = surging(deployment({ strategy, replicas: 3 }).spec)
    expect(minReadySeconds).toBeGreaterThan(300 * 24 * 3600)
    expect(progressDeadlineSeconds).toBeGreaterThan(minReadySeconds)
    expect(spec.strategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 },
    })
    expect([spec.replicas, spec.template]).toEqual([3, template("web:1")])
  })

  it("is afterwards what it was before", () => {
    const all = deployment({ strategy, minReadySeconds: 5, progressDeadlineSeconds: 60, replicas: 2 })
    for (const one of [all, deployment(), deployment({ strategy }), deployment({ minReadySeconds: 0 })])
      expect(settled(surging(one.spec), beforeOf(one))).toStrictEqual(one.spec)
  })
})

it("takes a ReplicaSet's template without what its Deployment added", () => {
  const made = template("web:1", { note: "a" })
  const set = { ...made, metadata: { ...made.metadata, labels: { app: "web", [HASH]: "abc" } } }
  expect(templateOf(set)).toEqual(made)
  expect(templateOf({ spec: made.spec })).toEqual({ metadata: { labels: {} }, spec: made.spec })
})

describe("a live Deployment as a manifest wants it", () => {
  const live = {
    ...deployment({ replicas: 7, template: template("web:1") }),
    metadata: {
      name: "web",
      resourceVersion: "5",
      labels: { a: "1", b: "1" },
      annotations: { other: "x", c: "1" },
    },
  }

  it("keeps the replicas that an autoscaler counted, unless the manifest names them", () => {
    expect(merged(live, deployment()).spec.replicas).toBe(7)
    expect(merged(live, deployment({ replicas: 2 })).spec.replicas).toBe(2)
    expect(merged(deployment(), deployment()).spec).not.toHaveProperty("replicas")
  })

  it("has the manifest's pods, and nothing of the old ones", () => {
    const wanted = template("web:2")
    expect(
      merged({ ...live, spec: { ...live.spec, paused: true } }, deployment({ template: wanted })).spec,
    ).toEqual({ ...deployment({ template: wanted, replicas: 7 }).spec })
  })

  it("keeps what others noted, and the state that it was made of", () => {
    const wanted = { ...deployment(), metadata: { name: "web", labels: { b: "2" }, annotations: { c: "2" } } }
    expect(merged(live, wanted).metadata).toEqual({
      name: "web",
      resourceVersion: "5",
      labels: { a: "1", b: "2" },
      annotations: { other: "x", c: "2" },
    })
  })
})
