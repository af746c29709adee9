import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { percentile, readSeries } from "../../../src/lib/load/series.js"

describe("percentile", () => {
  it("returns the nearest rank, weighted by counts", () => {
    const answers = [
      { milliseconds: 30, count: 1 },
      { milliseconds: 10, count: 90 },
      { milliseconds: 20, count: 9 },
    ]
    expect([0.5, 0.9, 0.95, 0.99, 1].map((share) => percentile(answers, share))).toEqual([10, 10, 20, 20, 30])
    expect(percentile([], 0.5)).toBeUndefined()
  })
})

describe("readSeries", () => {
  it("returns each second, and the totals", () => {
    const text =
      "r 59 10 200 0 1 3 a:1\nv 60 2\nr 60 30 503 1503 0 1 a:1\nr 61 5 0 1212 0 2 b\ni 60 4\nc 60 3 1\n"
    expect(readSeries(text)).toEqual({
      requests: 6,
      errors: 3,
      iterations: 4,
      checks: { passed: 3, failed: 1 },
      p50: 10,
      p95: 30,
      statuses: { 0: 2, 200: 3, 503: 1 },
      codes: { 1212: 2, 1503: 1 },
      hosts: { "a:1": { requests: 4, answered: 4 }, b: { requests: 2, answered: 0 } },
      seconds: [
        { at: 0, users: 0, requests: 3, errors: 0, p50: 10, p95: 10 },
        { at: 1, users: 2, requests: 1, errors: 1, p50: 30, p95: 30 },
        { at: 2, users: 2, requests: 2, errors: 2, p50: 5, p95: 5 },
      ],
    })
  })

  it("continues over midnight, and accepts late lines", () => {
    const seconds = readSeries("v 86399 1\nv 0 2\nr 86398 1 200 0 1 1 a\n").seconds
    expect(seconds.map(({ at, users }) => [at, users])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ])
  })

  it("is empty for an empty text or anything else", () => {
    for (const text of ["", "\n", "x y z\n", "r 1 NaN x\n", '{"a":1}'])
      expect(readSeries(text)).toMatchObject({ requests: 0, errors: 0, iterations: 0 })
  })
})

