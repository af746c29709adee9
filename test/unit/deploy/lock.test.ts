import { expect, test } from "vitest"
import { isHeld } from "../../../src/lib/deploy/lock.js"
import { LEASE, type Lease } from "../../../src/lib/kube/objects.js"

const NOON = Date.parse("2026-03-01T12:00:00Z")

test.each<[string, Lease["spec"], seconds: number, held: boolean]>([
  ["is held", { renewTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 15 }, 14.9, true],
  [
    "is over when its time is",
    { renewTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 15 },
    15,
    false,
  ],
  [
    "is held since it was taken",
    { acquireTime: "2026-03-01T12:00:00.000000Z", leaseDurationSeconds: 60 },
    59,
    true,
  ],
  [
    "is held since it was renewed",
    { acquireTime: "2026-03-01T11:00:00.000000Z", renewTime: "2026-03-01T12:00:00.000000Z" },
    14,
    true,
  ],
  ["holds 15 s where it doesn't say for how long", { renewTime: "2026-03-01T12:00:00.000000Z" }, 15, false],
  ["was given back", { holderIdentity: "", renewTime: "2026-03-01T12:00:00.000000Z" }, 1, false],
  ["has no time", {}, 1, false],
])("a lease %s", (_, spec, seconds, held) => {
  const lease: Lease = { ...LEASE, metadata: { name: "l" }, spec: { holderIdentity: "run-1", ...spec } }
  expect(isHeld(lease, NOON + seconds * 1000)).toBe(held)
})

test("a lease without a holder is nobody's", () => {
  const spec = { renewTime: "2026-03-01T12:00:00.000000Z" }
  expect(isHeld({ ...LEASE, metadata: { name: "l" }, spec }, NOON)).toBe(false)
})
