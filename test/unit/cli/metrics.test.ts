import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { metricsArguments, type MetricsOptions } from "../../../dagger/cli/commands/metrics.js"

const OPTIONS: MetricsOptions = { source: "/service", out: "out" }
const after = (args: string[]) => args.slice(args.indexOf("--source=/service") + 1)

describe("metricsArguments", () => {
  beforeEach(() => {
    for (const name of ["KUBECONFIG", "GITHUB_TOKEN", "REGISTRY_USERNAME", "DATABASE_URL"])
      vi.stubEnv(name, "")
  })
  afterEach(() => vi.unstubAllEnvs())

  it("pass the options of DORA metrics", () => {
    vi.stubEnv("KUBECONFIG", "apiVersion: v1\n")
    const options = { ...OPTIONS, environment: "staging", window: "7d", history: "/service/.git", now: "x" }
    expect(after(metricsArguments("dora", options))).toEqual([
      "--now=x",
      "metrics",
      "--secrets=env://KUBECONFIG",
      "--history=/service/.git",
      "dora",
      "--environment=staging",
      "--window=7d",
    ])
  })

  it("pass the options of an audit, without the cluster's secrets for a file", () => {
    vi.stubEnv("KUBECONFIG", "apiVersion: v1\n")
    const options = { ...OPTIONS, ledger: "/ledger.jsonl", verify: true, plainHttp: true }
    expect(after(metricsArguments("ledger", options))).toEqual([
      "with-registry",
      "--plain-http",
      "metrics",
      "--ledger=/ledger.jsonl",
      "ledger",
      "--environment=production",
      "--verify",
    ])
  })

  it("pass the token's name only for a trusted host", () => {
    vi.stubEnv("GITHUB_TOKEN", "ghp_x")
    const options = { ...OPTIONS, repository: "https://git.example.com/acme/shop", main: "trunk" }
    const bare = ["metrics", "--repository=https://git.example.com/acme/shop"]
    expect(after(metricsArguments("protection", options))).toEqual([...bare, "protection", "--main=trunk"])
    const trusted = metricsArguments("protection", { ...options, trusted: true })
    expect(after(trusted)).toEqual([...bare, "--token=env://GITHUB_TOKEN", "protection", "--main=trunk"])
    expect(trusted.join()).not.toContain("ghp_x")
  })
})
