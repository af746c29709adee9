import { describe, expect, test } from "vitest"
import { secrets, withoutMatches } from "../../../src/lib/security/secrets.js"
import { fixture, report, run } from "./reports.js"

/** A report with a recognisable text in every field that holds content of the source. */
const secret = {
  RuleID: "my-rule",
  Category: "general",
  Severity: "LOW",
  Title: "A password",
  StartLine: 7,
  EndLine: 8,
  Match: 'password = "LEAK"',
  Offset: 1,
  Code: { Lines: [{ Number: 7, Content: "LEAK", Highlighted: "LEAK" }] },
  Excerpt: "LEAK", // what a later version may add
}
const misconfiguration = {
  ID: "DS-1",
  CauseMetadata: {
    StartLine: 1,
    Code: { Lines: [{ Content: "ENV PASSWORD=LEAK" }] },
    RenderedCause: { Raw: "LEAK" },
  },
}
const LEAKY = report(
  { Target: "app/a.py", Class: "secret", Secrets: [secret] },
  { Target: "Dockerfile", Class: "config", Misconfigurations: [misconfiguration] },
  {
    Target: "b.py",
    ExperimentalModifiedFindings: [
      { Type: "secret", Finding: secret },
      { Type: "misconfiguration", Finding: misconfiguration },
    ],
  },
)

describe("secrets", () => {
  test("have rule, place, title and severity in a real report, and all fail", () => {
    const { findings, outcome } = secrets(run(fixture("secrets")))
    expect(findings).toEqual([
      {
        tool: "trivy",
        rule: "github-pat",
        level: "error",
        file: "app/settings.py",
        line: 3,
        message: "GitHub Personal Access Token (critical)",
        severity: "critical",
      },
      {
        tool: "trivy",
        rule: "private-key",
        level: "error",
        file: "app/settings.py",
        line: 5,
        message: "Asymmetric Private Key (high)",
        severity: "high",
      },
    ])
    expect(outcome(findings)).toMatchObject({ status: "failed", reason: "1 critical and 1 high secrets" })
    expect(outcome(findings.slice(1)).reason).toBe("1 high secret, 1 suppressed")
    expect(outcome([])).toMatchObject({ status: "passed", reason: "no secret found, 2 suppressed" })
  })

  test("contain nothing of the source", () => {
    const { findings, outcome } = secrets(LEAKY)
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({
      level: "error",
      severity: "low",
      message: "A password (low)",
      line: 7,
    })
    expect(JSON.stringify([findings, outcome(findings)])).not.toContain("LEAK")
    expect(JSON.stringify(secrets(run(fixture("secrets"))))).not.toMatch(/\*\*|AWS =|BEGIN/)
  })

  test("remove the source's folder from paths", () => {
    expect(secrets(LEAKY, { prefix: "app" }).findings[0]?.file).toBe("a.py")
  })

  test("pass if there are none", () => {
    expect(secrets(report()).outcome([])).toEqual({
      status: "passed",
      reason: "no secret found",
      findings: [],
    })
  })

  test("are an error without a report", () => {
    expect(secrets(run("")).outcome([]).status).toBe("error")
  })
})

describe("withoutMatches", () => {
  test("removes a secret without a rule", () => {
    const kept = withoutMatches(report({ Secrets: [{ ...secret, RuleID: undefined }] }).stdout)
    expect(kept).toContain('"Title": "A password"')
    expect(kept).not.toContain("LEAK")
  })

  test("keeps a report without lines of the source", () => {
    const kept = withoutMatches(LEAKY.stdout) ?? ""
    expect(kept).not.toContain("LEAK")
    expect(JSON.parse(kept)).toMatchObject({
      SchemaVersion: 2,
      Results: [
        {
          Target: "app/a.py",
          Secrets: [
            {
              RuleID: "my-rule",
              Category: "general",
              Severity: "LOW",
              Title: "A password",
              StartLine: 7,
              EndLine: 8,
            },
          ],
        },
        { Misconfigurations: [{ ID: "DS-1", CauseMetadata: { StartLine: 1 } }] },
        { ExperimentalModifiedFindings: [{ Finding: { RuleID: "my-rule" } }, { Finding: { ID: "DS-1" } }] },
      ],
    })
  })

  test("removes all lines of a real report, even masked ones", () => {
    const kept = withoutMatches(fixture("secrets")) ?? ""
    expect(kept).not.toMatch(/\*\*|AWS|BEGIN|"Match"|"Code"|"Lines"|"Content"|"Offset"/)
    expect(kept).toContain('"RuleID": "github-pat"')
    expect(secrets(run(kept)).findings).toEqual(secrets(run(fixture("secrets"))).findings)
  })

  test.each(["", "no JSON: LEAK", '"LEAK"', "[]", "{}"])("returns nothing for %j", (text) => {
    expect(withoutMatches(text)).toBeUndefined()
  })
})
