import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { deployArguments } from "../../../dagger/cli/commands/deploy.js"

beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/KUBECONFIG|DATABASE_URL|AZURE|LEDGER|DAST/.test(name)) vi.stubEnv(name, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

const set = (...names: string[]): void => {
  for (const name of names) vi.stubEnv(name, "s3cret")
}
const secretsOf = (args: string[]): string[] =>
  args.flatMap((arg) => (arg.startsWith("--secrets=") ? [arg.replace("--secrets=env://", "")] : []))

describe("deployArguments", () => {
  it("pass no secret that isn't set", () => {
    vi.stubEnv("AZURE_CLIENT_ID", "")
    vi.stubEnv("LEDGER_TOKEN", "")
    expect(deployArguments({ environment: "staging", tag: "v1.2.3" })).toEqual([
      "with-deploy",
      "--environment=staging",
      "--reference=v1.2.3",
    ])
  })

  it("pass the names of set secrets, with an environment's own and passwords first, and never their values", () => {
    set(
      "AZURE_OIDC_TOKEN",
      "AZURE_CLIENT_SECRET",
      "AZURE_CLIENT_ID",
      "AZURE_TENANT_ID",
      "AZURE_SUBSCRIPTION_ID",
    )
    set(
      "STAGING_AZURE_CREDENTIALS",
      "LEDGER_REMOTE",
      "PRODUCTION_LEDGER_TOKEN",
      "DATABASE_URL",
      "STAGING_DAST_AUTH_HEADER",
      "AZURE_OTHER",
    )
    const args = deployArguments({ deploySecret: ["env://LEDGER_REMOTE"] })
    expect(secretsOf(args)).toEqual([
      "STAGING_AZURE_CREDENTIALS",
      "AZURE_CLIENT_ID",
      "AZURE_TENANT_ID",
      "AZURE_SUBSCRIPTION_ID",
      "AZURE_CLIENT_SECRET",
      "AZURE_OIDC_TOKEN",
      "STAGING_DAST_AUTH_HEADER",
      "PRODUCTION_LEDGER_TOKEN",
      "DATABASE_URL",
      "LEDGER_REMOTE",
    ])
    expect(args.join(" ")).not.toContain("s3cret")
  })
})
