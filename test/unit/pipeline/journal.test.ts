import { describe, expect, it } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { type Break, brokenOff, type Journal, journal } from "../../../src/lib/pipeline/journal.js"
import type { StageReport } from "../../../src/lib/run/verdict.js"

const MARK = "slipway-0815"
const run = {
  id: "known by the module",
  event: "tag",
  ref: "refs/tags/v1.0.0",
  sha: "abc",
  startedAt: "then",
}
const broke: Break = {
  run: { ...run, id: "known by the command" },
  invocation: "dagger call -m slipway --source=.",
  exitCode: ExitCode.interrupted,
  reason: "interrupted",
  problem: "interrupted\n→ run the same again",
  milliseconds: 1234,
}

const report = (name: string, status: StageReport["status"]): StageReport => ({
  name,
  group: "quality",
  status,
  milliseconds: 5,
  cached: false,
  reason: "as it came",
  repro: "again",
  exitCode: ExitCode.passed,
  findings: [],
  version: "1",
  log: "what the tool said",
})

/** Returns the lines of a journal as the engine's log has them. */
function logOf(write: (journal: Journal) => void): string {
  const lines: string[] = []
  write(journal(MARK, (line) => lines.push(`9   : [6.0s] | ${line}`)))
  return lines.join("\n")
}

const statuses = (log: string) =>
  brokenOff(log.split("\n"), MARK, broke).stages.map(({ name, status }) => `${name} ${status}`)

describe("brokenOff", () => {
  it("returns the results of finished stages, and errors for the others", () => {
    const log = logOf(({ began, planned, started, ended }) => {
      began(run)
      planned(["black", "mypy", "unit", "publish"])
      started("mypy")
      started("black")
      ended([report("unit", "failed")])
      ended([report("black", "passed")])
    })
    const verdict = brokenOff(log.split("\n"), MARK, broke)
    expect(verdict).toMatchObject({
      schema: 1,
      run,
      status: "error",
      exitCode: 130,
      milliseconds: 1234,
      problem: broke.problem,
    })
    expect(verdict.stages.map(({ name, status, reason }) => [name, status, reason])).toEqual([
      ["black", "passed", "as it came"],
      ["mypy", "error", "not known to have ended: interrupted"],
      ["unit", "failed", "as it came"],
      ["publish", "error", "not known to have ended: interrupted"],
    ])
    expect(verdict.stages.map(({ exitCode }) => exitCode)).toEqual([0, 3, 0, 3])
    // A stage with effects has no command to repeat it.
    expect(verdict.stages.map(({ repro }) => repro)).toEqual([
      "again",
      `${broke.invocation} debug --stage=mypy terminal`,
      "again",
      "",
    ])
  })

  it("returns no stages without any line of the module", () => {
    expect(brokenOff([], MARK, broke)).toMatchObject({ run: broke.run, status: "error", stages: [] })
  })

  it("ignores an incomplete line", () => {
    const log = logOf(({ planned, ended }) => {
      planned(["black"])
      ended([report("black", "passed")])
    })
    expect(statuses(log)).toEqual(["black passed"])
    expect(statuses(log.slice(0, -1))).toEqual(["black error"])
  })

  it("ignores similar lines of tools", () => {
    const log = logOf(({ planned }) => planned(["black"]))
    const line = (mark: string) => `${mark} ${JSON.stringify({ ended: report("black", "passed") })}`
    expect(statuses(`${log}\n${line("slipway-0816")}`)).toEqual(["black error"])
    expect(statuses(`${log}\n${line(MARK)}`)).toEqual(["black passed"])
  })
})

describe("journal", () => {
  it("prints each stage once, only with its result", () => {
    const log = logOf(({ ended }) => {
      ended([report("black", "passed")])
      ended([report("black", "passed"), report("mypy", "passed")])
    })
    expect(log.match(/"name":"\w+"/g)).toEqual(['"name":"black"', '"name":"mypy"'])
    expect(log).not.toContain("what the tool said")
  })

  it("prints nothing without a mark", () => {
    const lines: string[] = []
    journal("", (line) => lines.push(line)).began(run)
    expect(lines).toEqual([])
  })
})