describe("slipway_load.awk", () => {
  const script = resolve(import.meta.dirname, "../../../src/scripts/slipway_load.awk")

  function gathered(points: readonly unknown[], stop = ""): { series: string; said: string; broke: boolean } {
    const folder = mkdtempSync(join(tmpdir(), "slipway-"))
    const [file, broken] = [join(folder, "series"), join(folder, "broken")]
    const input = points.map((point) => `${JSON.stringify(point)}\n`).join("")
    const set = [`SERIES=${file}`, `STOP=${stop}`, `STOP_FILE=${broken}`].flatMap((text) => ["-v", text])
    const said = execFileSync("awk", [...set, "-f", script], { input, encoding: "utf8" })
    return { series: readFileSync(file, "utf8"), said, broke: existsSync(broken) }
  }

  const point = (
    metric: string,
    second: number,
    value: number,
    tags: Record<string, string> | null = null,
  ) => ({
    metric,
    type: "Point",
    data: { time: `2026-11-29T00:00:${String(second).padStart(2, "0")}.123456789Z`, value, tags },
  })

  const request = (second: number, value: number, tags: Record<string, string> = {}) =>
    point("http_req_duration", second, value, {
      method: "GET",
      status: "200",
      expected_response: "true",
      url: "http://a:8000/x?y=1",
      ...tags,
    })

  it("sums requests by the second and skips all else", () => {
    const { series, said } = gathered([
      { type: "Metric", data: { name: "vus", type: "gauge" }, metric: "vus" },
      request(1, 12.3456789),
      request(1, 12.3461),
      request(1, 1999.94, { status: "503", error_code: "1503", expected_response: "false" }),
      point("http_req_waiting", 1, 5),
      point("vus", 1, 3),
      point("iterations", 1, 1),
      point("iterations", 1, 1),
      point("checks", 1, 1),
      point("checks", 1, 0),
      request(2, 0, { status: "0", error_code: "1212", expected_response: "false", url: "https://b" }),
    ])
    expect(series.trim().split("\n").sort()).toEqual([
      "c 1 1 1",
      "i 1 2",
      "r 1 12.35 200 0 1 2 a:8000",
      "r 1 2000 503 1503 0 1 a:8000",
      "r 2 0 0 1212 0 1 b",
      "v 1 3",
    ])
    expect(said).toBe("1 s: 3 users, 4 requests, 2 failed, 674 ms on average\n")
  })

  it("counts calls of gRPC as requests, by the status that HTTP would have", () => {
    const call = (second: number, status: string) =>
      point("grpc_req_duration", second, 4, {
        service: "shop.Orders",
        method: "List",
        rpc_type: "unary",
        status,
        url: "orders:50051/shop.Orders/List",
      })
    const { series, said } = gathered([
      ...["0", "0", "3", "14"].map((status) => call(1, status)),
      point("vus", 1, 3),
      call(2, "99"),
    ])
    expect(series.trim().split("\n").sort()).toEqual([
      "r 1 4 0 0 0 1 orders:50051",
      "r 1 4 200 0 1 2 orders:50051",
      "r 1 4 400 0 0 1 orders:50051",
      "r 2 4 500 0 0 1 orders:50051",
      "v 1 3",
    ])
    expect(said).toBe("1 s: 3 users, 5 requests, 3 failed, 4 ms on average\n")
  })

  it("takes the name of a request, which k6 also puts in place of its URL, for no host", () => {
    const named = (name: string) => request(1, 5, { name, url: name })
    const { series } = gathered([named("GET /items"), named("items"), named("http://${}/items")])
    expect(Object.keys(readSeries(series).hosts)).toEqual(["-"])
  })

  it("judges requests by what the script's systemTags leave", () => {
    const bare = (metric: string, value: number, tags: Record<string, string>) =>
      point(metric, 1, value, { method: "GET", ...tags })
    const { series } = gathered([
      bare("http_req_duration", 5, { status: "200" }),
      bare("http_req_duration", 5, { status: "503", error_code: "1503" }),
      bare("http_req_duration", 5, { error_code: "1404" }),
      bare("http_req_duration", 5, { error_code: "1212" }),
      bare("http_req_duration", 5, { error: "dial: connection refused" }),
      bare("http_req_duration", 5, { status: "500", expected_response: "true" }),
    ])
    expect(series.trim().split("\n").sort()).toEqual([
      "r 1 5 0 0 0 1 -",
      "r 1 5 0 1212 0 1 -",
      "r 1 5 200 0 1 1 -",
      "r 1 5 404 1404 0 1 -",
      "r 1 5 500 0 1 1 -",
      "r 1 5 503 1503 0 1 -",
    ])
  })

  it("asks http_req_failed where a request says nothing of its result", () => {
    const both = (failed: number, tags: Record<string, string>) => [
      point("http_req_duration", 1, 5, { method: "GET", ...tags }),
      point("http_req_failed", 1, failed, { method: "GET", ...tags }),
    ]
    const { series } = gathered([
      ...both(1, {}),
      ...both(0, {}),
      ...both(1, { status: "500", expected_response: "false" }),
      ...both(1, { error_code: "1503" }),
      point("grpc_req_duration", 2, 4, { service: "shop.Orders", url: "orders:50051/shop.Orders/List" }),
    ])
    expect(readSeries(series)).toMatchObject({
      requests: 5,
      errors: 3,
      statuses: { "-": 3, 500: 1, 503: 1 },
      hosts: { "-": { requests: 4, answered: 4 }, "orders:50051": { requests: 1, answered: 1 } },
    })
  })

  it("counts sessions of WebSocket and requests of a browser apart", () => {
    const { series } = gathered([
      point("ws_sessions", 1, 1),
      point("ws_sessions", 1, 1),
      point("browser_http_req_duration", 2, 30),
    ])
    expect(readSeries(series)).toMatchObject({ requests: 0, sessions: 3 })
  })

  it("takes the host of an address with a user, whom k6 hides", () => {
    const { series } = gathered([request(1, 5, { url: "http://****:****@a:8000/x@y" })])
    expect(Object.keys(readSeries(series).hosts)).toEqual(["a:8000"])
  })

  it("is not misled by a service's values in tags", () => {
    const hostile = '","status":"200","metric":"vus","time":"2026-11-29T09:09:09Z","expected_response":"true'
    const { series } = gathered([
      request(3, 7, { name: hostile, status: "500", expected_response: "false", url: 'http://a b\\"c/"/' }),
    ])
    expect(series).toMatch(/^r 3 7 500 0 0 1 ab/)
  })

  describe("with STOP", () => {
    const LOST = { status: "503", error_code: "1503", expected_response: "false" }
    /** So many requests a second, of which the seconds from 20 on have these. */
    const run = (bad: (at: number) => { ms?: number; lost?: number; count?: number }) =>
      Array.from({ length: 50 }, (_, at) => {
        const { ms = 10, lost = 0, count = 20 } = at < 20 ? {} : bad(at)
        return [
          ...Array.from({ length: count }, (_, n) => request(at, ms, n < lost ? LOST : {})),
          point("vus", at, at + 1),
        ]
      }).flat()
    const STOP = "5 2000 10"

    it.each([
      ["of whose requests too many fail", () => ({ lost: 2 }), { requests: 100, errors: 10, slow: 0 }],
      ["that answers too slowly", () => ({ ms: 2000 }), { requests: 100, errors: 0, slow: 100 }],
      ["that hangs", () => ({ count: 0 }), { requests: 0, errors: 0, slow: 0 }],
    ])("stops a test that breaks a service %s, after two intervals", (_, bad, counts) => {
      const { series, broke } = gathered(run(bad), STOP)
      expect(broke).toBe(true)
      expect(readSeries(series).stop).toEqual({ at: 20, users: 25, ...counts })
      expect(gathered(run(bad)).broke).toBe(false)
    })

    it.each([
      ["handles all", () => ({})],
      ["has one bad interval", (at: number) => ({ lost: at < 25 ? 20 : 0 })],
      ["has bad intervals with good ones between", (at: number) => ({ lost: at % 10 < 5 ? 20 : 0 })],
      ["serves a third of the requests of before", () => ({ count: 7 })],
    ])("lets a test go on whose service %s", (_, bad) => {
      expect(gathered(run(bad), STOP).broke).toBe(false)
    })
  })

  it("prints a status every ten seconds", () => {
    const points = Array.from({ length: 25 }, (_, second) => [
      point("vus", second, second),
      request(second, 10),
    ])
    const { said, series } = gathered(points.flat())
    expect(said.trim().split("\n")).toHaveLength(3)
    expect(readSeries(series)).toMatchObject({ requests: 25, p95: 10 })
  })
})

