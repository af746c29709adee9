// Results of any size.
import type { Finding } from "../../../src/lib/run/finding.js"
import type { TestCase } from "../../../src/lib/run/testCase.js"
import type { StageReport } from "../../../src/lib/run/verdict.js"
import { type Example, example } from "./runs.js"
import { stage } from "./stages.js"

export const times = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: n }, (_, index) => make(index))
export const lines = (n: number, make: (index: number) => string): string => times(n, make).join("\n")

export const numberedFinding = (index: number, more: Partial<Finding> = {}): Finding => ({
  tool: "flake8",
  rule: `E${index % 50}`,
  level: "error",
  file: `src/module_${index % 1000}.py`,
  line: index + 1,
  column: 7,
  message: `local variable 'value_${index}' is assigned to but never used`,
  ...more,
})

export const numberedTest = (index: number, status: TestCase["status"] = "passed"): TestCase => ({
  id: `tests/unit/test_module_${index % 500}.py::test_case[${index}]`,
  file: `tests/unit/test_module_${index % 500}.py`,
  line: 3,
  status,
  seconds: index / 1000,
  ...(status === "passed" ? {} : { message: `assert ${index} == 0`, details: "x".repeat(500) }),
})

export const failed = (findings: Finding[], more: Partial<StageReport> = {}) => [
  stage("failed", findings, more),
]
export const failedRun = (reports: StageReport[]): Example =>
  example(reports, { status: "failed", exitCode: 1 })
export const testCases = (n: number) =>
  times(n, (index) => numberedTest(index, index % 3 === 0 ? "failed" : "passed"))
