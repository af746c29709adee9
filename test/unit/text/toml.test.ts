import { describe, expect, it, test } from "vitest"
import { hasTable, readToml, textsIn, valueAt } from "../../../src/lib/text/toml.js"

describe("readToml", () => {
  it("returns the tables", () => {
    expect(readToml('[tool.black]\nline-length = 100 # ours\n"a.b" = "c"\n')).toEqual({
      data: { tool: { black: { "line-length": 100, "a.b": "c" } } },
    })
  })

  it.each([
    ["an unfinished key", "[project]\nname", /^line 2, column \d+: Invalid TOML document/],
    ["a merge conflict", "<<<<<<< HEAD\n", /^line 1, column 1: Invalid TOML document/],
    ["a table twice", "[a]\n[a]\n", /^line 2, /],
    ["deep nesting", `a = ${"[".repeat(100_000)}`, /Invalid TOML document/],
    ["a deep table", `[${"a.".repeat(100_000)}`, /Invalid TOML document/],
  ])("returns the problem of %s", (_, text, problem) => {
    const toml = readToml(text)
    expect(toml.data).toEqual({})
    expect(toml.problem).toMatch(problem)
    expect(toml.problem).not.toContain("\n")
  })
})

test("valueAt follows a path of tables only", () => {
  const { data } = readToml('a.b.c = 1\nlist = [{ b = 2 }]\ntext = "b"\n')
  expect(valueAt(data, "a", "b", "c")).toBe(1)
  for (const path of [
    ["a", "c"],
    ["list", "b"],
    ["text", "length"],
    ["a", "b", "c", "d"],
  ])
    expect(valueAt(data, ...path)).toBeUndefined()
})

test("hasTable recognises a table in every notation, and in an invalid file by its header", () => {
  for (const text of [
    "[tool.black]\n",
    '[ tool . "black" ]',
    "tool = { black = {} }",
    "[tool.black]\na =",
    "[tool.black",
  ])
    expect(hasTable(text, "tool", "black"), text).toBe(true)
  for (const text of ["", "# [tool.black]", "[tool.blackened]", 'a = """\n[tool.black]\n"""', "a ="])
    expect(hasTable(text, "tool", "black"), text).toBe(false)
})

test("textsIn skips values that aren't texts", () => {
  expect(textsIn(["a", 1, { b: "c" }, "d"])).toEqual(["a", "d"])
  expect(textsIn("a")).toEqual([])
})
