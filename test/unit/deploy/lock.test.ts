import { expect, test } from "vitest"
import { isHeld } from "../../../src/lib/deploy/lock.js"
import { LEASE, type Lease } from "../../../src/lib/kube/objects.js"

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
