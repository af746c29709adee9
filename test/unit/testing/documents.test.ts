import { describe, expect, it } from "vitest"
import { mentionOf, namedIn, readsDocuments } from "../../../src/lib/testing/documents.js"

describe("mentionOf", () => {
  const mentioned = (code: string) =>
    new RegExp(mentionOf(["README.md", "docs/api.rst"]).replace("\\>", "\\b")).test(code)

  it.each([
    'Path("README.md").read_text()',
    'open(root / "README")',
    'load("api")',
    'root.glob("*.md")',
    'list((root / "docs").iterdir())',
    'open("docs/index.html")',
  ])("matches code that reads a document: %s", (code) => {
    expect(mentioned(code)).toBe(true)
  })

  it.each(["import os", 'URL = "https://docs.example.com"', 'x = "file.mdx"', "readme = 1"])(
    "doesn't match other code: %s",
    (code) => {
      expect(mentioned(code)).toBe(false)
    },
  )

  it("escapes special characters of a pattern in a name", () => {
    expect(mentionOf(["C++ (old).md"])).toMatch(/^C\.\.\.\.old\.\|/)
  })
})

it.each([
  ["[tool.pytest.ini_options]\naddopts = '--doctest-glob=*.md'", true],
  ["[pytest]\ndoctest_glob = *.rst", true],
  ['readme = "README.md"\naddopts = "--doctest-modules"', false],
])("readsDocuments for the settings %j: %s", (settings, expected) => {
  expect(readsDocuments(settings)).toBe(expected)
})

it("namedIn returns the documents that manifests name", () => {
  expect(namedIn('readme = "docs/README.rst"', ["README.md", "docs/README.rst", "CHANGES.md"])).toEqual([
    "docs/README.rst",
  ])
})
