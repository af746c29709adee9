import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { cleanupArguments } from "../../../dagger/cli/commands/cleanup.js"

beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/KUBECONFIG|DATABASE_URL|AZURE|LEDGER|REGISTRY|ACR_/.test(name)) vi.stubEnv(name, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

const options = { source: "/srv/none", out: "out", runId: "r" }

it("cleanupArguments reports by default, and deletes with --yes", () => {
  expect(cleanupArguments(options).slice(-2)).toEqual(["report", "--run-id=r"])
  expect(cleanupArguments({ ...options, yes: true }).slice(-2)).toEqual(["run", "--run-id=r"])
})

it("cleanupArguments pass kubeconfigs, and no database", () => {
  vi.stubEnv("STAGING_KUBECONFIG", "apiVersion: v1\nkind: Config")
  vi.stubEnv("STAGING_DATABASE_URL", "postgresql://a:s3cret@b/c")
  vi.stubEnv("LEDGER_TOKEN", "s3cret")
  const args = cleanupArguments({ ...options, environment: "staging" })
  expect(args.slice(args.indexOf("cleanup"))).toEqual([
    "cleanup",
    "--environment=staging",
    "--secrets=env://STAGING_KUBECONFIG",
    "report",
    "--run-id=r",
  ])
})
