import { beforeEach, describe, expect, it } from "vitest"
import { namespaceEvents, podLogs } from "../../../src/lib/deploy/inspect.js"
import { EVENT, type Event, type Pod } from "../../../src/lib/kube/objects.js"
import { Cluster } from "./cluster.js"

let cluster: Cluster
let printed: string[]
beforeEach(async () => {
  cluster = new Cluster()
  printed = []
  await cluster.running("v1")
})

const print = (line: string) => printed.push(line)
const names = () => cluster.store.all<Pod>("Pod").map(({ metadata }) => metadata.name)

describe("podLogs", () => {
  it("returns the logs of all pods, each line with its pod", async () => {
    const text = await podLogs(cluster.context(), { since: 0, follow: 0, print })
    expect(text).toBe(
      names()
        .map((name) => `${name} log of ${name}\n`)
        .join(""),
    )
    expect(printed).toEqual([])
  })

  it("looks back only as far as asked", async () => {
    await podLogs(cluster.context(), { since: 90, follow: 0, print })
    const logs = cluster.seen.filter(({ path }) => path.endsWith("/log"))
    expect(logs.map(({ query }) => query["sinceSeconds"])).toEqual(["90", "90"])
  })

  it("leaves out a pod whose log can't be read", async () => {
    const [first = "", second = ""] = names()
    cluster.faults.push(({ path }) =>
      path.endsWith(`/${first}/log`) ? { status: 500, body: "broken" } : undefined,
    )
    const text = await podLogs(cluster.context(), { since: 0, follow: 0, print })
    expect(text).toBe(`${second} log of ${second}\n`)
  })

  it("prints lines that it follows as they come, and returns them", async () => {
    const text = await podLogs(cluster.context(), { since: 0, follow: 1, print })
    expect(printed.sort()).toEqual(names().map((name) => `${name} log of ${name}`))
    expect(
      text
        .split("\n")
        .filter((line) => line !== "")
        .sort(),
    ).toEqual(printed)
  })
})

describe("namespaceEvents", () => {
  it("returns warnings first", async () => {
    const event = (name: string, type: Event["type"], message: string): Event => ({
      ...EVENT,
      metadata: { name, namespace: "audio" },
      involvedObject: { kind: "Pod", name: "web-1" },
      type,
      reason: "R",
      message,
      lastTimestamp: "2026-03-01T12:00:00Z",
    })
    cluster.store.put(event("a", "Normal", "fine"))
    cluster.store.put(event("b", "Warning", "bad"))
    expect(await namespaceEvents(cluster.context())).toEqual([
      "2026-03-01T12:00:00Z Warning Pod web-1: R: bad",
      "2026-03-01T12:00:00Z Normal Pod web-1: R: fine",
    ])
  })
})
