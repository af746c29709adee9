import { describe, expect, it, test } from "vitest"
import { deliveryFindings } from "../../../dagger/cli/doctor/delivery.js"
import { findingsJson } from "../../../dagger/cli/doctor/finding.js"
import { parseConfig } from "../../../src/lib/config/parse.js"

const GROUPS = ["deploy", "notify", "load", "dast"] as const
const ASKING = `
notify: { channels: [slack, webhook], environments: [production] }
monitoring: { grafana: { staging: "https://grafana.example.com" } }
load: { influxdb: "http://influx:8086/write?db=load", prometheus: "http://prometheus:9090/api/v1/write" }
dast: { header: X-Key }
`
const found = (
  settings: string,
  env: Record<string, string> = {},
  environment: "staging" | "production" = "production",
) => deliveryFindings({ groups: GROUPS, environment }, parseConfig(settings), env)

describe("deliveryFindings", () => {
  it("reports missing secrets that the settings ask for, in the environments and stages that use them", () => {
    const names = (...args: Parameters<typeof found>) =>
      found(...args).map(({ name, status }) => `${name} ${status}`)
    const tests = ["influxdb warning", "prometheus warning", "scan warning"]
    expect(names(ASKING)).toEqual(["slack warning", "webhook warning", ...tests])
    expect(names(ASKING, {}, "staging")).toEqual(["grafana warning", ...tests])
    expect(found(ASKING)[0]).toMatchObject({
      value: "no SLACK_WEBHOOK, which notify.channels asks for",
      remedy: expect.stringContaining("set PRODUCTION_SLACK_WEBHOOK or SLACK_WEBHOOK") as string,
    })
    const config = parseConfig(ASKING)
    expect(deliveryFindings({ groups: ["quality"], environment: "production" }, config, {})).toEqual([])
  })

  it("reports nothing for settings that don't name secrets", () => {
    expect(found("")).toEqual([])
    expect(found("notify: { channels: [slack], events: [] }")).toEqual([])
  })

  it("accepts set secrets, an environment's own first, and never shows them", () => {
    const env = {
      SLACK_WEBHOOK: "s3cret",
      PRODUCTION_SLACK_WEBHOOK: "https://hooks.example.com/s3cret",
      NOTIFY_WEBHOOK: "https://e.com/s3cret\n",
      NOTIFY_WEBHOOK_SECRET: "whsec_czNjcmV0",
      INFLUXDB_TOKEN: "s3cret",
      PROMETHEUS_TOKEN: "s3cret",
      GRAFANA_TOKEN: "s3cret",
      DAST_AUTH_HEADER: "s3cret",
      LOAD_AUTHORIZATION: "Bearer s3cret\n",
    }
    const all = found(ASKING, env)
    expect(all.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      "slack: PRODUCTION_SLACK_WEBHOOK",
      "webhook: NOTIFY_WEBHOOK",
      "signature: NOTIFY_WEBHOOK_SECRET",
      "load test: LOAD_AUTHORIZATION",
      "influxdb: INFLUXDB_TOKEN",
      "prometheus: PROMETHEUS_TOKEN",
      "scan: DAST_AUTH_HEADER",
    ])
    expect(all.every(({ status }) => status === "ok")).toBe(true)
    expect(findingsJson(all)).not.toMatch(/s3cret|czNjcmV0/)
  })
})

test.each([
  ["SLACK_WEBHOOK", "T0/B0/s3cret", "no https URL"],
  ["TEAMS_WEBHOOK", "http://hooks.example.com/s3cret", "no https URL"],
  ["NOTIFY_WEBHOOK", "https://me:s3cret@e.com", "no https URL"],
  ["NOTIFY_WEBHOOK_SECRET", "whsec_s3cret!", "not base64 after whsec_"],
  ["GRAFANA_TOKEN", "Bearer s3cret", "more than a token"],
  ["INFLUXDB_TOKEN", "Token s3cret", "more than a token"],
  ["PROMETHEUS_TOKEN", "s3cret\ns3cret", "more than a token"],
  ["LOAD_AUTHORIZATION", "Authorization: Bearer s3cret", "not the value of a header"],
  ["DAST_AUTH_HEADER", "s3cret\nX: y", "not the value of a header"],
])("deliveryFindings warns if %s is %j", (name, value, wrong) => {
  const settings = `${ASKING.replace("[slack, webhook]", "[slack, teams, webhook]").replace("production", "staging")}`
  const others = { NOTIFY_WEBHOOK: "https://e.com" }
  const all = found(settings, { ...others, [name]: value }, "staging")
  expect(all).toContainEqual(expect.objectContaining({ status: "warning", value: `${name} is ${wrong}` }))
  expect(findingsJson(all)).not.toContain("s3cret")
})

it("deliveryFindings warns about a signing secret without a webhook", () => {
  expect(found("", { NOTIFY_WEBHOOK_SECRET: "s3cret" })).toMatchObject([
    { name: "signature", status: "warning", value: "there is no NOTIFY_WEBHOOK to sign for" },
  ])
})
