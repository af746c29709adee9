import { describe, expect, it } from "vitest"
import { readNodeMetrics, readPodMetrics, usageAt, usageOf, usageText } from "../../../src/lib/load/usage.js"

describe("the use of pods", () => {
  it("is read from a metrics server", () => {
    const container = (cpu: string, memory: string) => ({ usage: { cpu, memory } })
    const items = [
      { metadata: { name: "a" }, containers: [container("250m", "64Mi"), container("12000000n", "1024Ki")] },
    ]
    expect(readPodMetrics(JSON.stringify({ items }))).toEqual([
      { pod: "a", cores: 0.262, memory: 65 * 2 ** 20 },
    ])
    expect(readPodMetrics("no")).toEqual([])
  })

  it("is read from a node, only for its namespace", () => {
    const text = `
# TYPE pod_cpu_usage_seconds_total counter
pod_cpu_usage_seconds_total{namespace="web",pod="a"} 12.5 1700000000000
pod_memory_working_set_bytes{namespace="web",pod="a"} 1048576 1700000000000
pod_cpu_usage_seconds_total{namespace="other",pod="b"} 99
node_cpu_usage_seconds_total 400
`
    expect(readNodeMetrics(text, "web")).toEqual([
      { pod: "a", seconds: 12.5, at: 1700000000000, memory: 1048576 },
    ])
  })

  it("is computed between two samples, for pods in both", () => {
    const before = { at: 1000, pods: [{ pod: "a", seconds: 10, memory: 1 }] }
    const look = {
      at: 6000,
      pods: [
        { pod: "a", seconds: 12.5, memory: 2 ** 20 },
        { pod: "new", seconds: 3, memory: 2 ** 20 },
      ],
    }
    expect(usageOf(look, [before])).toEqual({ at: 6000, pods: 2, memory: 2 ** 21, cores: 0.5 })
    expect(usageOf(look, [])).toEqual({ at: 6000, pods: 2, memory: 2 ** 21 })
    const restarted = { at: 2000, pods: [{ pod: "a", seconds: 1, memory: 0 }] }
    expect(usageOf(restarted, [before]).cores).toBe(0)
    expect(usageText(usageOf(look, [before]))).toBe("2 pods took 0.5 of CPU cores and 2 MiB")
    expect(usageText(usageOf(look, []))).toContain("an unknown share")
  })

  it("is computed by the times of counts, which may be before the previous sample", () => {
    const counted = (at: number, seconds: number) => ({ pod: "a", seconds, at, memory: 0 })
    const looks = [
      { at: 10_000, pods: [counted(9_000, 1)] },
      { at: 15_000, pods: [counted(14_000, 3)] },
    ]
    expect(usageOf({ at: 20_000, pods: [counted(14_000, 3)] }, looks).cores).toBeCloseTo(0.4)
    expect(usageOf({ at: 15_000, pods: [counted(9_000, 1)] }, looks.slice(0, 1)).cores).toBeUndefined()
  })

  it("is that of the sample closest to a time", () => {
    const usages = [1000, 6000, 11000].map((at) => ({ at, pods: 1, memory: 0 }))
    expect(usageAt(usages, 7000)?.at).toBe(6000)
    expect(usageAt([...usages, { at: 0, pods: 1, memory: 0, cores: 1 }], 7000)?.at).toBe(0)
    expect(usageAt([], 1)).toBeUndefined()
  })
})
