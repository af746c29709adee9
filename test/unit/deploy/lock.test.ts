import { beforeEach, describe, expect, it, test } from "vitest"
import { isHeld, Lock } from "../../../src/lib/deploy/lock.js"
import { LEASE, type Lease } from "../../../src/lib/kube/objects.js"
import { Cluster } from "./cluster.js"

const NOON = Date.parse("2026-03-01T12:00:00Z")

test.each<[string, Lease["spec"], seconds: number, held: boolean]>([
  ["is held", { renewTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 15 }, 14.9, true],
  [
    "expires after its duration",
    { renewTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 15 },
    15,
    false,
  ],
  [
    "is held from the time it was acquired",
    { acquireTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 60 },
    59,
    true,
  ],
  [
    "is held from its last renewal",
    { acquireTime: "2026-03-01T11:00:00.000000Z", renewTime: "2026-03-01T12:00:00.000000Z" },
    14,
    true,
  ],
  ["holds 15 s by default", { renewTime: "2026-03-01T12:00:00.000000Z" }, 15, false],
  ["was released", { holderIdentity: "", renewTime: "2026-03-01T12:00:00.000000Z" }, 1, false],
  ["has no time", {}, 1, false],
])("isHeld: a lease %s", (_, spec, seconds, held) => {
  const lease: Lease = { ...LEASE, metadata: { name: "l" }, spec: { holderIdentity: "run-1", ...spec } }
  expect(isHeld(lease, NOON + seconds * 1000)).toBe(held)
})

test("isHeld: a lease without a holder is free", () => {
  const spec = { renewTime: "2026-03-01T12:00:00.000000Z" }
  expect(isHeld({ ...LEASE, metadata: { name: "l" }, spec }, NOON)).toBe(false)
})

describe("Lock", () => {
  let cluster: Cluster
  /** Milliseconds of the monotonic clock. */
  let elapsed: number
  /** Lets the next renewal begin. */
  let renew: () => void
  beforeEach(() => {
    cluster = new Cluster()
    elapsed = 0
  })

  const take = (holder: string) =>
    Lock.take(cluster.kube, {
      namespace: "audio",
      name: "slipway-web",
      holder,
      timeout: 30,
      clock: {
        ...cluster.clock,
        elapsed: () => elapsed,
        pause: (_, signal) =>
          new Promise((resolve, reject) => {
            renew = () => resolve(undefined)
            signal.addEventListener("abort", () => reject(new Error("aborted")))
          }),
      },
    })
  const lease = () => cluster.store.get<Lease>("Lease", "slipway-web")
  /** Renews once, as after a pause. */
  const renewed = async () => {
    renew()
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  }
  const steal = (holderIdentity: string) => {
    const found = lease()
    if (found !== undefined) cluster.store.put({ ...found, spec: { ...found.spec, holderIdentity } })
  }

  it("is taken, renewed and released", async () => {
    const lock = await take("run-1")
    expect(lease()?.spec).toMatchObject({ holderIdentity: "run-1", leaseTransitions: 1 })
    await cluster.clock.sleep(4_000)
    elapsed += 4_000
    await renewed()
    expect(lease()?.spec.renewTime).toBe("2026-03-01T12:00:04.000000Z")
    elapsed += 14_000
    lock.mustHold()
    await lock.free()
    expect(lease()?.spec.holderIdentity).toBe("")
  })

  it("is lost if another run has taken it, and is left to that run", async () => {
    const lock = await take("run-1")
    steal("run-2")
    lock.mustHold()
    await renewed()
    expect(() => lock.mustHold()).toThrow('lost the lock to run "run-2"')
    await lock.free()
    expect(lease()?.spec.holderIdentity).toBe("run-2")
  })

  it("is kept after a conflict with its own write, whose answer was lost", async () => {
    const lock = await take("run-1")
    steal("run-1")
    await renewed()
    await renewed()
    lock.mustHold()
    await lock.free()
    expect(lease()?.spec.holderIdentity).toBe("")
  })

  it("is lost if it couldn't be renewed for its whole time", async () => {
    const lock = await take("run-1")
    elapsed += 15_001
    expect(() => lock.mustHold()).toThrow("LOCK_LOST")
    await lock.free()
  })
})
