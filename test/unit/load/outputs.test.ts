import { describe, expect, it } from "vitest"
import { influxAddress, influxLogin, k6Outputs, unsentMetrics } from "../../../src/lib/load/outputs.js"

describe("k6Outputs", () => {
  it("gives k6 nothing if no receiver is configured", () => {
    expect(k6Outputs({}, { kind: "load" })).toEqual({ arguments: [], variables: {} })
  })

  it("names both receivers, and tags every sample", () => {
    const receivers = {
      influxdb: "http://influx:8086/load",
      prometheus: "http://prometheus:9090/api/v1/write",
    }
    expect(k6Outputs(receivers, { kind: "load", version: "" })).toEqual({
      arguments: [
        "--tag=kind=load",
        "--out=influxdb=http://influx:8086/load",
        "--out=experimental-prometheus-rw",
      ],
      variables: {
        K6_PROMETHEUS_RW_SERVER_URL: "http://prometheus:9090/api/v1/write",
        K6_PROMETHEUS_RW_TREND_STATS: "med,p(95)",
      },
    })
  })
})

describe("influxAddress", () => {
  it.each([
    ["http://influx:8086/load", "http://influx:8086/load"],
    ["http://influx:8086/write?db=load", "http://influx:8086/load"],
    ["http://influx:8086/write?db=load&rp=month", "http://influx:8086/load?retention=month"],
    ["https://influx/api/v2/write?org=team&bucket=a%2Fb", "https://influx/a%2Fb"],
  ])("converts %s to %s", (url, address) => {
    expect(influxAddress(url)).toBe(address)
  })
})

describe("influxLogin", () => {
  it.each([
    ["ann:pass:word\n", { username: "ann", password: "pass:word" }],
    ["t0ken==\n", { username: "slipway", password: "t0ken==" }],
  ])("splits %j", (token, login) => {
    expect(influxLogin(token)).toEqual(login)
  })
})

describe("unsentMetrics", () => {
  it("reports each output once, with its first reason", () => {
    const line = (fields: Record<string, string>) => JSON.stringify({ level: "error", msg: "m", ...fields })
    const log = [
      line({ output: "InfluxDBv1", error: "unauthorized" }),
      line({ output: "InfluxDBv1", error: "later" }),
      line({ level: "warning", output: "Prometheus remote write", error: "slow" }),
      line({ error: "of the script" }),
      '{"output": cut',
      line({ output: "Prometheus remote write", error: "got status code: 401" }),
    ].join("\n")
    expect(unsentMetrics(log)).toEqual([
      "metrics did not reach InfluxDB: unauthorized",
      "metrics did not reach Prometheus: got status code: 401",
    ])
    expect(unsentMetrics("")).toEqual([])
  })
})
