import { describe, expect, it } from "vitest"
import { declaresPackages, manifestsTogether } from "../../../src/lib/services/declared.js"

const MEMBER = '[project]\nname = "api"\n'
const ROOT = {
  "pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/*"]\n',
  "uv.lock": "version = 1\n",
}

/** The manifests of the service in `services/api`, which declares its packages itself. */
const together = (own: Record<string, string>, above: Record<string, string>) =>
  manifestsTogether({
    path: "services/api",
    own,
    home: "services/api",
    declaring: own,
    files: { ...above, "services/api/pyproject.toml": own["pyproject.toml"] ?? "" },
  })

describe("the manifests of a service", () => {
  it("have the lock of its workspace in place of its own", () => {
    const own = { "pyproject.toml": MEMBER, "uv.lock": "stale" }
    expect(together(own, ROOT)).toEqual({
      manifests: { "pyproject.toml": MEMBER, "uv.lock": "version = 1\n" },
      lockFolder: "",
    })
    expect(together(own, { "pyproject.toml": ROOT["pyproject.toml"] })).toEqual({
      manifests: { "pyproject.toml": MEMBER },
      lockFolder: "",
    })
  })

  it("keep their own lock outside the members of a workspace", () => {
    const own = { "pyproject.toml": MEMBER, "uv.lock": "own" }
    const root = { ...ROOT, "pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*"]\n' }
    expect(together(own, root)).toEqual({ manifests: own, lockFolder: "services/api" })
  })

  it("have the nearest version of Python, their own first", () => {
    const above = { ".python-version": "3.11", "services/.python-version": "3.12" }
    expect(together({}, above).manifests[".python-version"]).toBe("3.12")
    expect(together({ ".python-version": "3.13" }, above).manifests[".python-version"]).toBe("3.13")
    expect(together({}, { "services/api2/.python-version": "3.11" }).manifests).toEqual({})
  })

  it("are those of the folder above that declares its packages, but for its own version of Python", () => {
    const { manifests, lockFolder } = manifestsTogether({
      path: "services/api",
      own: { "runtime.txt": "python-3.12", "setup.cfg": "[flake8]\n" },
      home: "",
      declaring: { "requirements.txt": "six\n", "runtime.txt": "python-3.11" },
      files: {},
    })
    expect(manifests).toEqual({ "requirements.txt": "six\n", "runtime.txt": "python-3.12" })
    expect(lockFolder).toBe("")
  })
})

it.each([
  [{ "requirements.txt": "" }, true],
  [{ "pyproject.toml": MEMBER }, true],
  [{ Pipfile: "" }, true],
  [{ "pyproject.toml": "[tool.black]\n" }, false],
  [{ "uv.lock": "" }, false],
])("declaresPackages of %j is %s", (manifests, declares) => {
  expect(declaresPackages(manifests)).toBe(declares)
})
