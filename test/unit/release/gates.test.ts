import { expect, it, test } from "vitest"
import { gates, judgeGates, runOfGates } from "../../../src/lib/release/gates.js"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { effectivePolicy, NO_FACTS, policyDigest } from "../../../src/lib/gates/effective.js"
import type { Finding } from "../../../src/lib/run/finding.js"
import type { StageStatus } from "../../../src/lib/run/verdict.js"

const SHA = "0123456789abcdef0123456789abcdef01234567"
const RUN = {
  id: "run-7",
  event: "push",
  ref: "refs/heads/develop",
  sha: SHA,
  startedAt: "2026-11-23T12:00:00Z",
}

const stage = (name: string, status: StageStatus = "passed", reason = "12 files") => ({
  name,
  group: "quality",
  status,
  reason,
  findings: [] as Finding[],
  version: `${name} 1.0`,
})

const POLICY = effectivePolicy(DEFAULTS, {
  ...NO_FACTS,
  exceptions: { ".slipway/suppressions.yaml: bandit B101 in src/secret.py": 2 },
})
const IMAGES = [{ role: "trivy", reference: "aquasec/trivy:0.70.0", digest: `sha256:${"a".repeat(64)}` }]
const BY = { policy: POLICY, images: IMAGES }

const predicate = (...stages: ReturnType<typeof stage>[]): unknown =>
  JSON.parse(JSON.stringify(gates(RUN, stages, BY)))

it("gates has the verdict and the tool versions", () => {
  expect(predicate(stage("black"), stage("unit", "passed", "all findings are suppressed (2)"))).toEqual({
    run: RUN,
    stages: [
      { name: "black", group: "quality", status: "passed", reason: "12 files" },
      { name: "unit", group: "quality", status: "passed", reason: "all findings are suppressed" },
    ],
    tools: { black: "black 1.0", unit: "unit 1.0" },
    policy: { ...POLICY, exceptions: 2 },
    policyDigest: policyDigest(POLICY),
    coverage: null,
    suppressions: [],
    unfixed: [],
    known: [],
    images: IMAGES,
  })
})

it("gates has the measured coverage and each suppressed rule with its number, but no paths", () => {
  const cve = (rule: string, advisory: boolean): Finding => ({
    ...{ tool: "trivy", rule, level: "warning", message: "m" },
    ...(advisory && { advisory: true as const }),
    unfixed: true,
  })
  const UNFIXED = [cve("CVE-2026-2", true), cve("CVE-2026-3", false)]
  const hidden = (tool: string, rule: string) => ({
    finding: { tool, rule, level: "error" as const, message: "m", file: "src/secret.py" },
    suppression: {
      tool,
      rule,
      path: "src/secret.py",
      reason: "r",
      expires: "2027-01-01",
      owner: "o",
      line: 1,
    },
  })
  const made = gates(
    RUN,
    [
      {
        ...stage("bandit"),
        suppressed: [hidden("bandit", "B102"), hidden("bandit", "B101"), hidden("bandit", "B102")],
      },
      { ...stage("scan"), findings: UNFIXED, suppressed: [hidden("trivy", "CVE-2026-1")] },
      { ...stage("flake8"), known: { findings: [hidden("flake8", "E501").finding], fixed: 1 } },
      { ...stage("coverage"), coverage: { covered: 7999, total: 10000, files: [] } },
    ],
    BY,
  )
  expect(made.coverage).toBe(79.99)
  expect(made.unfixed).toEqual([{ tool: "trivy", rule: "CVE-2026-2", count: 1 }])
  expect(made.suppressions).toEqual([
    { tool: "bandit", rule: "B101", count: 1 },
    { tool: "bandit", rule: "B102", count: 2 },
    { tool: "trivy", rule: "CVE-2026-1", count: 1 },
  ])
  expect(made.known).toEqual([{ tool: "flake8", rule: "E501", count: 1 }])
  expect(JSON.stringify(made)).not.toContain("secret.py")
})

test.each([
  ["2 problems in 1 file: src/secret.py", "2 problems in 1 file"],
  ["Coverage 85.3 %, it must be more than 80 %", "Coverage 85.3 %, it must be more than 80 %"],
  ["", ""],
])("gates has the reason %j without details", (reason, brief) => {
  expect(gates(RUN, [stage("black", "passed", reason)], BY).stages[0]?.reason).toBe(brief)
})

it("judgeGates accepts passed stages of the commit", () => {
  const held = predicate(stage("black"), stage("mypy"), stage("integration", "skipped"), stage("x", "failed"))
  expect(judgeGates(held, { sha: SHA, stages: ["black", "mypy"] })).toEqual([])
  expect(judgeGates(held, { stages: ["black", "integration"], optional: ["integration"] })).toEqual([])
})

it("judgeGates returns every problem", () => {
  const held = predicate(stage("black", "failed"), stage("unit", "skipped"), stage("mypy", "error"))
  expect(
    judgeGates(held, { sha: "f00", stages: ["black", "unit", "mypy", "bandit"], optional: ["mypy"] }),
  ).toEqual([
    `it is of commit ${SHA}, not of f00`,
    "black failed",
    "unit was skipped",
    "mypy could not do its work",
    "bandit was not run",
  ])
})

it("judgeGates requires that a repeated stage passed each time", () => {
  expect(judgeGates(predicate(stage("black"), stage("black", "failed")), { stages: ["black"] })).toEqual([
    "black failed",
  ])
})

test.each([
  [undefined],
  [null],
  ["passed"],
  [[]],
  [{}],
  [{ stages: "black" }],
  [{ run: { sha: 1 }, stages: [null, { name: "black" }, { name: "black", status: ["passed"] }] }],
])("judgeGates rejects %j", (held) => {
  const problems = judgeGates(held, { sha: SHA, stages: ["black"] })
  expect(problems).toHaveLength(2)
  expect(problems[0]).toBe(`it is of commit none, not of ${SHA}`)
})

it("runOfGates returns the run id", () => {
  expect(runOfGates(predicate())).toBe("run-7")
  expect(runOfGates(null)).toBe("")
})
