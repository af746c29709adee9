import { describe, expect, it } from "vitest"
import { findsNoPackage, isPackage, runtimeRequirements } from "../../../src/lib/image/requirements.js"
import { readHashes, withHashes, withoutFolders } from "../../../src/lib/python/lock.js"

const project = (more = "") => `[project]\nname = "a"\ndependencies = ["six"]\n${more}`

describe("runtimeRequirements", () => {
  it("returns nothing for a project without requirements", () => {
    expect(runtimeRequirements({})).toMatchObject({ files: [], inputs: [], locked: [], needsSource: false })
  })

  it("leaves out files, extras, groups and tables for development", () => {
    const tables = [
      '[project.optional-dependencies]\ndev = ["pytest"]',
      '[dependency-groups]\ntest = ["pytest"]',
      '[tool.uv]\ndev-dependencies = ["respx"]',
    ]
    const manifests = {
      "pyproject.toml": project(tables.join("\n")),
      "requirements.txt": "six==1.16.0\n",
      "requirements-dev.txt": "pytest\n",
      "requirements/prod.txt": "gunicorn\n",
      "requirements/test.txt": "pytest\n",
      "dev-requirements.txt": "pytest\n",
    }
    const found = runtimeRequirements(manifests)
    expect(found.inputs).toEqual(["requirements.txt", "requirements/prod.txt", "pyproject.toml"])
    expect(found.locked).toEqual([])
    expect(found.pins.get("six")).toBe("1.16.0")
  })

  it("takes the chosen files that aren't for development, else those that it finds", () => {
    const manifests = {
      "pyproject.toml": project(),
      "gpu.txt": "torch\n",
      "requirements-dev.txt": "pytest\n",
      "contest.txt": "six\n",
    }
    const inputs = (...chosen: string[]) => runtimeRequirements(manifests, chosen).inputs
    expect(inputs("gpu.txt", "requirements-dev.txt")).toEqual(["gpu.txt"])
    expect(inputs("contest.txt")).toEqual(["contest.txt"])
    expect(inputs("requirements-dev.txt")).toEqual(["pyproject.toml"])
  })

  it("takes Pipenv's locked packages if nothing else lists requirements", () => {
    const lock = JSON.stringify({
      default: { six: { version: "==1.0" } },
      develop: { pytest: { version: "==9.2" } },
    })
    expect(runtimeRequirements({ "Pipfile.lock": lock })).toMatchObject({
      files: ["Pipfile.lock"],
      inputs: [],
      locked: ["six"],
    })
    expect(runtimeRequirements({ "Pipfile.lock": lock, "requirements.txt": "six\n" }).locked).toEqual([])
  })
})

describe("isPackage", () => {
  it.each([
    ["nothing", {}, false],
    ["tools' settings", { "pyproject.toml": "[tool.black]\n" }, false],
    ["a project without a build system", { "pyproject.toml": project() }, false],
    ["a build system", { "pyproject.toml": project('[build-system]\nrequires = ["hatchling"]\n') }, true],
    ["setup.py", { "setup.py": "" }, true],
    [
      "Poetry for packages only",
      { "pyproject.toml": "[tool.poetry]\npackage-mode = false\n[build-system]\nrequires = []\n" },
      false,
    ],
    ["uv's application", { "pyproject.toml": "[build-system]\n[tool.uv]\npackage = false\n" }, false],
    [
      "another tool's key",
      { "pyproject.toml": "[build-system]\n[tool.uv]\n[tool.x]\npackage = false\n" },
      true,
    ],
  ])("recognises %s", (_, manifests, expected) => {
    expect(isPackage(manifests)).toBe(expected)
  })
})

describe("findsNoPackage", () => {
  it("distinguishes a project without a package from one that can't be built", () => {
    const flat = "error: Multiple top-level packages discovered in a flat-layout: ['app', 'migrations']."
    expect(findsNoPackage(flat)).toBe(true)
    expect(findsNoPackage("ValueError: No file/folder found for package service")).toBe(true)
    expect(findsNoPackage("error: command 'gcc' failed: No such file or directory")).toBe(false)
  })
})

describe("withoutFolders", () => {
  it.each([
    ["-e .", "./"],
    [".", "./"],
    ["-e .[gpu]", "./"],
    ["file:///src", "./"],
    ["-e file:///src/libs/common", "./libs/common"],
    ["./libs/common ; python_version > '3'", "./libs/common"],
  ])("separates %s", (line, folder) => {
    expect(withoutFolders(`--index-url https://pypi.org/simple\n\n${line}\nsix==1.17.0\n`)).toEqual({
      lock: "--index-url https://pypi.org/simple\n\nsix==1.17.0\n",
      folders: [folder],
    })
  })

  it("leaves packages unchanged", () => {
    const lock = "click @ https://example.com/click-8.1.7-py3-none-any.whl\nzope.interface==7.0\n"
    expect(withoutFolders(lock)).toEqual({ lock, folders: [] })
  })
})

describe("withHashes", () => {
  const hash = (digit: string) => `sha256:${digit.repeat(64)}`
  const line = `click==8.1.7 --hash=${hash("a")} --hash=${hash("b")}`

  it.each([
    [
      "requirements.txt",
      `six==1.0\nclick[x]==8.1.7 \\\n    --hash=${hash("a")} \\\n    --hash=${hash("b")}\n    # via flask\nflask==3.0\n`,
    ],
    [
      "uv.lock",
      `[[package]]\nname = "click"\nversion = "8.1.7"\nsdist = { hash = "${hash("a")}" }\nwheels = [\n  { hash = "${hash("b")}" },\n]\n\n[[package]]\nname = "x"\nversion = "1"\n`,
    ],
    [
      "poetry.lock",
      `[[package]]\nname = "Click"\nversion = "8.1.7"\nfiles = [\n  {file = "a", hash = "${hash("a")}"}, {file = "b", hash = "${hash("b")}"},\n]\n`,
    ],
    [
      "Pipfile.lock",
      JSON.stringify({ default: { click: { version: "==8.1.7", hashes: [hash("a"), hash("b")] } } }),
    ],
  ])("adds the hashes of %s", (file, text) => {
    const lock = "click==8.1.7\nsix==1.0\nclick-plugins==8.1.7\n"
    expect(withHashes(lock, readHashes({ [file]: text }))).toBe(`${line}\nsix==1.0\nclick-plugins==8.1.7\n`)
  })

  it("adds no hashes of another version", () => {
    const hashes = readHashes({ "requirements.txt": `click==8.1.6 --hash=${hash("a")}\n` })
    expect(withHashes("click==8.1.7\n", hashes)).toBe("click==8.1.7\n")
  })
})
