import { setTimeout as sleep } from "node:timers/promises"
import { fail, SlipwayError } from "../errors/catalogue.js"
import type { Kube } from "../kube/client.js"
import { LEASE, type Lease } from "../kube/objects.js"

/** How long a lock outlives who held it. */
export const LEASE_SECONDS = 15
const RENEW_MILLISECONDS = 4_000
const RETRY_MILLISECONDS = 1_000

export interface LockOptions {
  namespace: string
  name: string
  /** Who holds it: the run's id. */
  holder: string
  /** Seconds to wait for another. */
  timeout: number
  now?: () => number
  pause?: (milliseconds: number) => Promise<unknown>
}

/** Whether somebody holds a lease now. */
export const isHeld = ({ spec }: Lease, now: number): boolean =>
  (spec.holderIdentity ?? "") !== "" &&
  Date.parse(spec.renewTime ?? spec.acquireTime ?? "") + (spec.leaseDurationSeconds ?? LEASE_SECONDS) * 1000 >
    now

/** How far the clocks of two machines may be apart. */
const SKEW_SECONDS = 60

/**
 * Whether a lease can be taken: it was given back, or ran out long ago, or nobody renewed it while it was looked at for
 * its whole time. What another machine's clock says is trusted no further.
 */
const isFree = (lease: Lease, now: number, unchangedSince: number): boolean =>
  (lease.spec.holderIdentity ?? "") === "" ||
  !isHeld(lease, now - SKEW_SECONDS * 1000) ||
  now - unchangedSince > (lease.spec.leaseDurationSeconds ?? LEASE_SECONDS) * 1000

/** Lets one deployment of a service run at a time, whoever and wherever runs it. */
export class Lock {
  private lease: Lease
  private lost: SlipwayError | undefined
  private ended = false
  /** By a clock that nobody sets. */
  private renewed = performance.now()
  private readonly renewing: Promise<void>
  private readonly awake = new AbortController()

  private constructor(
    private readonly kube: Kube,
    lease: Lease,
  ) {
    this.lease = lease
    this.renewing = this.renew()
  }

  /** Waits for the lock and takes it. Fails with DEPLOY_LOCKED. */
  static async take(kube: Kube, options: LockOptions): Promise<Lock> {
    const { namespace, name, timeout, now = Date.now, pause = sleep } = options
    const begun = now()
    let seen = { renewTime: "", at: begun }
    for (;;) {
      const found = await kube.get<Lease>(LEASE, name, namespace)
      const renewTime = found?.spec.renewTime ?? ""
      if (renewTime !== seen.renewTime) seen = { renewTime, at: now() }
      if (found === undefined || isFree(found, now(), seen.at)) {
        const taken = await attempt(kube, leaseOf(options, found, now()))
        if (taken !== undefined) return new Lock(kube, taken)
        continue
      }
      const { holderIdentity = "", acquireTime = "" } = found.spec
      if (now() - begun >= timeout * 1000) throw fail("DEPLOY_LOCKED", [holderIdentity, acquireTime, timeout])
      await pause(RETRY_MILLISECONDS)
    }
  }

  /** Fails with LOCK_LOST where somebody else has it by now. Asked before each effect. */
  mustHold(): void {
    if (this.lost !== undefined) throw this.lost
    // A machine that slept can't know who has come since.
    if (performance.now() - this.renewed > LEASE_SECONDS * 1000) throw fail("LOCK_LOST", [""])
  }

  /** Gives it back. */
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
      await sleep(RENEW_MILLISECONDS, undefined, { signal, ref: false }).catch(() => undefined)
      if (this.ended) return
      const spec = { ...this.lease.spec, renewTime: micro(Date.now()) }
      const asked = performance.now()
      try {
        this.lease = await this.kube.replace<Lease>({ ...this.lease, spec })
        this.renewed = asked
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== "KUBE_CONFLICT") continue
        if (await this.isGone()) return
      }
    }
  }

  /** After a conflict: whether another has the lock. An answer that was lost on its way may have been ours. */
  private async isGone(): Promise<boolean> {
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

/** As Kubernetes writes a time in leases. */
const micro = (milliseconds: number): string => new Date(milliseconds).toISOString().replace("Z", "000Z")
