import { beforeEach, describe, expect, it } from "vitest"
import { ClusterLedger } from "../../../src/lib/deploy/ledgerStore.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import type { Kube } from "../../../src/lib/kube/client.js"
import type { ConfigMap, ObjectKind } from "../../../src/lib/kube/objects.js"
import { verifyChain } from "../../../src/lib/metrics/chain.js"
import { ledgerFaults } from "../../../src/lib/run/ledger.js"
import { record } from "./entries.js"

/** A server of ConfigMaps that rejects writes of an outdated version. */
class Server {
  readonly maps = new Map<string, ConfigMap>()
  /** Runs once, before the next write. */
  meanwhile: (() => Promise<unknown>) | undefined
  private version = 0

  async list(
    _: ObjectKind,
    { namespace, labels }: { namespace: string; labels: string },
  ): Promise<ConfigMap[]> {
    await Promise.resolve()
    const found = [...this.maps.values()].filter(
      ({ metadata }) =>
        metadata.namespace === namespace &&
        Object.entries(metadata.labels ?? {}).some(([key, value]) => `${key}=${value}` === labels),
    )
    return structuredClone(found).reverse()
  }

  async create(given: ConfigMap): Promise<ConfigMap> {
    await this.others()
    if (this.maps.has(given.metadata.name)) throw fail("KUBE_EXISTS", ["ConfigMap"])
    return this.put(given)
  }

  async replace(given: ConfigMap): Promise<ConfigMap> {
    await this.others()
    const there = this.maps.get(given.metadata.name)
    if (there?.metadata.resourceVersion !== given.metadata.resourceVersion)
      throw fail("KUBE_CONFLICT", ["ConfigMap", "changed"])
    return this.put(given)
  }

  private async others(): Promise<void> {
    const act = this.meanwhile
    this.meanwhile = undefined
    await act?.()
  }

  private put(given: ConfigMap): ConfigMap {
    const metadata = { ...given.metadata, resourceVersion: String((this.version += 1)) }
    const stored = { ...structuredClone(given), metadata }
    this.maps.set(metadata.name, stored)
    return stored
  }
}

let server: Server
let ledger: ClusterLedger

beforeEach(() => {
  server = new Server()
  ledger = new ClusterLedger(server as unknown as Kube, "audio", "web")
})

const runs = async () => (await ledger.entries()).map(({ run }) => run)

