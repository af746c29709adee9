import { randomUUID } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { fail, SlipwayError } from "../errors/catalogue.js"
import { isOvertaken } from "../kube/status.js"
import type { Fence } from "../kube/apiServer.js"
import type { Kube } from "../kube/client.js"
import { LEASE, type Lease } from "../kube/objects.js"
import { ANNOTATIONS } from "./manifests.js"

/** Seconds without a renewal after which another run may take a lock. */
const LEASE_SECONDS = 15

/** Seconds after a renewal for which its holder relies on it: fewer, as clocks differ in speed. */
const HOLD_SECONDS = 12

const RENEW_MILLISECONDS = 4_000
const RETRY_MILLISECONDS = 1_000

/** Limits of a renewal: one that hangs must not use up the lease. */
const RENEWAL = { timeout: 3_000, patience: 3_000 }

/** The place of a lock. */
export interface LockPlace {
  namespace: string
  name: string
}

export interface LockOptions extends LockPlace {
  /** The holder's run id. */
  holder: string
  /** Seconds to wait for a holder that renews its lock. */
  timeout: number
  clock?: Partial<LockClock>
}

/** The clocks of a lock. */
export interface LockClock {
  /** Milliseconds since 1970, for people. */
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

/**
 * A lease as it is observed.
 *
 * It has expired if it didn't change for its whole duration by the observer's own clock. The times in it are by the
 * clock of another machine, and tell nothing.
 */
class ObservedLease {
  /** True once its holder has renewed it, or another has taken it, during the observation. */
  renewed = false
  private text: string | undefined
  private since = 0

  constructor(private readonly elapsed: () => number) {}

  /** Observes the lease; true if nobody holds it. */
  isFree(lease: Lease | undefined): boolean {
    if (lease === undefined || (lease.spec.holderIdentity ?? "") === "") return true
    const text = JSON.stringify(lease.spec)
    if (text !== this.text) {
      this.renewed = this.text !== undefined
      this.text = text
      this.since = this.elapsed()
    }
    return this.elapsed() - this.since > (lease.spec.leaseDurationSeconds ?? LEASE_SECONDS) * 1000
  }
}

/** Returns the run that holds a lock and renews it; empty if none does. Takes as long as a lease at most. */
export async function liveHolder(
  kube: Kube,
  { name, namespace }: LockPlace,
  given: Partial<LockClock> = {},
): Promise<string> {
  const clock = { ...CLOCK, ...given }
  const observed = new ObservedLease(clock.elapsed)
  for (;;) {
    const lease = await kube.get<Lease>(LEASE, name, namespace)
    if (observed.isFree(lease)) return ""
    if (observed.renewed) return lease?.spec.holderIdentity ?? ""
    await clock.sleep(RETRY_MILLISECONDS)
  }
}

/** A lock in the cluster: one deployment of a service runs at a time, wherever it runs. */
export class Lock implements Fence {
  private lost: SlipwayError | undefined
  private ended = false
  private readonly renewing: Promise<void>
  private readonly awake = new AbortController()

  private constructor(
    private readonly kube: Kube,
    private lease: Lease,
    private readonly clock: LockClock,
    /** When the last renewal was sent, by the monotonic clock. */
    private renewed: number,
  ) {
    this.renewing = this.renew()
  }

  /** Waits for the lock and takes it. Fails with DEPLOY_LOCKED. */
  static async take(kube: Kube, options: LockOptions): Promise<Lock> {
    const { namespace, name, timeout } = options
    const clock = { ...CLOCK, ...options.clock }
    const begun = clock.elapsed()
    const observed = new ObservedLease(clock.elapsed)
    for (;;) {
      const found = await kube.get<Lease>(LEASE, name, namespace)
      if (observed.isFree(found)) {
        const asked = clock.elapsed()
        const taken = await attempt(kube, leaseOf(options, found, clock.now()))
        if (taken !== undefined) return new Lock(kube.limited(RENEWAL), taken, clock, asked)
        continue
      }
      // Whoever doesn't renew it may be dead: that is known only after the lease's whole duration.
      const { holderIdentity = "", acquireTime = "" } = found?.spec ?? {}
      if (observed.renewed && clock.elapsed() - begun >= timeout * 1000)
        throw fail("DEPLOY_LOCKED", [holderIdentity, acquireTime, timeout])
      await clock.sleep(RETRY_MILLISECONDS)
    }
  }

  /** Identifies this holding of the lock: no other, of the same run either, has the same. */
  get term(): string {
    return termOf(this.lease)
  }

  /** Milliseconds for which it is surely held. Fails with LOCK_LOST. */
  left(): number {
    this.mustHold()
    return HOLD_SECONDS * 1000 - (this.clock.elapsed() - this.renewed)
  }

  /** Fails with LOCK_LOST if another run has the lock by now. */
  mustHold(): void {
    if (this.lost !== undefined) throw this.lost
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
    for (let wait = RENEW_MILLISECONDS; ;) {
      await this.clock.pause(wait, signal).catch(() => undefined)
      if (this.ended) return
      const spec = { ...this.lease.spec, renewTime: micro(this.clock.now()) }
      const asked = this.clock.elapsed()
      try {
        this.lease = await this.kube.replace<Lease>({ ...this.lease, spec })
        this.renewed = asked
        wait = RENEW_MILLISECONDS
      } catch (error) {
        wait = RETRY_MILLISECONDS
        const moved = error instanceof SlipwayError && ["KUBE_CONFLICT", "KUBE_MISSING"].includes(error.code)
        if (moved && (await this.isLost())) return
      }
    }
  }

  /** After a conflict: true if another run has the lock. The conflict may be with our own write, whose answer was lost. */
  private async isLost(): Promise<boolean> {
    const { name, namespace = "" } = this.lease.metadata
    try {
      const found = await this.kube.get<Lease>(LEASE, name, namespace)
      const holder = found?.spec.holderIdentity ?? ""
      if (found === undefined || termOf(found) !== this.term || holder !== this.lease.spec.holderIdentity)
        this.lost = fail("LOCK_LOST", [holder])
      else this.lease = found
    } catch {
      // Unknown for now: the next renewal conflicts again.
    }
    return this.lost !== undefined
  }
}

const termOf = ({ metadata }: Lease): string => metadata.annotations?.[ANNOTATIONS.term] ?? ""

async function attempt(kube: Kube, lease: Lease): Promise<Lease | undefined> {
  try {
    return await (lease.metadata.resourceVersion === undefined ? kube.create(lease) : kube.replace(lease))
  } catch (error) {
    if (isOvertaken(error)) return undefined
    throw error
  }
}

function leaseOf({ name, namespace, holder }: LockOptions, found: Lease | undefined, now: number): Lease {
  const { metadata = { name, namespace }, spec: before = {} } = found ?? {}
  return {
    apiVersion: LEASE.apiVersion,
    kind: LEASE.kind,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ANNOTATIONS.term]: randomUUID() } },
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
