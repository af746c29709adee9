import { describe, expect, it, test } from "vitest"
import {
  byHash,
  factsOf,
  isReadyPod,
  living,
  newest,
  annotatedVersion,
  type Phase,
  recovery,
  serving,
} from "../../../src/lib/deploy/facts.js"
import { HASH, ANNOTATIONS } from "../../../src/lib/deploy/manifests.js"
import {
  deployment,
  DIGEST,
  facts,
  going,
  pod,
  replicaSet,
  revision,
  rollout,
  service,
  template,
} from "./objects.js"

describe("factsOf", () => {
  const sets = [
    replicaSet("one", 1),
    replicaSet("three", 3),
    replicaSet("two", 2),
    replicaSet("not", 9, undefined, "d-2"),
  ]

  it("returns the Deployment's own ReplicaSets, the newest first, each with its own pods", () => {
    const pods = [pod("a", "one"), pod("b", "three"), pod("c", "three", true, "rs-else"), pod("d", "four")]
    const found = factsOf({ deployment: deployment(), service: service(), replicaSets: sets, pods })
    expect(found.revisions.map(({ hash }) => hash)).toEqual(["three", "two", "one"])
    expect(found.revisions.map((each) => each.pods.map(({ metadata }) => metadata.name))).toEqual([
      ["b"],
      [],
      ["a"],
    ])
    expect(newest(found)?.number).toBe(3)
    expect(byHash(found, "two")?.name).toBe("web-two")
    expect([byHash(found, "four"), byHash(found, undefined)]).toEqual([undefined, undefined])
  })

  it("returns no revisions without a Deployment", () => {
    const orphan = { ...replicaSet("one", 1), metadata: { name: "o", ownerReferences: [] } }
    expect(factsOf({ deployment: undefined, service: undefined, replicaSets: [orphan], pods: [] })).toEqual({
      deployment: undefined,
      service: undefined,
      revisions: [],
      pinned: undefined,
      rollout: undefined,
    })
  })

  it("returns the hash that the Service is pinned to", () => {
    const live = { deployment: deployment(), replicaSets: [], pods: [] }
    expect(factsOf({ ...live, service: service({ app: "web", [HASH]: "one" }) }).pinned).toBe("one")
    expect(factsOf({ ...live, service: service() }).pinned).toBeUndefined()
  })

  test.each(["", "{", "[]", "null", '{"phase":"dancing"}', '"surge"'])(
    "returns no rollout for the annotation %j",
    (note) => {
      const live = { deployment: deployment(), service: service(undefined, note), replicaSets: [], pods: [] }
      expect(factsOf(live).rollout).toBeUndefined()
    },
  )

  it("returns the recorded rollout", () => {
    const note = JSON.stringify(rollout({ phase: "soak" }))
    expect(
      factsOf({ deployment: deployment(), service: service(undefined, note), replicaSets: [], pods: [] })
        .rollout,
    ).toEqual(rollout({ phase: "soak" }))
  })
})

describe("annotatedVersion, isReadyPod and living", () => {
  test.each([
    ["web", "web", ""],
    ["web:1.2", "1.2", ""],
    ["localhost:5000/web", "localhost:5000/web", ""],
    ["localhost:5000/web:1.2", "1.2", ""],
    [`r.io/web:1.2@${DIGEST}`, "1.2", DIGEST],
    [`r.io/web@${DIGEST}`, `r.io/web@${DIGEST}`, DIGEST],
    ["r.io/web@sha256:short", "r.io/web@sha256:short", ""],
  ])("annotatedVersion reads the image %j without annotations", (image, version, digest) => {
    expect(annotatedVersion(template(image))).toEqual({ version, digest, commit: "" })
  })

  it("annotatedVersion reads Slipway's annotations", () => {
    const notes = { [ANNOTATIONS.version]: "v7", [ANNOTATIONS.digest]: DIGEST, [ANNOTATIONS.commit]: "c7" }
    expect(annotatedVersion(template("web:1.2", notes))).toEqual({
      version: "v7",
      digest: DIGEST,
      commit: "c7",
    })
  })

  it("isReadyPod is false for a pod that is being deleted", () => {
    expect(isReadyPod(pod("a", "h"))).toBe(true)
    expect(isReadyPod(pod("a", "h", false))).toBe(false)
    expect(isReadyPod(going(pod("a", "h")))).toBe(false)
    expect(isReadyPod({ ...pod("a", "h"), status: {} })).toBe(false)
  })

  it("living leaves out pods that are being deleted or have ended", () => {
    const ended = (phase: "Succeeded" | "Failed") => ({ ...pod(phase, "h"), status: { phase } })
    const pods = [pod("a", "h", false), going(pod("b", "h")), ended("Succeeded"), ended("Failed")]
    expect(living(revision("h", { pods })).map(({ metadata }) => metadata.name)).toEqual(["a"])
  })
})

describe("serving", () => {
  const old = revision("old", { pods: [pod("a", "old")] })
  const young = revision("new", { pods: [pod("b", "new", false)] })

  it("is only the pinned revision", () => {
    expect(serving(facts({ revisions: [young, old], pinned: "new" }))).toBe(young)
    expect(serving(facts({ revisions: [young, old], pinned: "none" }))).toBeUndefined()
  })

  it("is the newest revision with ready pods", () => {
    expect(serving(facts({ revisions: [young, old] }))).toBe(old)
    expect(serving(facts({ revisions: [{ ...young, pods: [pod("b", "new")] }, old] }))?.hash).toBe("new")
  })

  it("is the newest if no pod is ready", () => {
    expect(serving(facts({ revisions: [young, { ...old, pods: [] }] }))).toBe(young)
    expect(serving(facts())).toBeUndefined()
  })
})

describe("recovery of an interrupted rollout", () => {
  test.each<[Phase, string]>([
    ["surge", "undo"],
    ["switch", "undo"],
    ["soak", "undo"],
    ["undo", "undo"],
    ["held", "held"],
    ["finish", "finish"],
  ])("in the phase %s is: %s", (phase, what) => {
    for (const pinned of [undefined, "old", "new"])
      expect(recovery(facts({ rollout: rollout({ phase }), pinned }))).toBe(what)
  })

  it("without a record at most unpins the Service", () => {
    expect(recovery(facts({ pinned: "old" }))).toBe("unpin")
    expect(recovery(facts())).toBe("none")
  })
})
