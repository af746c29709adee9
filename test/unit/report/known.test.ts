import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { annotationsOf } from "../../../dagger/cli/hosts/findings.js"
import { html } from "../../../src/lib/report/html/page.js"
import { junit } from "../../../src/lib/report/junit.js"
import { sarif, SARIF_LIMITS } from "../../../src/lib/report/sarif.js"
import { summary } from "../../../src/lib/report/summary.js"
import { type StageReport, stageResult, type Verdict } from "../../../src/lib/run/verdict.js"
import { finding, stage } from "./stages.js"

const OLD = finding({ rule: "E501", line: 9 })
const STAGE = stage("failed", [finding()], { known: { findings: [OLD, OLD], fixed: 3 } })
const PASSED = stage("passed", [], { name: "mypy", known: { findings: [OLD], fixed: 0 } })

const verdictOf = (reports: readonly StageReport[]): Verdict => ({
  schema: 1,
  run: { id: "7", event: "local", ref: "", sha: "", startedAt: "2026-12-01T12:00:00Z" },
  status: "failed",
  exitCode: 1,
  milliseconds: 10,
  stages: reports.map(stageResult),
  problem: null,
})

interface Log {
  runs: [{ results: { ruleId: string; baselineState?: string; suppressions?: object[] }[] }]
}
const resultsOf = (report: StageReport) => (JSON.parse(sarif(report, "1")) as Log).runs[0].results

it("SARIF says of each finding if it is new, and suppresses the known ones", () => {
  expect(resultsOf(STAGE)).toMatchObject([
    { ruleId: "F401", baselineState: "new" },
    { ruleId: "E501", baselineState: "unchanged", suppressions: [{ kind: "external", status: "accepted" }] },
    { ruleId: "E501", baselineState: "unchanged" },
  ])
  expect(resultsOf(STAGE)[0]).not.toHaveProperty("suppressions")
  expect(resultsOf(stage("failed", [finding()]))[0]).not.toHaveProperty("baselineState")
})

it("SARIF leaves out known findings first", () => {
  const known = { findings: Array.from({ length: SARIF_LIMITS.results }, () => OLD), fixed: 0 }
  const results = resultsOf(stage("failed", [{ ...finding(), advisory: true }], { known }))
  expect(results.length).toBeLessThan(SARIF_LIMITS.results)
  expect(results.filter(({ baselineState }) => baselineState === "new")).toHaveLength(1)
})

it("JUnit has one skipped case for the known findings of a stage", () => {
  const xml = junit([STAGE, PASSED])
  expect(xml).toContain('<testsuite name="quality.flake8" tests="2" failures="1" errors="0" skipped="1"')
  expect(xml).toContain('<testcase name="2 known findings" classname="quality">')
  expect(xml).toContain('<testcase name="mypy" classname="quality"/>')
  expect(xml).toContain('<testcase name="1 known finding" classname="quality">')
  expect(xml).toContain('<skipped message="known to .slipway/baseline.json"/>')
})

it("summary and report say what is left by stage, and what is fixed", () => {
  const reports = [STAGE, PASSED, stage("passed", [], { name: "black", known: { findings: [], fixed: 0 } })]
  const text = summary(verdictOf(reports), reports)
  expect(text).toContain("### Known to the baseline: 3\n")
  expect(text).toContain("| flake8 | 2 | 3: `slipway baseline` removes them |\n| mypy | 1 |  |\n")
  expect(text).not.toContain("| black | 0")
  const page = html(verdictOf(reports), reports)
  expect(page).toContain('<a href="#known">Baseline <b>3</b></a>')
  expect(page).toContain("<code>slipway baseline</code> removes what is fixed")
  const without = [stage("passed")]
  expect(summary(verdictOf(without), without)).not.toContain("baseline")
  expect(html(verdictOf(without), without)).not.toContain("#known")
})

it("hosts annotate new findings alone", () => {
  const out = mkdtempSync(join(tmpdir(), "slipway-known-"))
  onTestFinished(() => rmSync(out, { recursive: true }))
  mkdirSync(join(out, "sarif"))
  for (const report of [STAGE, PASSED])
    writeFileSync(join(out, "sarif", `${report.name}.sarif`), sarif(report, "1"))
  expect(annotationsOf(out, verdictOf([STAGE, PASSED])).map(({ title }) => title)).toEqual(["flake8 F401"])
})
