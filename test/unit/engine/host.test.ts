import { execFileSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { DAGGER_VERSION } from "../../../dagger/engine/binaries.js"
import { exportLines, newEnough } from "../../../dagger/engine/host.js"

describe("newEnough", () => {
  it.each([
    ["v0.21.8", true],
    ["v0.21.9", true],
    ["v0.21.10", true],
    ["v0.22.0", true],
    ["v1.0.0", true],
    ["v0.21.7", false],
    ["v0.9.100", false],
    ["v0.20.99", false],
  ])("%s against v0.21.8: %s", (version, expected) => {
    expect(newEnough(version, "v0.21.8")).toBe(expected)
  })

  it("measures by the kit's own version unless told otherwise", () => {
    expect(newEnough(DAGGER_VERSION)).toBe(true)
    expect(newEnough("v0.0.1")).toBe(false)
  })
})

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
