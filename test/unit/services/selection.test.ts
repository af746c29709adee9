import { describe, expect, it } from "vitest"
import { above, localDependencies } from "../../../src/lib/services/dependencies.js"
import { surroundings, touchedBy } from "../../../src/lib/services/view.js"

const WORKSPACE = {
  "pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/*", "libs/*"]\nexclude = ["libs/old"]\n',
  "services/api/pyproject.toml":
    '[project]\nname = "api"\ndependencies = ["My.Audio>=1"]\n[tool.uv.sources]\nmy-audio = { workspace = true }\nold = { workspace = true }\n',
  "services/worker/pyproject.toml": '[project]\nname = "worker"\ndependencies = ["httpx"]\n',
  "libs/audio/pyproject.toml":
    '[project]\nname = "my_audio"\ndependencies = ["base"]\n[tool.uv.sources]\nbase = { workspace = true }\n',
  "libs/base/pyproject.toml": '[project]\nname = "base"\n',
  "libs/old/pyproject.toml": '[project]\nname = "old"\n',
}

describe("the folders that a service depends on", () => {
  it("are members of its workspace that it requires, and what they require", () => {
    expect(localDependencies("services/api", WORKSPACE)).toEqual(["libs/audio", "libs/base"])
    expect(localDependencies("services/worker", WORKSPACE)).toEqual([])
  })

  it("are members that the workspace's root takes from itself", () => {
    const files = {
      ...WORKSPACE,
      "pyproject.toml": `${WORKSPACE["pyproject.toml"]}[tool.uv.sources]\nbase = { workspace = true }\n`,
      "services/worker/pyproject.toml": '[dependency-groups]\ndev = ["base", {include-group = "x"}]\n',
    }
    expect(localDependencies("services/worker", files)).toEqual(["libs/base"])
  })

  it("are paths of uv, Poetry and requirement files", () => {
    const files = {
      "a/pyproject.toml": '[tool.uv.sources]\nx = [{ path = "../libs/x" }, { index = "i" }]\n',
      "b/pyproject.toml":
        '[tool.poetry.dependencies]\nx = { path = "../libs/x", develop = true }\n[tool.poetry.group.dev.dependencies]\ny = {path = "../libs/y/"}\n',
      "c/requirements.txt": "-e ../libs/x[fast]\n../libs/y ; python_version > '3'\nhttpx\n# ../libs/no\n",
      "c/requirements/dev.txt": "--editable=../libs/z\n-r ../../deps/base.txt\n-c ./limits.txt\n",
    }
    expect(localDependencies("a", files)).toEqual(["libs/x"])
    expect(localDependencies("b", files)).toEqual(["libs/x", "libs/y"])
    expect(localDependencies("c", files)).toEqual(["deps/base.txt", "libs/x", "libs/y", "libs/z"])
  })

  it("never lie outside, and may depend on each other", () => {
    const files = {
      "a/pyproject.toml":
        '[tool.uv.sources]\nx = { path = "../../x" }\ny = { path = "/y" }\nb = { path = "../b" }\nr = { path = ".." }\n',
      "b/pyproject.toml": '[tool.uv.sources]\na = { path = "../a" }\n',
    }
    expect(localDependencies("a", files)).toEqual(["b"])
  })
})

describe("touchedBy", () => {
  const api = { name: "api", path: "services/api", uses: ["libs/audio"] }
  const worker = { name: "worker", path: "services/worker", uses: ["libs/audio", "tools/queue.py"] }
  const touched = (...files: string[]) =>
    [api, worker].filter((view) => touchedBy(view, files) !== undefined).map(({ name }) => name)

  it("finds the service whose folder changed", () => {
    expect(touched("services/api/app/main.py")).toEqual(["api"])
    expect(touched("README.md", "services/worker/README.md")).toEqual(["worker"])
  })

  it("finds all that use what changed", () => {
    expect(touched("libs/audio/audio/mix.py")).toEqual(["api", "worker"])
    expect(touched("tools/queue.py")).toEqual(["worker"])
  })

  it.each([
    "uv.lock",
    "pyproject.toml",
    "services/constraints.txt",
    "requirements/base.txt",
    "slipway.yaml",
    ".slipway/images.lock",
  ])("finds all below %s", (file) => {
    expect(touched(file)).toEqual(["api", "worker"])
  })

  it.each([
    "README.md",
    "docs/api.md",
    "services/api-docs/x.py",
    "libs/audio2/x.py",
    "tools/queue.pyi",
    ".github/workflows/x.yml",
  ])("finds none for %s", (file) => {
    expect(touched(file)).toEqual([])
  })

  it("names the file", () => {
    expect(touchedBy(api, ["README.md", "uv.lock"])).toBe("uv.lock")
  })
})

describe("surroundings", () => {
  it("are manifests of every folder above, and what the service uses", () => {
    const patterns = surroundings({ name: "api", path: "services/api", uses: ["libs/audio"] })
    expect(patterns).toEqual(
      expect.arrayContaining(["uv.lock", "services/uv.lock", "libs/audio", "conftest.py"]),
    )
    expect(patterns.filter((pattern) => pattern.startsWith("services/api"))).toEqual([])
  })

  it.each([
    ["api", [""]],
    ["a/b/c", ["a/b", "a", ""]],
  ])("of %s lie in %j", (path, folders) => {
    expect(above(path)).toEqual(folders)
  })
})
