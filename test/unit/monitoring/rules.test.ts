import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { alertRules, rulesFile, thresholdsOf } from "../../../src/lib/monitoring/rules.js"
import { rulesTestFile } from "../../../src/lib/monitoring/rulesTest.js"

const of = (yaml: string) => thresholdsOf(parseConfig(yaml), "shop")

const PROBED = `deploy: { url: { production: "https://example.com" } }
monitoring: { probe: { prober: "blackbox:9115" } }
`

describe("the alert rules", () => {
  it("default to the thresholds of deployments", () => {
    expect(rulesFile(of(""))).toMatchInlineSnapshot(`
      "# Made by \`slipway alerts\` of slipway.yaml. Change it there, and make this anew.
      groups:
        - name: shop
          rules:
            - alert: HighErrorRate
              expr: 100 * sum by (namespace) (rate(http_requests_total{job="shop",status=~"5.."}[5m])) / sum by (namespace) (rate(http_requests_total{job="shop"}[5m])) > 2
              for: 300s
              labels:
                severity: critical
                service: shop
                action: rollback
              annotations:
                summary: "shop: more than 2 % of the answers are errors"
                description: '{{ $value | printf "%.1f" }} % of the answers of the last 5 minutes are errors.'
            - alert: HighLatency
              expr: histogram_quantile(0.95, sum by (le, namespace) (rate(http_request_duration_seconds_bucket{job="shop"}[5m]))) > 2
              for: 300s
              labels:
                severity: warning
                service: shop
                action: person
              annotations:
                summary: "shop: 95 of 100 answers take more than 2 s"
                description: 95 of 100 answers of the last 5 minutes take up to {{ $value | printf "%.2f" }} s.
            - alert: LowUptime
              expr: 100 * avg by (namespace) (avg_over_time(up{job="shop"}[1h])) < 99.5
              for: 300s
              labels:
                severity: warning
                service: shop
                action: person
              annotations:
                summary: "shop: less than 99.5 % of uptime within an hour"
                description: Of the last hour it was up for {{ $value | printf "%.1f" }} %.
            - alert: Down
              expr: sum by (namespace) (up{job="shop"}) == 0 or absent(up{job="shop"})
              for: 300s
              labels:
                severity: critical
                service: shop
                action: rollback
              annotations:
                summary: "shop: no instance answers"
                description: Prometheus reaches no instance, or knows of none any more.
      "
    `)
  })

  it("apply every setting", () => {
    const rules = alertRules(
      of(`deploy: { errors: { counter: answers_total, histogram: answer_seconds } }
monitoring:
  job: team/shop
  by: [cluster, namespace]
  status: code
  alerts: { errors: 10, latency: 250ms, uptime: 99.9, for: 90s, runbook: "https://example.com/runbook" }
`),
    )
    expect(rules.map(({ expr }) => expr)).toEqual([
      '100 * sum by (cluster, namespace) (rate(answers_total{job="team/shop",code=~"5.."}[5m])) / sum by (cluster, namespace) (rate(answers_total{job="team/shop"}[5m])) > 10',
      'histogram_quantile(0.95, sum by (le, cluster, namespace) (rate(answer_seconds_bucket{job="team/shop"}[5m]))) > 0.25',
      '100 * avg by (cluster, namespace) (avg_over_time(up{job="team/shop"}[1h])) < 99.9',
      'sum by (cluster, namespace) (up{job="team/shop"}) == 0 or absent(up{job="team/shop"})',
    ])
    for (const rule of rules)
      expect(rule).toMatchObject({ for: "90s", annotations: { runbook_url: "https://example.com/runbook" } })
  })

  it.each([
    ["any namespace", of("")],
    ["one namespace", thresholdsOf(parseConfig(PROBED), "shop", "audio")],
  ])("for %s have a promtool test each that they fire, and that no other does", (_, thresholds) => {
    const { tests } = parse(rulesTestFile(thresholds, "alerts.yaml")) as {
      tests: { name: string; alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[]
    }
    const raised = (count: number) =>
      new Set(
        tests.flatMap(({ alert_rule_test }) =>
          alert_rule_test
            .filter(({ exp_alerts }) => exp_alerts.length === count)
            .map(({ alertname }) => alertname),
        ),
      )
    const names = alertRules(thresholds).map(({ alert }) => alert)
    expect([...raised(1)].sort()).toEqual([...names].sort())
    expect([...raised(0)].sort()).toEqual([...names].sort())
  })
})
