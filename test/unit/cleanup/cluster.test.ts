import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { oldJobs, oldPreviews, oldReplicaSets } from "../../../src/lib/cleanup/cluster.js"
import { imageNames, imagesIn, rollbackDigests, usesOf } from "../../../src/lib/cleanup/use.js"
import { JOB, type Job, NAMESPACE } from "../../../src/lib/kube/objects.js"
import type { LedgerEntry } from "../../../src/lib/run/ledger.js"
import { facts, pod, revision, rollout } from "../deploy/objects.js"
import { DAY, digest, NOW } from "./repository.js"

const ago = (days: number): string => new Date(NOW - days * DAY).toISOString()

describe("oldJobs", () => {
  const job = (name: string, status: Job["status"], labels = { "slipway.dev/run": "1" }): Job => ({
    ...JOB,
    metadata: { name, namespace: "audio", uid: `uid-${name}`, labels },
    spec: { template: { spec: { containers: [] } } },
    ...(status !== undefined && { status }),
  })
  const ended = (days: number, type = "Complete"): Job["status"] => ({
    conditions: [{ type, status: "True", lastTransitionTime: ago(days) }],
  })
  const old = (...jobs: Job[]) => oldJobs(jobs, 86_400, NOW).map(({ name }) => name)

  it("lists Slipway's Jobs that finished long ago, failed or not", () => {
    expect(old(job("slipway-a", ended(2)), job("slipway-b", ended(2, "Failed")))).toEqual([
      "slipway-a",
      "slipway-b",
    ])
  })

  it("keeps running Jobs, recent ones and other tools' Jobs", () => {
    const suspended = {
      conditions: [{ type: "Suspended", status: "True" as const, lastTransitionTime: ago(9) }],
    }
    expect(
      old(
        job("slipway-a", { active: 1 }),
        job("slipway-b", undefined),
        job("slipway-c", ended(0.5)),
        job("slipway-d", suspended),
        job("nightly", ended(9)),
        { ...job("slipway-e", ended(9), {} as never) },
      ),
    ).toEqual([])
  })
})

describe("oldReplicaSets", () => {
  const set = (number: number, more = {}) =>
    revision(`r${number}`, { number, replicas: 0, digest: digest(`d${number}`), ...more })
  const sets = [5, 4, 3, 2, 1].map((number) => set(number))
  const names = (revisions: typeof sets, needed: string[] = [], more = {}) =>
    oldReplicaSets(facts({ revisions, ...more }), 1, needed).map(({ name }) => name)

  it("lists those that no rollback needs", () => {
    expect(names(sets)).toEqual(["web-r3", "web-r2", "web-r1"])
  })

  it("keeps those with pods, with replicas or with a version to roll back to", () => {
    const kept = [...sets.slice(0, 2), set(3, { pods: [pod("a", "r3")] }), set(2, { replicas: 1 }), set(1)]
    expect(names(kept, [digest("d1")])).toEqual([])
  })

  it("keeps one per version to roll back to, not one per change of its settings", () => {
    const same = [5, 4, 3, 2, 1].map((number) => set(number, { digest: digest(number > 2 ? "new" : "old") }))
    expect(names(same, [digest("new"), digest("old")])).toEqual(["web-r3", "web-r1"])
  })

  it("lists none during a rollout", () => {
    expect(names(sets, [], { rollout: rollout() })).toEqual([])
  })
})

describe("oldPreviews", () => {
  const space = (name: string, days: number, more = {}) => ({
    ...NAMESPACE,
    metadata: { name, uid: `uid-${name}`, creationTimestamp: ago(days), ...more },
  })
  const old = (pattern: string, ...spaces: ReturnType<typeof space>[]) =>
    oldPreviews(spaces, { ...DEFAULTS.cleanup.previews, pattern }, ["audio"], NOW).map(({ name }) => name)

  it("lists namespaces past their age whose name matches", () => {
    expect(old("pr-*", space("pr-1", 8), space("pr-2", 6), space("other", 8))).toEqual(["pr-1"])
  })

  it("never lists system namespaces, environments or those being deleted", () => {
    const going = space("pr-3", 9, { deletionTimestamp: ago(0) })
    expect(old("*", space("default", 99), space("kube-system", 99), space("audio", 99), going)).toEqual([])
  })
})