describe("slipway_load.sh", () => {
  const scripts = resolve(import.meta.dirname, "../../../src/scripts")
  /** Writes a second of failed requests after the other, as k6 does, until it is told to end. */
  const LOAD = `
trap 'echo ended >> "$OUT/signals"; exit 105' TERM
exec > "\${1#--out=json=}"
for second in $(seq 10 "$LAST"); do
  at='"time":"2026-11-29T00:00:'$second'.1Z"'
  for _ in $(seq 20); do
    echo '{"metric":"http_req_duration","type":"Point","data":{'$at',"value":5,"tags":{"status":"503","expected_response":"false","url":"http://a/"}}}'
  done
  echo '{"metric":"vus","type":"Point","data":{'$at',"value":3}}'
  sleep 0.2
done`

  function ran(stop: string, last: number): { exit: string; signals: string; stop: unknown } {
    const out = mkdtempSync(join(tmpdir(), "slipway-"))
    writeFileSync(join(out, "load.sh"), LOAD)
    const args = [join(scripts, "slipway_load.sh"), scripts, "sh", join(out, "load.sh")]
    execFileSync("sh", args, { env: { ...process.env, OUT: out, STOP: stop, LAST: String(last) } })
    const read = (name: string) => (existsSync(join(out, name)) ? readFileSync(join(out, name), "utf8") : "")
    return { exit: read("exit"), signals: read("signals"), stop: readSeries(read("series")).stop }
  }

  it("ends a test that breaks the service, by one signal", () => {
    expect(ran("2 2000 10", 59)).toEqual({
      exit: "105\n",
      signals: "ended\n",
      stop: { at: 0, users: 3, requests: 40, errors: 40, slow: 0 },
    })
  }, 20_000)

  it("lets a test run to its end that isn't to stop", () => {
    expect(ran("", 14)).toEqual({ exit: "0\n", signals: "", stop: undefined })
  }, 30_000)
})
