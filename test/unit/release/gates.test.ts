import { expect, it, test } from "vitest"
import { gates, judgeGates, runOfGates } from "../../../src/lib/release/gates.js"
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
  version: `${name} 1.0`,
})

const predicate = (...stages: ReturnType<typeof stage>[]): unknown =>
  JSON.parse(JSON.stringify(gates(RUN, stages)))

it("gates has the verdict and the tool versions", () => {
  expect(predicate(stage("black"), stage("unit", "passed", "all findings are suppressed (2)"))).toEqual({
    run: RUN,
    stages: [
      { name: "black", group: "quality", status: "passed", reason: "12 files" },
      { name: "unit", group: "quality", status: "passed", reason: "all findings are suppressed" },
    ],
    tools: { black: "black 1.0", unit: "unit 1.0" },
  })
})

test.each([
  ["2 problems in 1 file: src/secret.py", "2 problems in 1 file"],
  ["Coverage 85.3 %, it must be more than 80 %", "Coverage 85.3 %, it must be more than 80 %"],
  ["", ""],
])("gates has the reason %j without details", (reason, brief) => {
  expect(gates(RUN, [stage("black", "passed", reason)]).stages[0]?.reason).toBe(brief)
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
