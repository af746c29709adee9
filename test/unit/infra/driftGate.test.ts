import { describe, expect, it } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { driftGate, gated, gateTargets, nothingToGate } from "../../../src/lib/infra/driftGate.js"

const drifted = {
  status: "failed",
  reason: "production infra: DRIFT, 1 difference",
  exitCode: ExitCode.changes,
  findings: [],
} satisfies Parameters<typeof gated>[0]

describe("drift as the gate of a deployment", () => {
  it("stops a deployment where it is enforced, and says what to do", () => {
    const { status, reason } = gated(drifted, { environment: "production", policy: "enforce" })
    expect(status).toBe("failed")
    expect(reason).toBe(
      "production infra: DRIFT, 1 difference: nothing is deployed to production; apply the plan, list it in .slipway/drift.yaml, or set deploy.drift.production",
    )
  })

  it("is only reported where the environment warns", () => {
    expect(gated(drifted, { environment: "staging", policy: "warn" })).toEqual({
      status: "passed",
      reason: "production infra: DRIFT, 1 difference, which staging only reports",
      exitCode: 0,
      findings: [],
    })
  })

  it("leaves a comparison alone that is clean, or no gate", () => {
    const clean = { ...drifted, status: "passed" as const, reason: "production infra: CLEAN" }
    expect(gated(clean, { environment: "production", policy: "enforce" })).toBe(clean)
    expect(gated(drifted, undefined)).toBe(drifted)
  })

  it("has the default of its own environment if the settings name only another", () => {
    const { policy } = driftGate(parseConfig("deploy: {drift: {production: ignore}}\n"), "staging")
    expect(policy).toBe("warn")
    expect(driftGate(parseConfig("deploy: {drift: {staging: ignore}}\n"), "production").policy).toBe(
      "enforce",
    )
  })

  it("compares the targets of the environment, and those of roots without environments", () => {
    const target = (environment: string) => ({ environment, root: "infra", variables: [], backend: [] })
    const all = ["staging", "production", "default"].map(target)
    const gate = { environment: "production", policy: "enforce" } as const
    expect(gateTargets(all, gate).map(({ environment }) => environment)).toEqual(["production", "default"])
    expect(nothingToGate(gate)).toBe("there is no Terraform for production in the source")
  })
})
