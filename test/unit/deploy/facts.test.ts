import { describe, expect, it, test } from "vitest"
import {
  byHash,
  factsOf,
  isReady,
  living,
  newest,
  notesOf,
  type Phase,
  recovery,
  serving,
} from "../../../src/lib/deploy/facts.js"
import { HASH, NOTES } from "../../../src/lib/deploy/manifests.js"
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

describe("what is known of a service", () => {
  const sets = [
    replicaSet("one", 1),
    replicaSet("three", 3),
    replicaSet("two", 2),
    replicaSet("not", 9, undefined, "d-2"),
  ]

  it("has the Deployment's own ReplicaSets, the newest first, each with its own pods", () => {
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

  it("is nothing where there is no Deployment", () => {
    const orphan = { ...replicaSet("one", 1), metadata: { name: "o", ownerReferences: [] } }
    expect(factsOf({ deployment: undefined, service: undefined, replicaSets: [orphan], pods: [] })).toEqual({
      deployment: undefined,
      service: undefined,
      revisions: [],
      pinned: undefined,
      rollout: undefined,
    })
  })

  it("tells what the Service is pinned to", () => {
    const live = { deployment: deployment(), replicaSets: [], pods: [] }
    expect(factsOf({ ...live, service: service({ app: "web", [HASH]: "one" }) }).pinned).toBe("one")
    expect(factsOf({ ...live, service: service() }).pinned).toBeUndefined()
  })

  test.each(["", "{", "[]", "null", '{"phase":"dancing"}', '"surge"'])(
    "has no rollout where %j is noted",
    (note) => {
      const live = { deployment: deployment(), service: service(undefined, note), replicaSets: [], pods: [] }
      expect(factsOf(live).rollout).toBeUndefined()
    },
  )

  it("has the rollout that is noted", () => {
    const note = JSON.stringify(rollout({ phase: "soak" }))
    expect(
      factsOf({ deployment: deployment(), service: service(undefined, note), replicaSets: [], pods: [] })
        .rollout,
    ).toEqual(rollout({ phase: "soak" }))
  })
})

describe("what pods are", () => {
  test.each([
    ["web", "web", ""],
    ["web:1.2", "1.2", ""],
    ["localhost:5000/web", "localhost:5000/web", ""],
    ["localhost:5000/web:1.2", "1.2", ""],
    [`r.io/web:1.2@${DIGEST}`, "1.2", DIGEST],
    [`r.io/web@${DIGEST}`, `r.io/web@${DIGEST}`, DIGEST],
    ["r.io/web@sha256:short", "r.io/web@sha256:short", ""],
  ])("is told by the image %j where nothing is noted", (image, version, digest) => {
    expect(notesOf(template(image))).toEqual({ version, digest, commit: "" })
  })

  it("is what Slipway noted on them", () => {
    const notes = { [NOTES.version]: "v7", [NOTES.digest]: DIGEST, [NOTES.commit]: "c7" }
    expect(notesOf(template("web:1.2", notes))).toEqual({ version: "v7", digest: DIGEST, commit: "c7" })
  })

  it("is ready only while they stay", () => {
    expect(isReady(pod("a", "h"))).toBe(true)
    expect(isReady(pod("a", "h", false))).toBe(false)
    expect(isReady(going(pod("a", "h")))).toBe(false)
    expect(isReady({ ...pod("a", "h"), status: {} })).toBe(false)
  })

  it("counts as living unless it goes or has ended", () => {
    const ended = (phase: "Succeeded" | "Failed") => ({ ...pod(phase, "h"), status: { phase } })
    const pods = [pod("a", "h", false), going(pod("b", "h")), ended("Succeeded"), ended("Failed")]
    expect(living(revision("h", { pods })).map(({ metadata }) => metadata.name)).toEqual(["a"])
  })
})

describe("the traffic", () => {
  const old = revision("old", { pods: [pod("a", "old")] })
  const young = revision("new", { pods: [pod("b", "new", false)] })

  it("goes where the Service is pinned to, and nowhere else", () => {
    expect(serving(facts({ revisions: [young, old], pinned: "new" }))).toBe(young)
    expect(serving(facts({ revisions: [young, old], pinned: "none" }))).toBeUndefined()
  })

  it("goes to what has pods that are ready, the newest first", () => {
    expect(serving(facts({ revisions: [young, old] }))).toBe(old)
    expect(serving(facts({ revisions: [{ ...young, pods: [pod("b", "new")] }, old] }))?.hash).toBe("new")
  })

  it("is the newest's where nothing is ready", () => {
    expect(serving(facts({ revisions: [young, { ...old, pods: [] }] }))).toBe(young)
    expect(serving(facts())).toBeUndefined()
  })
})

describe("a rollout that nobody walks any more", () => {
  test.each<[Phase, string]>([
    ["surge", "undo"],
    ["switch", "undo"],
    ["soak", "undo"],
    ["undo", "undo"],
    ["held", "held"],
    ["finish", "finish"],
  ])("in the phase %s calls for: %s", (phase, what) => {
    for (const pinned of [undefined, "old", "new"])
      expect(recovery(facts({ rollout: rollout({ phase }), pinned }))).toBe(what)
  })

  it("that was never noted leaves a Service to unpin at most", () => {
    expect(recovery(facts({ pinned: "old" }))).toBe("unpin")
    expect(recovery(facts())).toBe("none")
  })
})
