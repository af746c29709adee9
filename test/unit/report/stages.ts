import type { Finding } from "../../../src/lib/run/finding.js"
import type { Suppression } from "../../../src/lib/run/suppressed.js"
import type { TestCase } from "../../../src/lib/run/testCase.js"
import type { StageReport, StageStatus } from "../../../src/lib/run/verdict.js"

export const finding = (from: Partial<Finding> = {}): Finding => ({
  tool: "flake8",
  rule: "F401",
  level: "error",
  file: "app/main.py",
  line: 3,
  column: 1,
  message: "'os' imported but unused",
  ...from,
})

export const stage = (
  status: StageStatus,
  findings: Finding[] = [],
  from: Partial<StageReport> = {},
): StageReport => ({
  name: "flake8",
  group: "quality",
  status,
  milliseconds: 1234,
  cached: false,
  reason: "1 problem in 1 file",
  repro: "dagger call debug --stage=flake8 terminal",
  exitCode: status === "failed" ? 1 : status === "error" ? 3 : 0,
  findings,
  version: "1.0.0",
  log: "",
  ...from,
})

export const testCase = (from: Partial<TestCase> = {}): TestCase => ({
  id: "tests/unit/test_api.py::TestUpload::test_size[wav]",
  file: "tests/unit/test_api.py",
  line: 12,
  status: "passed",
  seconds: 0.25,
  ...from,
})

export const suppression = (from: Partial<Suppression> = {}): Suppression => ({
  tool: "flake8",
  rule: "F401",
  reason: "kept for its side effect",
  expires: "2026-12-31",
  owner: "ann",
  line: 3,
  ...from,
})

/** Returns a finding without these keys. */
export function without(...keys: ("file" | "line" | "column")[]): Finding {
  const entries = Object.entries(finding()).filter(([key]) => !(keys as string[]).includes(key))
  return Object.fromEntries(entries) as unknown as Finding
}

/** A name that needs every kind of escaping. */
export const HOSTILE = `a]]>"'<&>|\`@x\n::error::\x1b[31m\0\uD800💥 #1.py`
