import { describe, expect, it } from "vitest"
import { rolloutSettingsOf, merged, settled, surging, templateOf } from "../../../src/lib/deploy/change.js"
import { HASH } from "../../../src/lib/deploy/manifests.js"
import { deployment, template } from "./objects.js"

const strategy = { type: "Recreate" }

describe("surging and settled", () => {
  it("keep all old pods next to as many new ones while a rollout lasts", () => {
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

  it("restore the original settings", () => {
    const all = deployment({ strategy, minReadySeconds: 5, progressDeadlineSeconds: 60, replicas: 2 })
    for (const one of [all, deployment(), deployment({ strategy }), deployment({ minReadySeconds: 0 })])
      expect(settled(surging(one.spec), rolloutSettingsOf(one))).toStrictEqual(one.spec)
  })
})

it("templateOf removes the hash that a Deployment added", () => {
  const made = template("web:1", { note: "a" })
  const set = { ...made, metadata: { ...made.metadata, labels: { app: "web", [HASH]: "abc" } } }
  expect(templateOf(set)).toEqual(made)
  expect(templateOf({ spec: made.spec })).toEqual({ metadata: { labels: {} }, spec: made.spec })
})

describe("merged", () => {
  const live = {
    ...deployment({ replicas: 7, template: template("web:1") }),
    metadata: {
      name: "web",
      resourceVersion: "5",
      labels: { a: "1", b: "1" },
      annotations: { other: "x", c: "1" },
    },
  }

  it("keeps an autoscaler's replicas, unless the manifest sets them", () => {
    expect(merged(live, deployment()).spec.replicas).toBe(7)
    expect(merged(live, deployment({ replicas: 2 })).spec.replicas).toBe(2)
    expect(merged(deployment(), deployment()).spec).not.toHaveProperty("replicas")
  })

  it("takes the manifest's pod template as a whole", () => {
    const wanted = template("web:2")
    expect(
      merged({ ...live, spec: { ...live.spec, paused: true } }, deployment({ template: wanted })).spec,
    ).toEqual({ ...deployment({ template: wanted, replicas: 7 }).spec })
  })

  it("keeps others' annotations and the resourceVersion", () => {
    const wanted = { ...deployment(), metadata: { name: "web", labels: { b: "2" }, annotations: { c: "2" } } }
    expect(merged(live, wanted).metadata).toEqual({
      name: "web",
      resourceVersion: "5",
      labels: { a: "1", b: "2" },
      annotations: { other: "x", c: "2" },
    })
  })
})
