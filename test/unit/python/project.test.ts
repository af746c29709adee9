import { describe, expect, it } from "vitest"
import { findRequirements } from "../../../src/lib/python/project.js"

describe("findRequirements", () => {
  it("finds nothing in an empty source", () => {
    expect(findRequirements({})).toEqual({
      files: [],
      inputs: [],
      locked: [],
      pins: new Map(),
      needsSource: false,
    })
  })

  it("returns everything that Pipenv locked if nothing else lists requirements", () => {
    const lock = JSON.stringify({
      default: { six: { version: "==1.0" } },
      develop: { pytest: { version: "==9.2" } },
    })
    expect(findRequirements({ "Pipfile.lock": lock }).locked).toEqual(["six", "pytest"])
    expect(findRequirements({ "Pipfile.lock": lock, "requirements.txt": "six\n" }).locked).toEqual([])
  })

  it.each([
    ["other groups", '[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n', []],
    [
      "uv",
      '[tool.uv]\nmanaged = true\ndev-dependencies = [\n  "pytest>=8", # tests\n  "respx",\n]\n',
      ["pytest>=8", "respx"],
    ],
    [
      "PDM",
      '[tool.pdm.dev-dependencies]\ntest = ["pytest>=8", "respx"]\n\n[tool.black]\nline-length = 1\n',
      ["pytest>=8", "respx"],
    ],
    ["none", '[tool.black]\nexclude = "x"\n', []],
  ])("returns development requirements from the tables of %s", (_, table, expected) => {
    const manifests = { "pyproject.toml": `[project]\nname = "a"\n\n${table}` }
    expect(findRequirements(manifests).locked).toEqual(expected)
  })

  it("returns requirement files with the usual names, and no others", () => {
    const names = [
      "requirements.txt",
      "requirements-dev.txt",
      "dev-requirements.txt",
      "requirements/test.txt",
    ]
    const others = ["requirements-docs.txt", "requirements/gpu.txt", "my-requirements.txt", "requirements.in"]
    const manifests = Object.fromEntries([...names, ...others].map((name) => [name, "six\n"]))
    expect(findRequirements(manifests).inputs).toEqual(names.toSorted())
  })

  it("returns only the configured files, with the pins of lock files", () => {
    const manifests = {
      "requirements.txt": "six==1.0\n",
      "gpu.txt": "black==24.8.0\n",
      "poetry.lock": '[[package]]\nname = "mypy"\nversion = "1.11.2"\n',
      "pyproject.toml": '[project]\nname = "a"\n',
    }
    const found = findRequirements(manifests, ["gpu.txt"])
    expect(found.inputs).toEqual(["gpu.txt"])
    expect(Object.fromEntries(found.pins)).toEqual({ mypy: "1.11.2", black: "24.8.0" })
  })

  it("returns a project's metadata with its development extras and groups", () => {
    const text = `[project]
name = "a"
dependencies = ["six"]
[project.optional-dependencies]
dev = ["pytest"]
gpu = ["torch"]
[dependency-groups]
lint = ["black==24.8.0"]
docs = ["sphinx"]
`
    const found = findRequirements({ "pyproject.toml": text })
    expect(found.inputs).toEqual(["pyproject.toml", "--extra", "dev", "--group", "lint"])
    expect(found.files).toEqual(["pyproject.toml"])
    expect(found.needsSource).toBe(false)
  })

  it.each([
    ["pyproject.toml", "[project\n", ["pyproject.toml"]],
    ["pyproject.toml", '[project]\nname = "a"\n[tool.black\n', ["pyproject.toml"]],
    ["uv.lock", "<<<<<<< HEAD\n", []],
    ["poetry.lock", '[[package]]\nname = "six\n', []],
  ])("reports a problem if %s is invalid", (name, text, files) => {
    const found = findRequirements({ [name]: text })
    expect(found.files).toEqual(files)
    expect(found.problem).toMatch(new RegExp(`^can't parse ${name}: line \\d, column \\d+: `))
    expect(findRequirements({ [name]: text }, ["requirements.txt"]).problem === undefined).toBe(
      name === "pyproject.toml",
    )
  })

  it("skips a pyproject.toml that only configures tools", () => {
    expect(findRequirements({ "pyproject.toml": "[tool.black]\nline-length = 88\n" }).inputs).toEqual([])
    const broken = findRequirements({ "pyproject.toml": "[tool.black\nline-length = 88\n" })
    expect(broken).toMatchObject({ inputs: [], files: [] })
    expect(broken.problem).toBeUndefined()
  })

  it("needs the source if metadata is computed by code, or a requirement is a folder", () => {
    const needs = (manifests: Record<string, string>) => findRequirements(manifests).needsSource
    expect(needs({ "pyproject.toml": '[project]\nname = "a"\ndynamic = ["version"]\n' })).toBe(false)
    expect(needs({ "pyproject.toml": '[project]\ndynamic = [\n  "dependencies",\n]\n' })).toBe(true)
    expect(needs({ "pyproject.toml": '[tool.poetry]\nname = "a"\n' })).toBe(true)
    expect(needs({ "setup.py": "" })).toBe(true)
    expect(needs({ "setup.cfg": "[flake8]\nmax-line-length = 88\n" })).toBe(false)
    expect(needs({ "setup.cfg": "[metadata]\nname = a\n" })).toBe(true)
    expect(needs({ "requirements.txt": "six\n-e .[dev]\n" })).toBe(true)
    expect(needs({ "requirements.txt": "six\n" })).toBe(false)
  })

  it("returns the extras of setup.cfg", () => {
    const text = "[metadata]\nname = a\n[options.extras_require]\ntest =\n    pytest\ndocs = sphinx\n"
    expect(findRequirements({ "setup.py": "", "setup.cfg": text }).inputs).toEqual([
      "setup.py",
      "--extra",
      "test",
    ])
  })
})
