import { describe, expect, it } from "vitest"
import { sarif } from "../../../src/lib/report/sarif.js"
import type { Finding } from "../../../src/lib/run/finding.js"
import { finding, HOSTILE, stage, without } from "./stages.js"

interface Result {
  ruleId: string
  ruleIndex: number
  level: string
  message: { text: string }
  locations?: { physicalLocation: { artifactLocation: { uri: string }; region?: object } }[]
  partialFingerprints: Record<string, string>
}

interface Rule {
  id: string
  helpUri?: string
  properties?: { tags: string[]; "security-severity": string }
}

interface Run {
  automationDetails: { id: string }
  tool: { driver: { name: string; version: string; rules: Rule[] } }
  invocations: {
    executionSuccessful: boolean
    toolExecutionNotifications?: { level: string; message: { text: string } }[]
  }[]
  results: Result[]
}

const run = (...args: Parameters<typeof stage>): Run =>
  (JSON.parse(sarif(stage(...args), "7.5.0")) as { version: string; runs: [Run] }).runs[0]

const prints = (...findings: Finding[]): (string | undefined)[] =>
  run("failed", findings).results.map(({ partialFingerprints }) => partialFingerprints["slipway/v1"])

describe("sarif", () => {
  it("has one run of the tool in its own category, with each rule once", () => {
    const log = run("failed", [finding(), finding({ rule: "E501" }), finding({ line: 9 })])
    expect(log.automationDetails.id).toBe("slipway/flake8/")
    expect(log.tool.driver).toEqual({
      name: "flake8",
      version: "7.5.0",
      rules: [{ id: "E501" }, { id: "F401" }],
    })
    expect(log.results.map(({ ruleId, ruleIndex }) => [ruleId, ruleIndex])).toEqual([
      ["F401", 1],
      ["E501", 0],
      ["F401", 1],
    ])
    expect(log.invocations).toEqual([{ executionSuccessful: true }])
  })

  it("has locations, without unknown parts", () => {
    const { results } = run("failed", [
      finding(),
      without("column"),
      without("line", "column"),
      without("file", "line", "column"),
    ])
    const [full, noColumn, noLine, none] = results
    expect(full?.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: "app/main.py", uriBaseId: "%SRCROOT%" },
          region: { startLine: 3, startColumn: 1 },
        },
      },
    ])
    expect(noColumn?.locations?.[0]?.physicalLocation.region).toEqual({ startLine: 3 })
    expect(noLine?.locations?.[0]?.physicalLocation).not.toHaveProperty("region")
    expect(none).not.toHaveProperty("locations")
  })

  it.each([
    ["a b/ü:%?#.py", "a%20b/%C3%BC%3A%25%3F%23.py"],
    ["x:\\y\n.py", "x%3A%5Cy%0A.py"],
    ["\uD800.py", "%EF%BF%BD.py"],
  ])("has for %j the URI %s", (file, uri) => {
    expect(
      run("failed", [finding({ file })]).results[0]?.locations?.[0]?.physicalLocation.artifactLocation.uri,
    ).toBe(uri)
  })

  it("has the same fingerprint for a finding on another line", () => {
    const message = "redefinition of unused 'x' from line 3"
    const [first] = prints(finding({ message }))
    expect(
      prints(finding({ message: "redefinition of unused 'x' from line 8", line: 99, column: 5 })),
    ).toEqual([first])
    expect(prints(finding(), finding({ file: "b.py" }), finding({ rule: "F811" }))).toHaveLength(3)
  })

  it("has distinct fingerprints for equal findings in a file", () => {
    const all = prints(finding(), finding({ line: 8 }), finding({ file: "b.py" }))
    expect(new Set(all).size).toBe(3)
    expect(all[1]).toBe(all[0]?.replace(/:1$/, ":2"))
  })

  it("reports that a tool could not run", () => {
    expect(run("error", [], { reason: "flake8 is not installed" }).invocations).toEqual([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [{ level: "error", message: { text: "flake8 is not installed" } }],
      },
    ])
    expect(run("skipped").invocations[0]?.executionSuccessful).toBe(false)
  })

  it("has no lone surrogates, and truncates messages", () => {
    const text = sarif(
      stage("failed", [finding({ file: HOSTILE, rule: HOSTILE, message: "\uDC00".repeat(9999) })]),
      "1",
    )
    expect(text).not.toMatch(/\\ud[89a-f]|\p{Cs}/iu)
    expect(text.length).toBeLessThan(10_000)
  })

  it.each([
    [["critical"], "9.5"],
    [["high"], "8.0"],
    [["medium", "unknown"], "5.5"],
    [["low", "high", "medium"], "8.0"],
    [["low"], "2.0"],
  ] as const)("has for a rule with the severities %j the score %s", (severities, score) => {
    const log = run(
      "failed",
      severities.map((severity) => finding({ severity })),
    )
    expect(log.tool.driver.rules).toEqual([
      { id: "F401", properties: { tags: ["security"], "security-severity": score } },
    ])
  })

  it("has no score for a rule without a severity", () => {
    expect(run("failed", [finding({ severity: "unknown" })]).tool.driver.rules).toEqual([{ id: "F401" }])
  })

  it("has the help URL of a rule", () => {
    const log = run("failed", [
      finding(),
      finding({ url: "https://a.example/F401" }),
      finding({ rule: "E1" }),
    ])
    expect(log.tool.driver.rules).toEqual([{ id: "E1" }, { id: "F401", helpUri: "https://a.example/F401" }])
  })
})
