import { describe, expect, it, test } from "vitest"
import { allowsMinor } from "../../../src/lib/python/specifier.js"
import { wishedPython } from "../../../src/lib/python/versions.js"
import { withoutWheel } from "../../../src/lib/python/wheelTags.js"

const KNOWN = ["3.9", "3.10", "3.11", "3.12", "3.13"]

describe("allowsMinor", () => {
  test.each([
    [">=3.9", ["3.9", "3.10", "3.11", "3.12", "3.13"]],
    [">=3.9,<3.12", ["3.9", "3.10", "3.11"]],
    [">=3.9 <3.12.4", ["3.9", "3.10", "3.11", "3.12"]],
    ["<4,>=3.12", ["3.12", "3.13"]],
    ["==3.11.*", ["3.11"]],
    ["3.11", ["3.11"]],
    ["~=3.11", ["3.11", "3.12", "3.13"]],
    ["~=3.11.2", ["3.11"]],
    ["^3.12", ["3.12", "3.13"]],
    ["^3.12.1", ["3.12", "3.13"]],
    ["~3.10", ["3.10"]],
    [">=3.9,!=3.10.*,!=3.11.1", ["3.9", "3.11", "3.12", "3.13"]],
    [">3.9,<=3.11", ["3.9", "3.10", "3.11"]],
    ["^3.9 || ^2.7", ["3.9", "3.10", "3.11", "3.12", "3.13"]],
    [">=2.7,!=3.0.*,<3.10", ["3.9"]],
    ["*", KNOWN],
  ])("reads %s", (requirement, expected) => {
    expect(KNOWN.filter((version) => allowsMinor(requirement, Number(version.slice(2))))).toEqual(expected)
  })
})

describe("wishedPython", () => {
  const wish = (files: Record<string, string>, chosen?: string) => wishedPython(files, KNOWN, chosen)

  test.each([
    [".python-version", { ".python-version": "3.12.4\n" }, "3.12"],
    [".tool-versions", { ".tool-versions": "nodejs 20.1\npython 3.10.2\n" }, "3.10"],
    ["runtime.txt", { "runtime.txt": "python-3.9.18" }, "3.9"],
    ["Pipfile", { Pipfile: '[requires]\npython_version = "3.12"\n' }, "3.12"],
    [
      "Dockerfile",
      { Dockerfile: "FROM node:20 AS assets\nFROM docker.io/python:3.12-slim-bookworm\n" },
      "3.12",
    ],
    ["Dockerfile", { Dockerfile: "ARG PYTHON=3.13\nFROM python:${PYTHON}-slim AS a\nFROM a\n" }, "3.13"],
  ])("is the version that %s names", (file, files, version) => {
    expect(wish(files)).toEqual({ versions: [version], reason: file, exact: true })
    expect(wish(files, "3.11").versions).toEqual(["3.11"])
  })

  test.each([
    ["requires-python", { "pyproject.toml": '[project]\nrequires-python = ">=3.12"\n' }],
    ["Poetry's python", { "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\n' }],
    ["setup.cfg", { "setup.cfg": "[options]\npython_requires = >=3.12\n" }],
    ["setup.py", { "setup.py": 'setup(python_requires=">=3.12")\n' }],
  ])("is the newest first of those that %s allows", (said, files) => {
    const { versions, reason, exact } = wish(files)
    expect(versions).toEqual(["3.13", "3.12"])
    expect(exact).toBe(false)
    expect(reason).toContain(said)
  })

  it("ignores a name that the requirement excludes", () => {
    const files = { ".python-version": "3.9\n", "setup.py": 'setup(python_requires=">=3.12")' }
    expect(wish(files).versions).toEqual(["3.13", "3.12"])
  })

  it("is first one that the project is tested with, of those that its metadata allow", () => {
    const files = {
      "pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.11"\n',
      "tox.ini": "[tox]\nenvlist = py3{12,11,10}\n",
    }
    const { versions, reason } = wish(files)
    expect(versions).toEqual(["3.12", "3.11", "3.13"])
    expect(reason).toBe('requires-python in pyproject.toml is ">=3.11", and tox.ini\'s envlist is up to 3.12')
  })

  it("is the newest that tox or the classifiers list if nothing else is said", () => {
    expect(wish({ "tox.ini": "[tox]\nenvlist = py{39,311},lint\n" }).versions).toEqual(["3.11", "3.9"])
    expect(
      wish({ "tox.ini": "[tox]\nenv_list =\n    py3{13,12}\n    py{310-311}\n    style\n" }).versions,
    ).toEqual(["3.13", "3.12", "3.11", "3.10"])
    const classifiers = '"Programming Language :: Python :: 3",\n"Programming Language :: Python :: 3.10",\n'
    expect(wish({ "setup.py": `setup(classifiers=[${classifiers}])` }).versions).toEqual(["3.10"])
  })

  it("is any version without a word, the newest first; another one if none of ours is allowed", () => {
    expect(wish({})).toEqual({
      versions: KNOWN.toReversed(),
      reason: "no file names a version",
      exact: false,
    })
    expect(wish({ "setup.py": 'setup(python_requires="<3.9")' })).toMatchObject({
      versions: ["3.8"],
      exact: true,
    })
    expect(wish({ "setup.py": 'setup(python_requires=">=3.20")' })).toMatchObject({ versions: ["3.20"] })
  })
})

describe("withoutWheel", () => {
  const lock = (...wheels: string[]) => ({
    "uv.lock": `[[package]]\nname = "fast"\nversion = "1"\nwheels = [${wheels
      .map((name) => `{ url = "https://example.com/fast-1-${name}.whl" }`)
      .join(", ")}]\n`,
  })

  test.each([
    [["cp311-cp311-manylinux_2_17_x86_64"], 12, "fast"],
    [["cp311-cp311-manylinux_2_17_x86_64"], 11, undefined],
    [["cp39-abi3-manylinux_2_17_x86_64"], 13, undefined],
    [["cp39-abi3-manylinux_2_17_x86_64"], 8, "fast"],
    [["py3-none-any"], 13, undefined],
    [["py2.py3-none-any"], 13, undefined],
    [["cp311-cp311-win_amd64"], 12, undefined],
    [[], 12, undefined],
  ])("finds %j on 3.%i: %s", (wheels, minor, expected) => {
    expect(withoutWheel(lock(...wheels), minor)).toBe(expected)
  })

  it("reads Poetry's lock, and takes a package's versions together", () => {
    const entry = (version: string, tag: string) =>
      `[[package]]\nname = "fast"\nversion = "${version}"\nfiles = [{file = "fast-${version}-${tag}.whl", hash = "sha256:0"}]\n`
    const text = entry("1", "cp311-cp311-manylinux1_x86_64") + entry("2", "cp312-cp312-manylinux1_x86_64")
    expect(withoutWheel({ "poetry.lock": text }, 12)).toBeUndefined()
    expect(withoutWheel({ "poetry.lock": text }, 13)).toBe("fast")
  })
})
