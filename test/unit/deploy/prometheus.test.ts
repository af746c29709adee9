import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { trafficQueries } from "../../../src/lib/deploy/prometheus.js"

const queries = (deployment: string, errors = {}, statusLabel?: string) =>
  trafficQueries(
    {
      settings: { ...DEFAULTS.deploy, errors: { ...DEFAULTS.deploy.errors, ...errors } },
      names: { deployment, service: deployment },
      namespace: "audio",
      ...(statusLabel !== undefined && { statusLabel }),
    },
    "5d4f8c7b9",
    90,
  )

describe("trafficQueries", () => {
  it("select the new pods by the labels that Prometheus sets", () => {
    expect(queries("api", { counter: "answers_total" }, "code")).toEqual({
      total: 'sum(increase(answers_total{namespace="audio",pod=~"api-5d4f8c7b9-[a-z0-9]{5}"}[90s]))',
      failed:
        'sum(increase(answers_total{namespace="audio",pod=~"api-5d4f8c7b9-[a-z0-9]{5}",code=~"5.."}[90s]))',
    })
  })

  it("match the shortened names of pods of a Deployment with a long name", () => {
    const name = "a".repeat(60)
    const pattern = /pod=~"([^"]*)"/.exec(queries(name).total)?.[1] ?? ""
    expect(`${"a".repeat(58)}x7k2q`).toMatch(new RegExp(`^${pattern}$`))
  })

  it("fill the placeholders of the settings' own queries", () => {
    const total = 'a{ns="{namespace}",rs="{hash}",pod=~"{pods}"}[{since}s]'
    expect(queries("api", { total }).total).toBe(
      'a{ns="audio",rs="5d4f8c7b9",pod=~"api-5d4f8c7b9-[a-z0-9]{5}"}[90s]',
    )
  })
})
