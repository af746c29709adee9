import { describe, expect, it } from "vitest"
import { generatorWarning, readGenerator } from "../../../src/lib/load/generator.js"

/** A sample of one second: idle ticks of two cores, and ticks of k6. */
const notes = (...steps: [idle: number, own: number][]): string => {
  let [busy, idle, own] = [1000, 1000, 50]
  const line = () =>
    `cpu  ${busy} 0 0 ${idle} 0 0 0 0 0 0 S 1 1 1 0 -1 4194304 100 0 0 0 ${own} 0 0 0 20 0 9 0 100`
  const lines = [line()]
  for (const [free, taken] of steps) {
    ;[busy, idle, own] = [busy + 200 - free, idle + free, own + taken]
    lines.push(line())
  }
  return `2\n${lines.join("\n")}\n`
}

describe("readGenerator", () => {
  it("computes the CPU use of the machine and of k6", () => {
    const read = readGenerator(notes([100, 40], [180, 10]))
    expect(read?.cores).toBe(2)
    expect(read?.busy).toBeCloseTo(0.3)
    expect(read?.peak).toBeCloseTo(0.5)
    expect(read?.own).toBeCloseTo(0.4)
    expect(generatorWarning(read)).toBeUndefined()
  })

  it("leads to a warning if the machine may have been the bottleneck", () => {
    expect(generatorWarning(readGenerator(notes([4, 190], [100, 50])))).toBe(
      "the machine that made the load was busy to 98 % (k6 took 1.9 of its 2 cores): times may be its own, not the service's",
    )
  })

  it.each(["", "2\n", notes(), "x\ncpu a b\ncpu c d\n", "2\nnothing\n"])(
    "returns undefined for %j",
    (text) => {
      expect(readGenerator(text)).toBeUndefined()
      expect(generatorWarning(undefined)).toContain("isn't known")
    },
  )
})
