import { beforeEach, describe, expect, it } from "vitest"
import { liveHolder, Lock } from "../../../src/lib/deploy/lock.js"
import { LEASE, type Lease } from "../../../src/lib/kube/objects.js"
import { Cluster } from "./cluster.js"

const PLACE = { namespace: "audio", name: "slipway-web" }

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

  const take = (holder: string, timeout = 30) =>
    Lock.take(cluster.kube, {
      ...PLACE,
      holder,
      timeout,
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

  it.each([-90, 90])(
    "isn't taken from a holder whose clock differs by %d s, and who renews it",
    async (skew) => {
      const stamp = () => new Date(cluster.clock.now() + skew * 1000).toISOString()
      const put = () =>
        void cluster.store.put({
          ...LEASE,
          metadata: { name: "slipway-web", namespace: "audio" },
          spec: { holderIdentity: "run-other", leaseDurationSeconds: 15, renewTime: stamp() },
        })
      put()
      let beat = 0
      cluster.clock.onAdvance((seconds) => {
        elapsed += seconds * 1000
        beat += seconds
        if (beat >= 4) [beat] = [0, put()]
      })
      await expect(take("run-1")).rejects.toMatchObject({ code: "DEPLOY_LOCKED" })
      expect(await liveHolder(cluster.kube, PLACE, { ...cluster.clock, elapsed: () => elapsed })).toBe(
        "run-other",
      )
    },
  )

  it.each([-90, 0, 90])("is taken once nobody renews it, at whatever time: %d s", async (skew) => {
    const renewTime = new Date(cluster.clock.now() + skew * 1000).toISOString()
    cluster.store.put({
      ...LEASE,
      metadata: { name: "slipway-web", namespace: "audio" },
      spec: { holderIdentity: "run-dead", leaseDurationSeconds: 15, renewTime },
    })
    cluster.clock.onAdvance((seconds) => (elapsed += seconds * 1000))
    const lock = await take("run-1", 0)
    expect(cluster.clock.seconds).toBe(16)
    await lock.free()
    expect(await liveHolder(cluster.kube, PLACE)).toBe("")
  })

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

  it("isn't relied on for as long as its lease lasts, until it is renewed", async () => {
    const lock = await take("run-1")
    elapsed += 11_999
    expect(lock.left()).toBe(1)
    elapsed += 1
    expect(lock.left()).toBe(0)
    await renewed()
    expect(lock.left()).toBe(12_000)
    await lock.free()
  })
})