describe("ClusterLedger", () => {
  it("is empty at first, and keeps the order of entries", async () => {
    expect(await ledger.entries()).toEqual([])
    const first = await ledger.append(record("run-1"))
    const second = await ledger.append(record("run-2"))
    expect(second?.previous).toBe(first?.hash)
    expect(await ledger.entries()).toEqual([first, second])
    expect([...server.maps.keys()]).toEqual(["slipway-ledger-web-0001"])
  })

  it("belongs to one service", async () => {
    await ledger.append(record("run-1"))
    expect(await new ClusterLedger(server as unknown as Kube, "audio", "api").entries()).toEqual([])
    expect(await new ClusterLedger(server as unknown as Kube, "other", "web").entries()).toEqual([])
  })

  it("appends an entry once per run", async () => {
    await ledger.append(record("run-1"))
    expect(await ledger.append(record("run-1", { status: "failed" }))).toBeUndefined()
    expect(await runs()).toEqual(["run-1"])
  })

  it("loses no entry of concurrent writers, at the first entry or later", async () => {
    server.meanwhile = () => ledger.append(record("run-1"))
    await ledger.append(record("run-2"))
    server.meanwhile = () => ledger.append(record("run-3"))
    await ledger.append(record("run-4"))
    await Promise.all(["run-5", "run-6", "run-7"].map((run) => ledger.append(record(run))))
    const all = await runs()
    expect(all.slice(0, 4)).toEqual(["run-1", "run-2", "run-3", "run-4"])
    expect(all.slice(4).sort()).toEqual(["run-5", "run-6", "run-7"])
    expect(ledgerFaults(await ledger.entries())).toEqual([])
  })

  it("fails with LEDGER_BUSY if other writers always win", async () => {
    let writers = 0
    const busy = (): Promise<unknown> => {
      const other = ledger.append(record(`other-${(writers += 1)}`))
      return other.then(() => (server.meanwhile = writers < 50 ? busy : undefined))
    }
    server.meanwhile = busy
    await expect(ledger.append(record("run-1"))).rejects.toMatchObject({ code: "LEDGER_BUSY" })
  })

  it("continues in another ConfigMap when one is full", async () => {
    const long = { version: "v1", log: "x".repeat(400_000) }
    for (const run of ["run-1", "run-2", "run-3", "run-4", "run-5"])
      await ledger.append(record(run, { facts: long }))
    expect([...server.maps.keys()]).toEqual([1, 2, 3].map((number) => `slipway-ledger-web-000${number}`))
    for (const { data } of server.maps.values()) expect(JSON.stringify(data).length).toBeLessThan(1_000_000)
    expect(await runs()).toEqual(["run-1", "run-2", "run-3", "run-4", "run-5"])
  })

  it("stays a chain if two write at once to a full ConfigMap, one of them a line that still fits", async () => {
    const facts = { log: "x".repeat(880_000) }
    await ledger.append(record("run-1", { facts }))
    server.meanwhile = () => ledger.append(record("run-3"))
    await ledger.append(record("run-2", { facts }))
    expect(await runs()).toEqual(["run-1", "run-3", "run-2"])
    // In the other order: the short line was prepared before the other began the next ConfigMap.
    server.meanwhile = () => ledger.append(record("run-5", { facts }))
    await ledger.append(record("run-4"))
    expect(ledgerFaults(await ledger.entries())).toEqual([])
    expect(await runs()).toHaveLength(5)
  })

  it("returns its own entry if it was written by an attempt whose answer was lost", async () => {
    const replace = server.replace.bind(server)
    await ledger.append(record("run-1"))
    server.replace = async (given) => {
      server.replace = replace
      await replace(given)
      await ledger.append(record("run-3"))
      throw fail("KUBE_CONFLICT", ["ConfigMap", "changed"])
    }
    expect(await ledger.append(record("run-2"))).toMatchObject({ run: "run-2" })
    expect(await runs()).toEqual(["run-1", "run-2", "run-3"])
  })

  it("is read and continued where it is damaged, with the damage named", async () => {
    for (const run of ["run-1", "run-2"]) await ledger.append(record(run))
    const [map] = server.maps.values()
    if (map)
      map.data = { "entries.jsonl": `${map.data?.["entries.jsonl"] ?? ""}{"hash":"a","previous":"b"}\nx` }
    const entry = await ledger.append(record("run-3"))
    const { entries, damage } = await ledger.read()
    expect(entries.map(({ run }) => run)).toEqual(["run-1", "run-2", "run-3"])
    expect(entry?.previous).toBe(entries[1]?.hash)
    expect(damage).toEqual(["line 3 is no entry", "line 4 is no entry"])
  })

  it("fails if an entry was changed or is missing", async () => {
    for (const run of ["run-1", "run-2", "run-3"]) await ledger.append(record(run))
    const [map] = server.maps.values()
    const text = map?.data?.["entries.jsonl"] ?? ""
    const write = (changed: string) => {
      if (map) map.data = { "entries.jsonl": changed }
    }
    write(text.replace('"run":"run-2"', '"run":"run-9"'))
    await expect(ledger.entries()).rejects.toThrow("the cluster's ledger is damaged: entry 2 was changed")
    write(text.split("\n").toSpliced(1, 1).join("\n"))
    await expect(ledger.entries()).rejects.toThrow("entry 2 does not follow the one before it")
    const { faults, entries } = verifyChain(await ledger.text())
    expect(faults.map(({ entry, kind }) => [entry, kind])).toEqual([[2, "gap"]])
    expect(entries.map(({ run }) => run)).toEqual(["run-1", "run-3"])
    write(text)
    expect(await runs()).toHaveLength(3)
  })
})
