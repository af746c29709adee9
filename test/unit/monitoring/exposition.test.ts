import { describe, expect, it, test } from "vitest"
import {
  NO_TRAFFIC,
  percentile95,
  readSamples,
  trafficSince,
  sum,
  type Traffic,
  trafficOf,
} from "../../../src/lib/monitoring/exposition.js"

const NAMES = { counter: "http_requests_total", histogram: "seconds", ignoredRoutes: ["/metrics", "/health"] }
const parsed = (...lines: string[]) => trafficOf(readSamples(lines.join("\n")), NAMES)
const traffic = (requests: number, errors = 0, buckets: Record<string, number> = {}): Traffic => ({
  requests,
  errors,
  buckets,
})

describe("readSamples", () => {
  test.each<[string, string, Record<string, string>, number]>([
    ["a 1", "a", {}, 1],
    ["a{} 1", "a", {}, 1],
    ['a{b="c", d="e",} -2', "a", { b: "c", d: "e" }, -2],
    ['a{b="} 7 {"} 1', "a", { b: "} 7 {" }, 1],
    ['a{b="\\"x\\" \\\\ \\n"} 1', "a", { b: '"x" \\ \n' }, 1],
    ['a{le="+Inf"} +Inf', "a", { le: "+Inf" }, Infinity],
    ["a -Inf", "a", {}, -Infinity],
    ['a{b="c"} 3 # {trace_id="d"} 0.5', "a", { b: "c" }, 3],
    ["a 1\r", "a", {}, 1],
  ])("parses the sample %j", (line, name, labels, value) => {
    expect(readSamples(line)).toEqual([{ name, labels, value }])
  })

  test("parses a timestamp", () => {
    const sample = { name: "a:b_c2", labels: {}, value: 1500, at: 1700000000000 }
    expect(readSamples("a:b_c2\t1.5e3 1700000000000")).toEqual([sample])
  })

  test.each(["", "# HELP a b", "# TYPE a counter", "a", "a NaN", "a x", "<html>", "1a 2", 'a{b="c} 1'])(
    "ignores %j",
    (line) => {
      expect(readSamples(line)).toEqual([])
    },
  )
})

describe("trafficOf", () => {
  it("counts requests, and errors with a status of 500 or more", () => {
    const lines = [
      'http_requests_total{status="200"} 90',
      'http_requests_total{status="404"} 5',
      'http_requests_total{status="500"} 3',
      'http_requests_total{status="503",path="/x"} 2',
      "other 7",
    ]
    expect(parsed(...lines)).toEqual(traffic(100, 5))
  })

  test.each([
    "status",
    "code",
    "status_code",
    "http_status",
    "http_status_code",
    "http_response_status_code",
  ])("reads the status from the label %s, also as a class", (label) => {
    expect(parsed(`http_requests_total{${label}="5xx"} 4`)).toEqual(traffic(4, 4))
  })

  test.each(["route", "path", "handler", "endpoint", "uri", "http_route"])(
    "leaves out ignored routes, by the label %s",
    (label) => {
      const line = (route: string, count: number) =>
        `http_requests_total{status="500",${label}="${route}"} ${count}`
      expect(parsed(line("/health", 50), line("/metrics", 9), line("/healthy", 2))).toEqual(traffic(2, 2))
    },
  )

  it("is undefined for a counter without a status", () => {
    expect(parsed("http_requests_total 9", 'http_requests_total{path="/"} 9')).toBeUndefined()
  })

  it("is empty before the first request", () => {
    expect(parsed("up 1")).toEqual(NO_TRAFFIC)
  })

  it("adds up the latency buckets of all routes", () => {
    const line = (le: string, count: number, path = "/") =>
      `seconds_bucket{le="${le}",path="${path}"} ${count}`
    const { buckets } =
      parsed(line("0.5", 3), line("0.5", 4, "/b"), line("+Inf", 9), line("0.5", 99, "/health")) ?? NO_TRAFFIC
    expect(buckets).toEqual({ "0.5": 7, "+Inf": 9 })
  })
})

describe("trafficSince", () => {
  it("returns the difference, bucket by bucket", () => {
    const [before, now] = [traffic(10, 1, { "1": 9, "+Inf": 10 }), traffic(30, 4, { "1": 20, "+Inf": 30 })]
    expect(trafficSince(before, now)).toEqual(traffic(20, 3, { "1": 11, "+Inf": 20 }))
    expect(trafficSince(NO_TRAFFIC, now)).toEqual(now)
  })

  it("returns all of a counter that was reset", () => {
    expect(trafficSince(traffic(100, 50, { "1": 90 }), traffic(7, 2, { "1": 3 }))).toEqual(
      traffic(7, 2, { "1": 3 }),
    )
  })
})

it("sum adds up the traffic of all pods", () => {
  expect(sum([])).toEqual(NO_TRAFFIC)
  expect(sum([traffic(1, 1, { "1": 1 }), traffic(2, 0, { "1": 2, "2": 3 })])).toEqual(
    traffic(3, 1, { "1": 3, "2": 3 }),
  )
})

describe("percentile95", () => {
  test.each<[string, Record<string, number>, number | undefined]>([
    ["is unknown without answers", {}, undefined],
    ["is unknown while all counts are 0", { "1": 0, "+Inf": 0 }, undefined],
    [
      "is the first bound with 95 per cent of the answers",
      { "0.1": 94, "0.5": 95, "1": 99, "+Inf": 100 },
      0.5,
    ],
    ["sorts bounds by number", { "+Inf": 100, "10": 96, "2.5": 50 }, 10],
    ["may be beyond all bounds", { "1": 94, "+Inf": 100 }, Infinity],
  ])("%s", (_, buckets, bound) => {
    expect(percentile95(traffic(1, 0, buckets))).toBe(bound)
  })
})
