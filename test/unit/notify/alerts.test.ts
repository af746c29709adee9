import { describe, expect, it } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { soakAlerts, testAlerts } from "../../../src/lib/notify/alerts.js"
import { slackMessage } from "../../../src/lib/notify/slack.js"
import { messageId } from "../../../src/lib/notify/webhook.js"
import type { StageReport } from "../../../src/lib/run/verdict.js"
import { news } from "./receiver.js"

const stage = (name: string, more: Partial<StageReport>): StageReport => ({
  name,
  group: name,
  status: "passed",
  milliseconds: 1,
  cached: false,
  reason: "fine",
  repro: `repeat ${name}`,
  exitCode: ExitCode.passed,
  findings: [],
  version: "",
  log: "",
  ...more,
})

const SLOW = stage("load", {
  status: "failed",
  reason: "95 of 100 requests took up to 2510 ms, and must take less than 2000 ms",
  facts: { measured: "7200 requests, 0.4 % failed, 95 of 100 within 2510 ms, by up to 20 users" },
})

describe("testAlerts", () => {
  it("raises an alert for a failed load test, whose message has the metrics and the version", () => {
    const [alert, ...others] = testAlerts([SLOW, stage("baseline", {})])
    expect(others).toEqual([])
    const message = JSON.stringify(slackMessage(news({ kind: "alert", ...alert })))
    expect(message).toContain("🚨 Alert: shop v1.2.3 in production")
    expect(message).toContain("load failed: 95 of 100 requests took up to 2510 ms, and must take less")
    expect(message).toContain("measured: 7200 requests, 0.4 % failed, 95 of 100 within 2510 ms, by up to 20")
    expect(message).toContain("Nothing was rolled back")
    expect(message).toContain("repeat load")
  })

  it("raises an alert for ZAP's findings and for a test that couldn't run", () => {
    const found = stage("baseline", { status: "failed", reason: "2 alerts", facts: { alerts: "2 high" } })
    const alerts = testAlerts([found, stage("stress", { status: "error", reason: "no address" })])
    expect(alerts.map(({ failure }) => failure?.reason)).toEqual(["2 alerts", "no address"])
    expect(alerts[0]?.note).toContain("ZAP's alerts: 2 high")
    const ids = alerts.map((alert) => messageId(news({ kind: "alert", ...alert })))
    expect(new Set(ids).size).toBe(2)
  })

  it("raises an alert for a load test that passed, but slower than the one before", () => {
    const message = "slower than v1.2.2: median 80 ms, was 40 ms"
    const slower = { tool: "k6", rule: "comparison", level: "warning", message, advisory: true } as const
    const [alert] = testAlerts([stage("load", { findings: [slower], facts: { measured: "900 requests" } })])
    expect(alert?.failure).toBeUndefined()
    expect(alert?.note).toMatch(/^load: slower than v1\.2\.2: .*\nmeasured: 900 requests\n/)
  })

  it("raises nothing for tests that passed or were skipped", () => {
    expect(testAlerts([stage("load", {}), stage("baseline", { status: "skipped" })])).toEqual([])
  })
})

describe("soakAlerts", () => {
  it("raises an alert for the slow answers of a soak", () => {
    const ALERT = "the 95th percentile of latency is up to 4 s, above 2 s"
    expect(soakAlerts([stage("prepare", { facts: { ALERT } }), stage("soak", {})])).toEqual([
      { note: `soak: ${ALERT}` },
    ])
    expect(soakAlerts([stage("prepare", {})])).toEqual([])
  })
})
