import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import {
  accessArguments,
  callDeploy,
  clusterArguments,
  deployArguments,
} from "../../../dagger/cli/commands/deploy.js"
import type { Group } from "../../../src/lib/pipeline/stages.js"

beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/KUBECONFIG|DATABASE_URL|AZURE|LEDGER|DAST|LOAD|WEBHOOK/.test(name)) vi.stubEnv(name, undefined)
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
    expect(deployArguments({ environment: "staging", tag: "v1.2.3" }, ["deploy"])).toEqual([
      "with-deploy",
      "--environment=staging",
      "--reference=v1.2.3",
    ])
  })

  it("pass the names of set secrets, with an environment's own and passwords first, and never their values", () => {
    set("AZURE_OIDC_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT_ID")
    set("STAGING_AZURE_CREDENTIALS", "LEDGER_REMOTE", "STAGING_LEDGER_TOKEN", "DATABASE_URL", "AZURE_OTHER")
    const args = deployArguments({ deploySecret: ["env://LEDGER_REMOTE"] }, ["deploy"], "staging")
    expect(secretsOf(args)).toEqual([
      "STAGING_AZURE_CREDENTIALS",
      "AZURE_CLIENT_ID",
      "AZURE_TENANT_ID",
      "AZURE_CLIENT_SECRET",
      "AZURE_OIDC_TOKEN",
      "STAGING_LEDGER_TOKEN",
      "DATABASE_URL",
      "LEDGER_REMOTE",
    ])
    expect(args.join(" ")).not.toContain("s3cret")
    expect(args).not.toContain("--environment=staging")
  })

  it("pass no secret of another environment, and a general one only where there is none of its own", () => {
    set(
      "KUBECONFIG",
      "STAGING_KUBECONFIG",
      "PRODUCTION_KUBECONFIG",
      "DATABASE_URL",
      "PRODUCTION_DATABASE_URL",
    )
    const held = (environment: string) => secretsOf(deployArguments({ environment }, ["deploy"]))
    expect(held("staging")).toEqual(["STAGING_KUBECONFIG", "DATABASE_URL"])
    expect(held("production")).toEqual(["PRODUCTION_KUBECONFIG", "PRODUCTION_DATABASE_URL"])
    expect(secretsOf(deployArguments({}, ["deploy"]))).toEqual(["KUBECONFIG", "DATABASE_URL"])
  })

  it("pass the cluster of the environment before to a promotion, and to no rollback", () => {
    set("QA_KUBECONFIG", "PRE_PROD_KUBECONFIG", "LIVE_KUBECONFIG", "QA_DATABASE_URL", "PRE_PROD_DATABASE_URL")
    const { deploy } = parseConfig("deploy: { environments: [qa, pre-prod, live] }")
    const held = (environment: string, rollback: boolean) =>
      secretsOf(deployArguments({ environment, rollback }, ["deploy"], environment, deploy))
    expect(held("qa", false)).toEqual(["QA_KUBECONFIG", "QA_DATABASE_URL"])
    expect(held("pre-prod", false)).toEqual(["PRE_PROD_KUBECONFIG", "QA_KUBECONFIG", "PRE_PROD_DATABASE_URL"])
    expect(held("pre-prod", true)).toEqual(["PRE_PROD_KUBECONFIG", "PRE_PROD_DATABASE_URL"])
  })

  it("pass each group's secrets alone, and every cluster to a cleanup", () => {
    set("STAGING_KUBECONFIG", "PRODUCTION_KUBECONFIG", "PRODUCTION_DATABASE_URL", "PRODUCTION_SLACK_WEBHOOK")
    set("PRODUCTION_DAST_AUTH_HEADER", "PRODUCTION_LOAD_AUTHORIZATION", "STAGING_DATABASE_URL")
    const held = (...groups: Group[]) => secretsOf(deployArguments({ environment: "production" }, groups))
    expect(held("load")).toEqual(["PRODUCTION_KUBECONFIG", "PRODUCTION_LOAD_AUTHORIZATION"])
    expect(held("dast")).toEqual(["PRODUCTION_KUBECONFIG", "PRODUCTION_DAST_AUTH_HEADER"])
    expect(held("notify")).toEqual(["PRODUCTION_KUBECONFIG", "PRODUCTION_SLACK_WEBHOOK"])
    expect(held("cleanup")).toEqual(["STAGING_KUBECONFIG", "PRODUCTION_KUBECONFIG"])
  })
})

describe("accessArguments", () => {
  it("pass the secrets of one environment", () => {
    set("STAGING_KUBECONFIG", "PRODUCTION_KUBECONFIG", "STAGING_DATABASE_URL", "PRODUCTION_SLACK_WEBHOOK")
    const args = accessArguments({ environment: "staging" }, ["SLACK_WEBHOOK"])
    expect(secretsOf(args)).toEqual(["STAGING_KUBECONFIG", "STAGING_DATABASE_URL"])
    expect(secretsOf(clusterArguments({}, DEFAULTS.deploy))).toEqual([
      "STAGING_KUBECONFIG",
      "PRODUCTION_KUBECONFIG",
    ])
  })
})

it("callDeploy fails before the engine is asked if nothing says how to reach the cluster, also without settings", async () => {
  const source = mkdtempSync(join(tmpdir(), "slipway-deploy-"))
  try {
    await expect(callDeploy("status", { source })).rejects.toMatchObject({ code: "NO_CLUSTER", exitCode: 4 })
  } finally {
    rmSync(source, { recursive: true })
  }
})
