import { describe, expect, test } from "vitest"
import type { Severity } from "../../../src/lib/run/finding.js"
import { misconfigurations } from "../../../src/lib/security/misconfigurations.js"
import { fixture, report, run } from "./reports.js"

const scan = (gate: Severity = "high") => misconfigurations(run(fixture("misconfigurations")), { gate })

const failure = (from: object = {}): object => ({
  ID: "DS-1",
  Title: "t",
  Resolution: "r",
  Severity: "HIGH",
  Status: "FAIL",
  CauseMetadata: { StartLine: 4 },
  ...from,
})
const dockerfile = (...Misconfigurations: object[]): object => ({
  Target: "Dockerfile",
  Class: "config",
  Misconfigurations,
})

describe("misconfigurations", () => {
  test("have rule, place, message, severity and address in a real report, worst first", () => {
    const { findings } = scan()
    expect(findings[0]).toEqual({
      tool: "trivy",
      rule: "DS-0002",
      level: "error",
      file: "Dockerfile",
      line: 3,
      message:
        "Image user should not be 'root': Add 'USER <non root user name>' line to the Dockerfile (high; https://avd.aquasec.com/misconfig/ds-0002)",
      severity: "high",
      url: "https://avd.aquasec.com/misconfig/ds-0002",
    })
    expect(
      findings.map(({ rule, file, line, level, advisory }) => [rule, file, line, level, advisory]),
    ).toEqual([
      ["DS-0002", "Dockerfile", 3, "error", undefined],
      ["KSV-0017", "deploy/deploy.yaml", 7, "error", undefined],
      ["DS-0001", "Dockerfile", 1, "warning", true],
      ["DS-0026", "Dockerfile", undefined, "note", true],
      ["DS-0005", "Dockerfile", 4, "note", true],
    ])
  })

  test("are counted by the gate", () => {
    const { findings, outcome } = scan()
    expect(outcome(findings)).toMatchObject({
      status: "failed",
      reason: "2 high misconfigurations, 3 below the gate",
    })
    expect(outcome(findings.slice(2))).toMatchObject({
      status: "passed",
      reason: "2 files without a high or critical misconfiguration, 3 below the gate, 2 suppressed",
    })
    const lenient = scan("critical")
    expect(lenient.outcome(lenient.findings)).toMatchObject({
      status: "passed",
      reason: "2 files without a critical misconfiguration, 5 below the gate",
    })
  })

  test("include failed checks only", () => {
    const results = dockerfile(failure(), failure({ Status: "PASS" }), failure({ Status: "EXCEPTION" }))
    expect(misconfigurations(report(results), { gate: "low" }).findings).toHaveLength(1)
  })

  test("have the older id if there is one", () => {
    const { findings } = misconfigurations(report(dockerfile(failure({ AVDID: "AVD-DS-0001" }))), {
      gate: "low",
    })
    expect(findings[0]?.rule).toBe("AVD-DS-0001")
  })

  test("pass for a source without configuration, with a reason", () => {
    for (const empty of [report(), run(fixture("secrets"))])
      expect(misconfigurations(empty, { gate: "low" }).outcome([])).toEqual({
        status: "passed",
        reason: "no configuration file to scan",
        findings: [],
      })
  })

  test("pass for a file without any", () => {
    const clean = { Target: "Dockerfile", Class: "config", MisconfSummary: { Successes: 27, Failures: 0 } }
    expect(misconfigurations(report(clean), { gate: "low" }).outcome([]).reason).toMatch(
      /^1 file without a low, /,
    )
  })

  test("are an error without a report", () => {
    expect(misconfigurations(run("", { exitCode: 1 }), { gate: "low" }).outcome([]).status).toBe("error")
  })
})
