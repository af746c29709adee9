import { describe, expect, it } from "vitest"
import { annotationLines, azureSummary } from "../../../../dagger/cli/hosts/workflowCommands.js"
import type { Annotation } from "../../../../dagger/cli/hosts/findings.js"

const finding = (more: Partial<Annotation> = {}): Annotation => ({
  level: "error",
  title: "mypy return-value",
  message: "wrong",
  fingerprint: "f",
  ...more,
})
const hostile = finding({
  title: "unit: a,b",
  message: "50 %\r\n::set-output name=x::y\n##vso[task.setvariable variable=x]y",
  file: "tests/a:b,c;d].py",
  line: 3,
  column: 7,
})

describe("annotationLines", () => {
  it("returns escaped workflow commands for GitHub", () => {
    expect(annotationLines("github", [hostile])).toEqual([
      "::error file=tests/a%3Ab%2Cc;d].py,line=3,col=7,title=unit%3A a%2Cb::50 %25%0D%0A::set-output name=x::y%0A##vso[task.setvariable variable=x]y",
    ])
    expect(annotationLines("github", [finding({ level: "note" })])).toEqual([
      "::notice title=mypy return-value::wrong",
    ])
  })

  it("returns escaped logging commands for Azure Pipelines", () => {
    expect(annotationLines("azure", [hostile, finding({ level: "note" })])).toEqual([
      "##vso[task.logissue type=error;sourcepath=tests/a:b,c%3Bd%5D.py;linenumber=3;columnnumber=7;code=unit: a,b]50 %AZP25%0D%0A::set-output name=x::y%0A##vso[task.setvariable variable=x]y",
      "##vso[task.logissue type=warning;code=mypy return-value]wrong",
    ])
    expect(azureSummary("/a/50%.md")).toBe("##vso[task.uploadsummary]/a/50%AZP25.md")
  })

  it("returns the first ten of each level", () => {
    const many = Array.from({ length: 25 }, (_, index) => finding({ message: String(index) }))
    const lines = annotationLines("github", [...many, finding({ level: "warning" })])
    expect(lines).toHaveLength(11)
    expect(lines.at(-2)).toMatch(/::9$/)
    expect(lines.at(-1)).toMatch(/^::warning /)
  })

  it("shortens long texts, and returns nothing for hosts that read reports", () => {
    expect(annotationLines("github", [finding({ message: "x".repeat(5000) })])[0]?.length).toBeLessThan(1100)
    for (const host of ["gitlab", "jenkins", "circleci"] as const)
      expect(annotationLines(host, [hostile])).toEqual([])
  })
})
