import { describe, expect, it } from "vitest"
import { terminalText } from "../../../src/lib/report/terminal.js"
import { finding, HOSTILE, stage } from "./stages.js"

describe("terminalText", () => {
  it("is empty for passed and skipped stages", () => {
    expect(terminalText([stage("passed"), stage("skipped")])).toBe("")
  })

  it("has each finding's location and message, and the command to repeat the stage", () => {
    expect(
      terminalText([
        stage("failed", [finding(), finding({ file: "b c.py", line: 7 })], {
          reason: "2 problems in 2 files",
        }),
      ]),
    ).toBe(
      [
        "✗ flake8 failed: 2 problems in 2 files (1.2 s)",
        "  app/main.py:3:1: 'os' imported but unused [flake8 F401]",
        "  b c.py:7:1: 'os' imported but unused [flake8 F401]",
        "  log: logs/flake8.log",
        "  repeat: dagger call debug --stage=flake8 terminal",
        "",
      ].join("\n"),
    )
  })

  it("shows the first 20 findings and where the others are", () => {
    const lines = terminalText([
      stage(
        "failed",
        Array.from({ length: 25 }, (_, line) => finding({ line: line + 1 })),
      ),
    ]).split("\n")
    expect(lines.filter((line) => line.includes("F401"))).toHaveLength(20)
    expect(lines).toContain("  … and 5 more in logs/flake8.log")
  })

  it("keeps a hostile name from forging lines or colours", () => {
    const output = terminalText([
      stage("failed", [finding({ file: HOSTILE, message: HOSTILE, rule: HOSTILE })], {
        reason: HOSTILE,
        repro: HOSTILE,
      }),
    ])
    expect(output.split("\n")).toHaveLength(5)
    expect(output).not.toMatch(/^::error::/m)
    expect(output.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}]/u)
    expect(output).toContain("\\n::error::\\x1b[31m\\x00\\ud800💥")
  })

  it("truncates long texts", () => {
    const huge = "x".repeat(1_000_000)
    expect(
      terminalText([stage("failed", [finding({ file: huge, message: huge, rule: huge })], { reason: huge })])
        .length,
    ).toBeLessThan(2000)
  })

  it("shows blocking findings, and counts those below the gate", () => {
    const below = Array.from({ length: 30 }, () => finding({ advisory: true, rule: "below" }))
    const lines = terminalText([stage("failed", [...below, finding()])]).split("\n")
    expect(lines.slice(1, 4)).toEqual([
      "  app/main.py:3:1: 'os' imported but unused [flake8 F401]",
      "  … and 30 below the gate",
      "  log: logs/flake8.log",
    ])
  })
})
