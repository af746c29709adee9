import { describe, expect, it } from "vitest"
import { SUMMARY_BYTES, summary } from "../../../src/lib/report/summary.js"
import type { StageReport, Verdict } from "../../../src/lib/verdict.js"
import { finding, HOSTILE, stage } from "./stages.js"

const verdict = (stages: StageReport[]): Verdict => ({
  schema: 1,
  run: {
    id: "run-1",
    event: "push",
    ref: "feature/x",
    sha: "0123456789abcdef",
    startedAt: "2026-01-02T03:04:05Z",
  },
  status: "failed",
  exitCode: 1,
  problem: null,
  milliseconds: 65_000,
  stages,
})

const page = (...stages: StageReport[]): string => summary(verdict(stages), stages)
const bytes = (text: string): number => Buffer.byteLength(text)

describe("summary", () => {
  it("says why nothing ran", () => {
    const problem = "slipway.yaml has 1 problem:\n  a|b @x\n→ mend it [CONFIG_INVALID]"
    const text = summary({ ...verdict([]), status: "error", problem })
    expect(text).toContain(
      "\nslipway.yaml has 1 problem:  \n  a&#124;b @\u200Bx  \n→ mend it &#91;CONFIG&#95;INVALID&#93;\n",
    )
    expect(text).not.toContain("| stage |")
  })

  it("gives the verdict, all stages and the failures, worst first", () => {
    const text = page(
      stage("passed", [], { name: "black", reason: "3 files formatted", cached: true }),
      stage("failed", [finding()]),
      stage("error", [], { name: "mypy", reason: "mypy is not installed", cached: null }),
    )
    expect(text).toBe(`## ❌ Slipway: failed

<code>push</code> <code>feature/x</code> <code>0123456789ab</code> in 1 min 05 s, run <code>run-1</code>

| stage | status | time | cached | reason |
|---|---|---|---|---|
| quality mypy | 💥 error | 1.2 s |  | mypy is not installed |
| quality flake8 | ❌ failed | 1.2 s | no | 1 problem in 1 file |
| quality black | ✅ passed | 1.2 s | yes | 3 files formatted |

### 💥 mypy: mypy is not installed

Repeat it:

\`\`\`sh
dagger call debug --stage=flake8 terminal
\`\`\`

### ❌ flake8: 1 problem in 1 file

Repeat it:

\`\`\`sh
dagger call debug --stage=flake8 terminal
\`\`\`

| where | rule | message |
|---|---|---|
| <code>app/main.py:3:1</code> | <code>flake8 F401</code> | &#39;os&#39; imported but unused |
`)
  })

  it("keeps hostile names inside their cells", () => {
    const text = page(
      stage("failed", [finding({ file: HOSTILE, rule: HOSTILE, message: HOSTILE })], {
        name: HOSTILE,
        reason: HOSTILE,
      }),
    )
    const rows = text.split("\n").filter((line) => line.startsWith("|"))
    expect(rows).toHaveLength(6)
    for (const row of rows) expect(row.split("|").length).toBe(rows.indexOf(row) < 3 ? 7 : 5)
    expect(text).not.toMatch(/^::error::|<img|[^\n\P{Cc}]|\p{Cs}/mu)
    expect(text.replace(/<code>.*?<\/code>/g, "")).not.toMatch(/@\w|<(?!\/?code)/)
  })

  it("stays within its bytes with very many findings and says what was cut", () => {
    const many = Array.from({ length: 2000 }, (_, line) => finding({ line, message: "→|".repeat(200) }))
    const text = page(...["a", "b", "c"].map((name) => stage("failed", many, { name })))
    expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
    expect(bytes(text)).toBeGreaterThan(SUMMARY_BYTES / 2)
    for (const name of ["a", "b", "c"])
      expect(text).toMatch(new RegExp(`… and \\d+ more in <code>out/logs/${name}\\.log</code>`))
  })

  it("stays within its bytes with very many stages and says how many are left out", () => {
    const stages = Array.from({ length: 1000 }, (_, index) =>
      stage(index % 2 ? "passed" : "failed", [finding()], { name: `s${index}`, reason: "💥".repeat(500) }),
    )
    const text = page(...stages)
    expect(bytes(text)).toBeLessThanOrEqual(SUMMARY_BYTES)
    expect(text).toMatch(/… and \d+ more stages, see `verdict\.json`/)
    expect(text).toMatch(/… and \d+ more failed stages, see `out\/report\.html`/)
    expect(text).toContain("### ❌ s0:")
  })

  it("shows the first 50 findings of a stage", () => {
    const text = page(
      stage(
        "failed",
        Array.from({ length: 60 }, () => finding()),
      ),
    )
    expect(text.match(/F401/g)).toHaveLength(50)
    expect(text).toContain("… and 10 more in <code>out/logs/flake8.log</code>")
  })

  it("gives no command that is cut", () => {
    const text = page(stage("failed", [finding()], { repro: "x".repeat(100_000) }))
    expect(text).toContain("The command that repeats it is in `verdict.json`.")
    expect(bytes(text)).toBeLessThan(2000)
  })
})
