import { beforeEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { loadAlertRules } from "../../../src/lib/deploy/alertRules.js"
import { Cluster, type Fault } from "./cluster.js"

interface Applied {
  kind: string
  metadata: { name: string; namespace: string; labels: Record<string, string> }
  spec: Record<string, unknown>
  data: Record<string, string>
}

let applied: Applied[]

/** A cluster with these kinds of the operator, or without it. */
function clusterWith(...kinds: string[]): Cluster {
  const cluster = new Cluster()
  const resources = kinds.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true }))
  const operator: Fault = ({ method, path, body }) => {
    if (path === "/apis/monitoring.coreos.com/v1")
      return kinds.length === 0 ? { status: 404, body: {} } : { status: 200, body: { resources } }
    if (method !== "PATCH") return undefined
    const object = body as Applied
    applied.push(object)
    return { status: 200, body: object }
  }
  cluster.faults.push(operator)
  return cluster
}

beforeEach(() => {
  applied = []
})

const SETTINGS = `deploy: { url: { staging: "https://staging.example.com/" } }
monitoring:
  probe: { prober: "blackbox.monitoring:9115" }
  alerts: { labels: { release: prometheus } }
`

const load = (cluster: Cluster, settings = SETTINGS) =>
  loadAlertRules(cluster.context(), parseConfig(settings), "shop")

describe("loadAlertRules", () => {
  it("applies objects of the operator where the cluster has it", async () => {
    const cluster = clusterWith("PrometheusRule", "Probe")
    expect(await load(cluster)).toBe("PrometheusRule web-alerts, Probe web-alerts")
    const [rules, probe] = applied
    expect(rules?.metadata).toMatchObject({ namespace: "audio", labels: { release: "prometheus" } })
    const [group] = rules?.spec["groups"] as { rules: { alert: string; expr: string; labels: object }[] }[]
    const found = (name: string) => group?.rules.find(({ alert }) => alert === name)
    expect(found("HighErrorRate")).toMatchObject({
      expr: expect.stringContaining('{job="shop",namespace="audio",status=~"5.."}') as string,
      labels: { severity: "critical", service: "shop", action: "rollback" },
    })
    expect(found("HighLatency")?.labels).toMatchObject({ action: "person" })
    expect(found("Unreachable")).toMatchObject({
      expr: expect.stringContaining('probe_success{job="shop-health",namespace="audio"}) == 0') as string,
      labels: { action: "person" },
    })
    expect(probe?.spec).toEqual({
      jobName: "shop-health",
      module: "http_2xx",
      prober: { url: "blackbox.monitoring:9115" },
      targets: { staticConfig: { static: ["https://staging.example.com/health"] } },
    })
  })

  it("applies a ConfigMap of files where the cluster has no operator", async () => {
    expect(await load(clusterWith())).toBe("ConfigMap web-alerts")
    const [{ data }] = applied as [Applied]
    expect(data["alerts.yaml"]).toContain("alert: Unreachable")
    expect(parse(data["scrape.yaml"] ?? "")).toMatchObject({
      scrape_configs: [
        {
          job_name: "shop-health",
          metrics_path: "/probe",
          static_configs: [
            { targets: ["https://staging.example.com/health"], labels: { namespace: "audio" } },
          ],
        },
      ],
    })
  })

  it("follows monitoring.alerts.load, and asks a person where the policy is alert", async () => {
    const settings = "monitoring: { alerts: { load: configmap }, watch: { policy: alert } }\n"
    expect(await load(clusterWith("PrometheusRule"), settings)).toBe("ConfigMap web-alerts")
    const [{ data }] = applied as [Applied]
    expect(Object.keys(data)).toEqual(["alerts.yaml"])
    expect(data["alerts.yaml"]).not.toMatch(/rollback|Unreachable/)
    const operator = "monitoring: { alerts: { load: operator } }\n"
    await expect(load(clusterWith(), operator)).rejects.toMatchObject({ code: "KUBE_MISSING" })
  })
})