describe("usesOf an environment", () => {
  const entry = (number: number, status: LedgerEntry["status"] = "succeeded"): LedgerEntry => ({
    schema: 1,
    kind: "deploy",
    status,
    environment: "production",
    subject: "web",
    sha: "",
    run: `${number}`,
    startedAt: "",
    finishedAt: "",
    previous: "",
    hash: "",
    facts: { version: `v${number}`, digest: digest(`v${number}`), previousDigest: digest(`v${number - 1}`) },
  })
  const entries = [1, 2, 3, 4].map((number) => entry(number))
  const used = (more: Partial<Parameters<typeof usesOf>[0]>, rollbacks = 1) =>
    usesOf(
      {
        environment: "production",
        namespace: "audio",
        service: "web",
        entries: [],
        facts: facts(),
        running: [],
        ledgers: [],
        ...more,
      },
      "r.example/a",
      rollbacks,
    )

  it("includes the last good versions to roll back to, however old", () => {
    expect(rollbackDigests(entries, 1)).toEqual([digest("v4"), digest("v3")])
    expect(rollbackDigests([...entries, entry(5, "failed"), entry(6, "failed")], 1)).toEqual([
      digest("v4"),
      digest("v3"),
    ])
    expect(rollbackDigests([...entries, entry(1)], 2)).toEqual([digest("v1"), digest("v4"), digest("v3")])
  })

  it("includes the last deployed version, good or not, and a current rollout", () => {
    const found = used({
      entries: [...entries, entry(9, "held")],
      facts: facts({ rollout: rollout({ digest: digest("new"), fromDigest: digest("old") }) }),
    }).map((use) => use.digest)
    for (const name of ["v9", "v8", "new", "old", "v4", "v3"]) expect(found).toContain(digest(name))
    expect(found).not.toContain(digest("v2"))
  })

  it("includes the images of its ReplicaSets", () => {
    const found = used({
      facts: facts({ revisions: [revision("a", { digest: digest("kept"), replicas: 0 })] }),
    })
    expect(found).toEqual([{ digest: digest("kept"), why: "production has a ReplicaSet of it" }])
  })

  it("includes images of any object, by digest under any name and by tag of this repository", () => {
    const objects = [
      {
        spec: {
          jobTemplate: { spec: { template: { spec: { containers: [{ image: "r.example/a:1.2" }] } } } },
        },
      },
      { spec: { containers: [{ image: `mirror.example/a@${digest("x")}` }, { image: "r.example/a" }] } },
      { status: { containerStatuses: [{ image: "r.example/ab:7", imageID: `docker.io/b@${digest("y")}` }] } },
      { metadata: { annotations: { note: `r.example/a@${digest("z")}` } } },
    ]
    expect(imagesIn(imageNames(objects), "r.example/a")).toEqual([
      { tag: "1.2" },
      { digest: digest("x") },
      { tag: "latest" },
      { digest: digest("y") },
    ])
  })

  it("includes tags under the name of a mirror, and short ones", () => {
    const names = ["mirror.example:5000/hub/org/a:1", "org/a:2", "org/a", "other/a:4", "org/ab:5"]
    expect(imagesIn(names, "docker.io/org/a")).toEqual([{ tag: "1" }, { tag: "2" }, { tag: "latest" }])
  })

  it("includes what other namespaces of its cluster run, such as previews", () => {
    const running = [
      { namespace: "audio", names: ["r.example/a:1"] },
      { namespace: "pr-7", names: ["r.example/a:2"] },
    ]
    expect(used({ running })).toEqual([
      { tag: "1", why: "production runs it" },
      { tag: "2", why: "namespace pr-7 of the cluster of production runs it" },
    ])
  })

  it("includes what other ledgers in its cluster need, and all that one names which can't be read", () => {
    const line = (each: LedgerEntry) => `${JSON.stringify(each)}\n`
    const others = used({
      ledgers: [
        { namespace: "audio", service: "web", text: line(entry(99)) },
        { namespace: "live", service: "web", text: entries.map(line).join("") },
        { namespace: "far", service: "api", text: `{"facts": cut ${digest("lost")}\n` },
      ],
    })
    const names = ["v4", "v3", "lost"].map(digest)
    expect(others.map((use) => use.digest)).toEqual(names)
    expect(others[0]?.why).toBe("the ledger of web in namespace live names it")
  })
})
