import { describe, expect, it } from "vitest"
import { compare, type Kept, readKept } from "../../../src/lib/load/compare.js"
import { mannWhitney, normalTail } from "../../../src/lib/load/significance.js"
import { profile, seconds } from "./runs.js"

describe("mannWhitney", () => {
  it("returns the same as scipy.stats.mannwhitneyu", () => {
    // mannwhitneyu(second, first, alternative="greater", method="asymptotic"), scipy 1.17.1.
    const first = [19, 22, 16, 29, 24]
    const second = [20, 11, 17, 12]
    expect(mannWhitney(first, second).p).toBeCloseTo(0.9669037, 6)
    expect(mannWhitney(second, first).p).toBeCloseTo(0.0556734, 6)
    const ties = mannWhitney([1, 2, 2, 3, 3, 3], [2, 3, 3, 4, 4, 5])
    expect(ties.p).toBeCloseTo(0.0392015, 6)
    expect(ties.above).toBeCloseTo(29 / 36, 10)
  })

  it("finds no difference between equal or empty samples", () => {
    const same = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    expect(mannWhitney(same, same)).toMatchObject({ above: 0.5 })
    expect(mannWhitney(same, same).p).toBeGreaterThan(0.5)
    expect(mannWhitney([3, 3, 3], [3, 3])).toEqual({ p: 1, above: 0.5 })
    expect(mannWhitney([], [1])).toEqual({ p: 1, above: 0.5 })
  })

  it("uses the normal distribution", () => {
    for (const [z, tail] of [
      [0, 0.5],
      [1, 0.158655],
      [1.96, 0.024998],
      [3.09, 0.001001],
      [-1, 0.841345],
    ] as const)
      expect(normalTail(z)).toBeCloseTo(tail, 6)
  })
})

/** Medians scattered around a value, the same each time. */
const around = (value: number, spread: number, length = 100) =>
  seconds(length, (at) => ({ p50: value + spread * Math.sin(at * 7) }))

const kept = (of: Partial<Kept>, errors = 0): Kept => ({
  schema: 1,
  kind: "load",
  version: "v1.2.3",
  at: "2026-11-29T00:00:00.000Z",
  profile: profile(),
  target: "http://x",
  totals: {
    requests: 10_000,
    errors,
    iterations: 1,
    checks: { passed: 0, failed: 0 },
    statuses: {},
    codes: {},
    hosts: {},
    p50: 100,
    p95: 200,
  },
  seconds: around(100, 20),
  ...of,
})

describe("compare", () => {
  it("reports a run that is significantly slower", () => {
    const { worse, said } = compare(kept({}), kept({ seconds: around(115, 20) }))
    expect(worse).toBe(true)
    expect(said).toMatch(
      /^worse than v1\.2\.3 \(2026-11-29T00:00:00\.000Z\): slower: .*p < 0\.0001, \d\d of 100 seconds were slower/,
    )
  })

  it("reports no difference that is due to chance, or significant but small", () => {
    expect(compare(kept({}), kept({ seconds: around(101, 20) })).worse).toBe(false)
    expect(compare(kept({}), kept({ seconds: around(80, 20) })).worse).toBe(false)
    const [first, second] = [
      kept({ seconds: around(100, 20, 5000) }),
      kept({ seconds: around(103, 20, 5000) }),
    ]
    expect(
      mannWhitney(
        first.seconds.map(({ p50 }) => p50 ?? 0),
        second.seconds.map(({ p50 }) => p50 ?? 0),
      ).p,
    ).toBeLessThan(0.001)
    expect(compare(first, second).worse).toBe(false)
  })

  it("reports a run with significantly more errors", () => {
    const { worse, said } = compare(kept({}, 100), kept({}, 300))
    expect(worse).toBe(true)
    expect(said).toContain("1 % of the requests failed, now 3 %")
    expect(compare(kept({}, 100), kept({}, 120)).worse).toBe(false)
  })

  it("skips a run with another profile, or a short one", () => {
    const other = kept({ profile: profile({ ramps: [{ seconds: 1, users: 1 }] }) })
    expect(compare(other, kept({})).said).toMatch(/^not compared with .* another profile$/)
    expect(compare(kept({ seconds: around(1, 1, 19) }), kept({ seconds: around(9, 1) })).said).toMatch(
      /^too short/,
    )
  })

  it("accepts what readKept reads back, which is undefined for anything else", () => {
    expect(readKept(JSON.stringify(kept({})))).toEqual(kept({}))
    for (const text of [
      "",
      "{",
      "[]",
      '{"schema":2}',
      '{"schema":1,"seconds":[{}],"at":"x"}',
      '{"schema":1,"seconds":[]}',
    ])
      expect(readKept(text)).toBeUndefined()
  })
})
