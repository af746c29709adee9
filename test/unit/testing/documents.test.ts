import { describe, expect, it } from "vitest"
import { mentionOf, namedIn, readsDocuments } from "../../../src/lib/testing/documents.js"

describe("code that reads a document", () => {
  const mentioned = (code: string) =>
    new RegExp(mentionOf(["README.md", "docs/api.rst"]).replace("\\>", "\\b")).test(code)

  it.each([
    'Path("README.md").read_text()',
    'open(root / "README")',
    'load("api")',
    'root.glob("*.md")',
    'list((root / "docs").iterdir())',
    'open("docs/index.html")',
  ])("names it: %s", (code) => {
    expect(mentioned(code)).toBe(true)
  })

  it.each(["import os", 'URL = "https://docs.example.com"', 'x = "file.mdx"', "readme = 1"])(
    "doesn't: %s",
    (code) => {
      expect(mentioned(code)).toBe(false)
    },
  )

  it("is found by a name with signs that a pattern gives a meaning to", () => {
    expect(mentionOf(["C++ (old).md"])).toMatch(/^C\.\.\.\.old\.\|/)
  })
})

it.each([
  ["[tool.pytest.ini_options]\naddopts = '--doctest-glob=*.md'", true],
  ["[pytest]\ndoctest_glob = *.rst", true],
  ['readme = "README.md"\naddopts = "--doctest-modules"', false],
])("settings have pytest read documents: %j: %s", (settings, expected) => {
  expect(readsDocuments(settings)).toBe(expected)
})

it("metadata is made of what manifests name", () => {
  expect(namedIn('readme = "docs/README.rst"', ["README.md", "docs/README.rst", "CHANGES.md"])).toEqual([
    "docs/README.rst",
  ])
})
