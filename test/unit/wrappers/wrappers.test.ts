import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { CI_HOSTS } from "../../../src/lib/config/wrappers.js"
import { describeWrappers } from "../../../src/lib/wrappers/description.js"
import { WRAPPERS, wrapperFiles } from "../../../src/lib/wrappers/files.js"

const GOLDEN = join(import.meta.dirname, "../../fixtures/wrappers")
const PIN = "https://git.example.com/team/slipway@0123456789abcdef0123456789abcdef01234567"
const released = parseConfig(`
release: { registry: team.azurecr.io }
deploy: { aks: { staging: audio-staging/upscaler } }
notify: { channels: [slack] }
wrappers: { slipway: "${PIN}", secrets: [TF_VAR_password], connection: "Azure (audio)" }
`)
const files = wrapperFiles(CI_HOSTS, describeWrappers(released))

describe("wrapperFiles", () => {
  it.each(Object.keys(files))("returns the golden file %s", async (path) => {
    await expect(files[path]).toMatchFileSnapshot(join(GOLDEN, path))
  })

  it("returns nothing without a host, and the script in addition for one", () => {
    expect(wrapperFiles([], describeWrappers(released))).toEqual({})
    expect(Object.keys(wrapperFiles(["gitlab"], describeWrappers(released)))).toEqual([
      ".slipway/slipway",
      ".gitlab-ci.yml",
    ])
  })

  it.each(CI_HOSTS)("calls Slipway once for %s, and runs no other shell command", (host) => {
    const text = files[WRAPPERS[host].path] ?? ""
    const calls = Array.from(text.matchAll(/\bsh (?!')[\w./]+ [^'"\n,]*/g), ([call]) => call)
    expect(calls).toEqual([`sh .slipway/slipway ci --host ${host}`])
    expect(text).not.toContain("pull_request_target")
  })

  it("returns valid YAML, with every secret in the environment of the call", () => {
    const text = files[".github/workflows/slipway.yml"] ?? ""
    const { jobs } = parse(text) as { jobs: { slipway: { steps: { env?: object }[]; env?: object } } }
    const environments = jobs.slipway.steps.flatMap(({ env }) => (env === undefined ? [] : [env]))
    expect(environments).toHaveLength(1)
    expect(environments[0]).toMatchObject({
      TF_VAR_password: "${{ secrets.TF_VAR_password }}",
      PRODUCTION_KUBECONFIG: "${{ secrets.PRODUCTION_KUBECONFIG }}",
    })
    expect(jobs.slipway.env).toBeUndefined()
  })
})

describe("describeWrappers", () => {
  const secrets = (text: string): readonly string[] => describeWrappers(parseConfig(text), PIN).secrets

  it("needs no secrets if nothing is published", () => {
    expect(secrets("")).toEqual([])
    expect(secrets("wrappers: { secrets: [A] }")).toEqual(["A"])
  })

  it("needs no key for keyless signing, no kubeconfig for AKS, no database without migrations", () => {
    expect(
      secrets(`
release: { registry: r.example.com, identity: me@example.com, issuer: "https://example.com" }
deploy: { aks: { staging: a/b, production: c/d }, migrate: { command: none } }`),
    ).toEqual(["REGISTRY_PASSWORD", "REGISTRY_USERNAME"])
  })

  it("needs the secrets of notifications, annotations, metrics and scans, unless environments have their own", () => {
    const asking = `
release: { registry: r.example.com }
notify: { channels: [slack, webhook], environments: [production] }
monitoring: { grafana: { production: "https://grafana.example.com" } }
load: { influxdb: "http://influx:8086/write?db=load", prometheus: "http://prometheus:9090/api/v1/write" }
dast: { header: X-Key }
wrappers: { secrets: [PRODUCTION_SLACK_WEBHOOK, PRODUCTION_INFLUXDB_TOKEN] }`
    const others = secrets("release: { registry: r.example.com }")
    expect(secrets(asking).filter((name) => !others.includes(name))).toEqual([
      "DAST_AUTH_HEADER",
      "GRAFANA_TOKEN",
      "INFLUXDB_TOKEN",
      "NOTIFY_WEBHOOK",
      "PRODUCTION_INFLUXDB_TOKEN",
      "PRODUCTION_SLACK_WEBHOOK",
      "PROMETHEUS_TOKEN",
    ])
    expect(others.join()).not.toMatch(/WEBHOOK|TOKEN|HEADER|AUTHORIZATION/)
  })

  it("fails without a commit to fetch", () => {
    expect(() => describeWrappers(parseConfig(""))).toThrow("WRAPPERS_UNPINNED")
    expect(() => describeWrappers(released, "https://git.example.com/slipway@main")).toThrow(
      '"https://git.example.com/slipway@main" is not a git address with a full commit',
    )
  })
})

describe("the script", () => {
  const script = files[".slipway/slipway"] ?? ""
  const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    execFileSync("sh", ["-s", "--", ...args], {
      input: script,
      env: { PATH: process.env["PATH"], ...env },
    }).toString()

  it("passes all arguments to the command in SLIPWAY", () => {
    expect(run({ SLIPWAY: "printf <%s>" }, "ci", "--host", "a b")).toBe("<ci><--host><a b>")
  })

  it("is valid in every shell", () => {
    expect(() => execFileSync("sh", ["-n"], { input: script })).not.toThrow()
  })
})
