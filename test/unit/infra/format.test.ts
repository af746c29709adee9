import { describe, expect, it } from "vitest"
import { formatOutcome } from "../../../src/lib/infra/format.js"
import { SYNTAX } from "./outputs.js"

/** Diff as both tools print it. */
const DIFF = `main.tf
--- old/main.tf
+++ new/main.tf
@@ -1,4 +1,4 @@
 locals {
-  a = 1
-  bbb   = 2
+  a   = 1
+  bbb = 2
 }
sub/a b.tfvars
--- old/sub/a b.tfvars
+++ new/sub/a b.tfvars
@@ -10,2 +10,2 @@
-a=1
+a = 1
@@ -20,2 +20,2 @@
 x = 1
-b  = 2
+b = 2
`
const run = (exitCode: number, stdout = "", stderr = "") => ({ exitCode, stdout, stderr })

describe("formatOutcome", () => {
  it("passes", () => {
    expect(formatOutcome("tofu", run(0), 3)).toEqual({
      status: "passed",
      reason: "3 files in the tool's own format",
      findings: [],
    })
  })

  it("reports each file at its first change", () => {
    const { status, reason, findings } = formatOutcome("tofu", run(3, DIFF), 3)
    expect([status, reason]).toEqual(["failed", "2 problems in 2 files"])
    expect(findings).toEqual([
      {
        tool: "tofu",
        rule: "fmt",
        level: "error",
        file: "main.tf",
        line: 2,
        message: "not in the format of `tofu fmt` (1 place); `slipway fix` formats it",
      },
      {
        tool: "tofu",
        rule: "fmt",
        level: "error",
        file: "sub/a b.tfvars",
        line: 10,
        message: "not in the format of `tofu fmt` (2 places); `slipway fix` formats it",
      },
    ])
  })

  it("reports syntax errors first", () => {
    const { status, findings } = formatOutcome("terraform", run(2, DIFF, SYNTAX), 3)
    expect(status).toBe("failed")
    expect(findings.map(({ file, line }) => [file, line])).toEqual([
      ["main.tf", 2],
      ["main.tf", 2],
    ])
  })

  it.each([
    run(1, "", "Error: no such thing"),
    run(3),
    run(3, "main.tf\n"),
    run(2, DIFF),
    run(127),
    run(137),
  ])("reports %j as a failure of the tool", (broken) => {
    expect(formatOutcome("terraform", broken, 3).status).toBe("error")
  })

  it("takes linear time", () => {
    const before = process.cpuUsage()
    for (const unit of ["--- old/", "--- old/a\n", "--- old/a\n+++ new/a\n@@ ", "@@ \n", "\n"])
      formatOutcome("terraform", run(3, unit.repeat(5e5 / unit.length)), 1)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000, "milliseconds").toBeLessThan(20_000)
  }, 60_000)
})
