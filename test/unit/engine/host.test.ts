import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { exportLines } from "../../../dagger/engine/host.js"

describe("exportLines", () => {
  it("survives the shell, whatever the values hold", () => {
    const values = {
      PLAIN: "a",
      SPACE: "a b",
      QUOTES: `it's "quoted"`,
      SIGNS: "$HOME `id` \\n;",
      LINES: "a\nb",
      EMPTY: "",
    }
    const script = `${exportLines(values)}\nexec node -p 'JSON.stringify(process.env)'`
    const seen = JSON.parse(execFileSync("sh", ["-euc", script], { encoding: "utf8" })) as Record<
      string,
      string
    >
    expect(seen).toMatchObject(values)
  })

  it("gives one line for each variable", () => {
    expect(exportLines({ A: "1", B: "2" })).toBe("export A='1'\nexport B='2'")
  })
})
