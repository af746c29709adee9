import { describe, expect, it } from "vitest"
import { sarifOfService } from "../../../src/lib/report/sarifOfService.js"
import { type RanService, summaryTogether, verdictTogether } from "../../../src/lib/services/together.js"
import type { Verdict } from "../../../src/lib/run/verdict.js"

const RUN = { id: "1", event: "push", ref: "refs/heads/x", sha: "", startedAt: "2026-03-01T12:00:00Z" }
const verdict = (more: Partial<Verdict> = {}): Verdict => ({
  schema: 1,
  run: RUN,
  status: "passed",
  exitCode: 0,
  milliseconds: 5,
  stages: [],
  problem: null,
  ...more,
})
const api: RanService = { name: "api", path: "services/api", chosen: true, why: "a.py changed since main" }
const worker: RanService = { ...api, name: "worker", chosen: false, why: "no change since main touches it" }
const mypy = {
  name: "mypy",
  group: "quality",
  status: "failed",
  milliseconds: 1,
  cached: null,
  reason: "",
  repro: "",
}

describe("verdictTogether", () => {
  it("has a stage for each service, and the worst exit code", () => {
    const failed = verdict({
      status: "failed",
      exitCode: 1,
      stages: [{ ...mypy, status: "failed", exitCode: 1 }],
    })
    const broken = verdict({ status: "error", exitCode: 3, problem: "no engine\n→ start it" })
    const all = verdictTogether(
      RUN,
      [{ ...api, verdict: failed }, { ...api, name: "web", verdict: broken }, worker],
      { milliseconds: 9 },
    )
    expect([all.status, all.exitCode, all.milliseconds]).toEqual(["failed", 1, 9])
    expect(all.stages.map(({ name, status, reason }) => `${name} ${status}: ${reason}`)).toEqual([
      "api failed: mypy did not pass; see api/report.html",
      "web error: no engine; see web/summary.md",
      "worker skipped: no change since main touches it",
    ])
    expect(all.stages[0]?.repro).toBe("slipway ci --service=api")
  })

  it("passes if nothing is touched, and is no pass while a service hasn't ended", () => {
    expect(verdictTogether(RUN, [worker], { milliseconds: 0 })).toMatchObject({
      status: "passed",
      exitCode: 0,
    })
    expect(verdictTogether(RUN, [api, worker], { milliseconds: 0 })).toMatchObject({
      status: "error",
      exitCode: 3,
    })
    expect(verdictTogether(RUN, [api], { milliseconds: 0, interrupted: true }).exitCode).toBe(130)
  })
})

describe("summaryTogether", () => {
  it("adds the services' own as far as there is room", () => {
    expect(summaryTogether("table\n", ["api\n", "worker\n"], 100)).toBe("table\n\napi\n\nworker\n")
    expect(summaryTogether("table\n", ["api\n", "x".repeat(200)], 100)).toContain("… and more")
  })
})

describe("sarifOfService", () => {
  const log = JSON.stringify({
    version: "2.1.0",
    runs: [
      {
        automationDetails: { id: "slipway/mypy/" },
        results: [
          {
            locations: [
              { physicalLocation: { artifactLocation: { uri: "a%20b.py" }, region: { startLine: 3 } } },
            ],
          },
        ],
      },
    ],
  })

  it("has a category of its own, and paths from the root", () => {
    const placed = sarifOfService(log, { name: "api", path: "services/a b" })
    expect(placed).toContain('"uri":"services/a%20b/a%20b.py"')
    expect(placed).toContain('"id":"api/slipway/mypy/"')
    expect(placed).toContain('"startLine":3')
  })

  it("is as it was for the only service", () => {
    expect(sarifOfService(log, { name: "", path: "" })).toBe(log)
  })
})
