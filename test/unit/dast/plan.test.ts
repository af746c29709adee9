import { expect, test } from "vitest"
import { parse } from "yaml"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { planText, type Scan } from "../../../src/lib/dast/plan.js"

interface Plan {
  env: { contexts: Record<string, unknown>[]; parameters: Record<string, unknown> }
  jobs: { type: string; parameters: Record<string, unknown>; alwaysRun?: boolean }[]
}

const plan = (scan: Partial<Scan> = {}, dast: Partial<typeof DEFAULTS.dast> = {}): Plan =>
  parse(
    planText(
      { url: "http://s.internal:8000", active: false, path: "/", documented: true, ...scan },
      { ...DEFAULTS.dast, ...dast },
    ),
  ) as Plan

const job = ({ jobs }: Plan, type: string) => jobs.find((each) => each.type === type)?.parameters

test("planText of a passive scan has no attack and submits no form that changes data", () => {
  const made = plan()
  expect(made.jobs.map(({ type }) => type)).toEqual([
    "passiveScan-config",
    "openapi",
    "spider",
    "passiveScan-wait",
    "report",
    "report",
  ])
  expect(job(made, "spider")).toEqual({ context: "service", maxDuration: 2, postForm: false })
  expect(job(made, "openapi")).toEqual({
    apiFile: "/zap/wrk/openapi.json",
    targetUrl: "http://s.internal:8000",
    context: "service",
  })
})

test("planText limits an active scan to the remaining time, in whole minutes", () => {
  const attacks = (dast: Partial<typeof DEFAULTS.dast>) => {
    const made = plan({ active: true }, dast)
    expect(job(made, "spider")).toMatchObject({ postForm: true })
    return job(made, "activeScan")
  }
  expect(attacks({})).toEqual({ context: "service", maxScanDurationInMins: 25 })
  expect(attacks({ timeout: 61, spider: 1 })).toEqual({ context: "service", maxScanDurationInMins: 1 })
})

test("planText has no spider for a service without pages, and no import without a document", () => {
  const types = ({ jobs }: Plan) => jobs.map(({ type }) => type)
  expect(types(plan({ path: undefined as never }))).not.toContain("spider")
  expect(types(plan({ documented: false }))).not.toContain("openapi")
})

test("planText continues after a failed job, so that findings are reported", () => {
  const made = plan()
  expect(made.env.parameters).toMatchObject({ failOnError: true, continueOnFailure: true })
  const reports = made.jobs.filter(({ type }) => type === "report")
  expect(reports.map(({ parameters }) => parameters.template)).toEqual([
    "traditional-json",
    "traditional-html",
  ])
  expect(reports.every(({ alwaysRun }) => alwaysRun === true)).toBe(true)
})

test("planText limits the context to the service from its starting path on", () => {
  const [context] = plan({ path: "/health" }, { exclude: ["/logout"] }).env.contexts
  expect(context).toEqual({
    name: "service",
    urls: ["http://s.internal:8000/health"],
    includePaths: ["^http://s\\.internal:8000(?:[/?#].*)?$"],
    excludePaths: ["^http://s\\.internal:8000/logout(?:\\?.*)?$"],
  })
})

test("planText can't be extended by values in the settings", () => {
  const hostile = '/x"\n: {jobs: [{type: script}]}'
  const made = plan({ path: hostile })
  expect(made.env.contexts[0]?.["urls"]).toEqual([`http://s.internal:8000${hostile}`])
  expect(made.jobs).toHaveLength(6)
})
