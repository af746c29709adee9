import { setTimeout as sleep } from "node:timers/promises"
import { fail, SlipwayError } from "../errors/catalogue.js"
import type { Kube } from "../kube/client.js"
import { LEASE, type Lease } from "../kube/objects.js"

/** Seconds for which a lock outlives its holder. */
export const LEASE_SECONDS = 15
const RENEW_MILLISECONDS = 4_000
const RETRY_MILLISECONDS = 1_000

export interface LockOptions {
  namespace: string
  name: string
  /** The holder's run id. */
  holder: string
  /** Seconds to wait for another holder. */
  timeout: number
  clock?: Partial<LockClock>
}

/** The clocks of a lock. */
export interface LockClock {
  /** Milliseconds since 1970. */
  now: () => number
  /** Milliseconds of a monotonic clock. */
  elapsed: () => number
  /** Waits between attempts to take the lock. */
  sleep: (milliseconds: number) => Promise<unknown>
  /** Waits between renewals; rejects when aborted. */
  pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

const CLOCK: LockClock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
  pause: (milliseconds, signal) => sleep(milliseconds, undefined, { signal, ref: false }),
}

/** True if a lease has a holder and hasn't expired. */
export const isHeld = ({ spec }: Lease, now: number): boolean =>
  (spec.holderIdentity ?? "") !== "" &&
  Date.parse(spec.renewTime ?? spec.acquireTime ?? "") + (spec.leaseDurationSeconds ?? LEASE_SECONDS) * 1000 >
    now

/** The greatest difference of two machines' clocks. */
const SKEW_SECONDS = 60

/**
 * True if a lease can be taken: it was released, expired long ago, or wasn't renewed while observed for its whole
 * duration. Another machine's clock is trusted no further than the skew.
 */
const isFree = (lease: Lease, now: number, unchangedSince: number): boolean =>
  (lease.spec.holderIdentity ?? "") === "" ||
  !isHeld(lease, now - SKEW_SECONDS * 1000) ||
  now - unchangedSince > (lease.spec.leaseDurationSeconds ?? LEASE_SECONDS) * 1000

/** A lock in the cluster: one deployment of a service runs at a time, wherever it runs. */
export class Lock {
  private lease: Lease
  private lost: SlipwayError | undefined
  private ended = false
  /** By the monotonic clock. */
  private renewed: number
  private readonly renewing: Promise<void>
  private readonly awake = new AbortController()

  private constructor(
    private readonly kube: Kube,
    lease: Lease,
    private readonly clock: LockClock,
  ) {
    this.lease = lease
    this.renewed = clock.elapsed()
    this.renewing = this.renew()
  }

  /** Waits for the lock and takes it. Fails with DEPLOY_LOCKED. */
  static async take(kube: Kube, options: LockOptions): Promise<Lock> {
    const { namespace, name, timeout } = options
    const clock = { ...CLOCK, ...options.clock }
    const { now } = clock
    const begun = now()
    let seen = { renewTime: "", at: begun }
    for (;;) {
      const found = await kube.get<Lease>(LEASE, name, namespace)
      const renewTime = found?.spec.renewTime ?? ""
      if (renewTime !== seen.renewTime) seen = { renewTime, at: now() }
      if (found === undefined || isFree(found, now(), seen.at)) {
        const taken = await attempt(kube, leaseOf(options, found, now()))
        if (taken !== undefined) return new Lock(kube, taken, clock)
        continue
      }
      const { holderIdentity = "", acquireTime = "" } = found.spec
      if (now() - begun >= timeout * 1000) throw fail("DEPLOY_LOCKED", [holderIdentity, acquireTime, timeout])
      await clock.sleep(RETRY_MILLISECONDS)
    }
  }

  /** Fails with LOCK_LOST if another run has the lock by now. Called before each effect. */
  mustHold(): void {
    if (this.lost !== undefined) throw this.lost
    // After the machine slept, another run may have taken the lock.
    if (this.clock.elapsed() - this.renewed > LEASE_SECONDS * 1000) throw fail("LOCK_LOST", [""])
  }

  /** Releases the lock. */
  async free(): Promise<void> {
    this.ended = true
    this.awake.abort()
    await this.renewing
    if (this.lost !== undefined) return
    const spec = { ...this.lease.spec, holderIdentity: "" }
    await this.kube.replace<Lease>({ ...this.lease, spec }).catch(() => undefined)
  }

  private async renew(): Promise<void> {
    const { signal } = this.awake
    for (;;) {
      await this.clock.pause(RENEW_MILLISECONDS, signal).catch(() => undefined)
      if (this.ended) return
      const spec = { ...this.lease.spec, renewTime: micro(this.clock.now()) }
      const asked = this.clock.elapsed()
      try {
        this.lease = await this.kube.replace<Lease>({ ...this.lease, spec })
        this.renewed = asked
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== "KUBE_CONFLICT") continue
        if (await this.isLost()) return
      }
    }
  }

  /** After a conflict: true if another run has the lock. The conflict may be with our own write, whose answer was lost. */
  private async isLost(): Promise<boolean> {
    const { name, namespace = "" } = this.lease.metadata
    const found = await this.kube.get<Lease>(LEASE, name, namespace).catch(() => undefined)
    if (found === undefined) return false
    if (found.spec.holderIdentity !== this.lease.spec.holderIdentity) {
      this.lost = fail("LOCK_LOST", [found.spec.holderIdentity ?? ""])
      return true
    }
    this.lease = found
    return false
  }
}

async function attempt(kube: Kube, lease: Lease): Promise<Lease | undefined> {
  try {
    return await (lease.metadata.resourceVersion === undefined ? kube.create(lease) : kube.replace(lease))
  } catch (error) {
    if (error instanceof SlipwayError && (error.code === "KUBE_CONFLICT" || error.code === "KUBE_EXISTS"))
      return undefined
    throw error
  }
}

function leaseOf({ name, namespace, holder }: LockOptions, found: Lease | undefined, now: number): Lease {
  const { metadata = { name, namespace }, spec: before = {} } = found ?? {}
  return {
    apiVersion: LEASE.apiVersion,
    kind: LEASE.kind,
    metadata,
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: micro(now),
      renewTime: micro(now),
      leaseTransitions: (before.leaseTransitions ?? 0) + 1,
    },
  }
}

/** Formats a time as Kubernetes does in leases. */
const micro = (milliseconds: number): string => new Date(milliseconds).toISOString().replace("Z", "000Z")
