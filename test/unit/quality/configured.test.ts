import { describe, expect, it } from "vitest"
import {
  configuration,
  flake8Reads,
  inheritedConfiguration,
  TOOLS,
  type ToolName,
} from "../../../src/lib/quality/index.js"
import type { ConfigTexts } from "../../../src/lib/quality/configured.js"

describe("configuration of a tool", () => {
  it.each(TOOLS.map(({ name }) => name))("is undefined for %s in an empty source", (name) => {
    const none = { configured: false, targets: false }
    expect(configuration(name, {})).toEqual(none)
    expect(
      configuration(name, { "pyproject.toml": "[project]\nname = 'x'\n", "setup.cfg": "[metadata]\n" }),
    ).toEqual(none)
  })

  it.each<[ToolName, ConfigTexts]>([
    ["black", { "pyproject.toml": "[tool.black]\nline-length = 100\n" }],
    ["black", { "pyproject.toml": '[ tool . "black" ]\n' }],
    ["black", { "pyproject.toml": "[tool]\nblack = { line-length = 100 }\n" }],
    ["black", { "pyproject.toml": "tool.black.line-length = 100\r\n" }],
    ["isort", { ".isort.cfg": "" }],
    ["isort", { "pyproject.toml": "[tool.isort]\n" }],
    ["isort", { "setup.cfg": "[tool:isort]\n" }],
    ["isort", { "tox.ini": "[isort]\nprofile = black\n" }],
    ["isort", { ".editorconfig": "root = true\n[*.py]\nprofile = black\n" }],
    ["flake8", { ".flake8": "[flake8]\n" }],
    ["flake8", { "tox.ini": "[testenv]\n[flake8]\nignore =\n    E1\n" }],
    ["mypy", { "mypy.ini": "[mypy]\n" }],
    ["mypy", { ".mypy.ini": "" }],
    ["mypy", { "setup.cfg": "[mypy]\n" }],
    ["black", { "pyproject.toml": "[project]\nname =\n[tool.black]\n" }], // black says what is wrong
    ["mypy", { "pyproject.toml": "[[tool.mypy.overrides]]\nmodule = 'x'\n" }],
    ["bandit", { ".bandit": "[bandit]\nskips = B101\n" }],
  ])("is found for %s in %j", (name, files) => {
    expect(configuration(name, files)).toMatchObject({ configured: true, targets: false })
  })

  it.each<[ToolName, ConfigTexts]>([
    ["black", { "pyproject.toml": "[project]\nname =\n" }],
    ["black", { "pyproject.toml": "# [tool.black]\n" }],
    ["black", { "pyproject.toml": 'text = """\n[tool.black]\n"""\n' }],
    ["black", { "pyproject.toml": "[tool.blackened]\n[other.tool.black]\n" }],
    ["isort", { ".editorconfig": "[*]\nindent_style = space\nmax_line_length = 100\n" }],
    ["flake8", { "setup.cfg": "[metadata]\ntext =\n  [flake8]\n" }],
    ["mypy", { "setup.cfg": "[mypy-numpy.*]\n" }],
  ])("is not found for %s in %j", (name, files) => {
    expect(configuration(name, files).configured).toBe(false)
  })

  it.each<[ConfigTexts, boolean]>([
    [{ "mypy.ini": "[mypy]\nfiles = src, tests\n" }, true],
    [{ "setup.cfg": "[mypy]\npackages: app\n" }, true],
    [{ "pyproject.toml": '[tool.mypy]\nfiles = [\n  "src",\n]\n' }, true],
    [{ "pyproject.toml": '[tool.mypy]\nstrict = true\n[tool.other]\nfiles = ["src"]\n' }, false],
    [{ ".mypy.ini": "[mypy]\n", "setup.cfg": "[mypy]\nfiles = src\n" }, false], // the first file alone is read
    [{ "mypy.ini": "[mypy-x]\nfiles = src\n" }, false],
  ])("with mypy's targets: %j: %j", (files, targets) => {
    expect(configuration("mypy", files)).toMatchObject({ configured: true, targets })
  })

  it.each<[ConfigTexts, string]>([
    [{ "pyproject.toml": "[tool.bandit]\n", ".bandit": "[bandit]\n" }, "pyproject.toml"],
    [{ "bandit.yaml": "skips: [B101]\n" }, "bandit.yaml"],
    [{ ".bandit": "skips: [B101]\n" }, ".bandit"],
  ])("that bandit doesn't find itself is passed in %j", (files, configFile) => {
    expect(configuration("bandit", files)).toEqual({ configured: true, targets: false, configFile })
  })
})

describe("plug-ins of mypy", () => {
  const reads = (files: ConfigTexts) => configuration("mypy", files).readsSource

  it.each<ConfigTexts>([
    { "mypy.ini": "[mypy]\nplugins =\n    pydantic.mypy,\n    mypy_django_plugin.main\nstrict = true\n" },
    { "setup.cfg": "[mypy]\nplugins = tools/plug.py\n" },
    { "pyproject.toml": '[tool.mypy]\nplugins = ["mypy_django_plugin.main"]\n' },
    { "pyproject.toml": '[tool.mypy]\nplugins = "mypy_drf_plugin.main"\n' },
  ])("may read any file: %o", (files) => {
    expect(reads(files)).toBe(true)
  })

  it.each<ConfigTexts>([
    { "mypy.ini": "[mypy]\nplugins = pydantic.mypy, sqlalchemy.ext.mypy.plugin\n" },
    { "mypy.ini": "[mypy]\nstrict = true\n" },
    { "pyproject.toml": '[tool.mypy]\nplugins = ["pydantic.mypy"]\n' },
    { "pyproject.toml": "[tool.mypy]\n" },
  ])("read no file of the source: %o", (files) => {
    expect(reads(files)).toBe(false)
  })
})

describe("plug-ins of Flake8", () => {
  it("read the settings of other tools where flake8 lists them", () => {
    expect(flake8Reads("7.5.0 (flake8-pyproject: 1.2.4, mccabe: 0.7.0) CPython 3.11")).toContain(
      "pyproject.toml",
    )
    expect(flake8Reads("7.5.0 (mccabe: 0.7.0, pycodestyle: 2.14.0) CPython 3.11")).toEqual([])
    expect(
      configuration("flake8", { "pyproject.toml": "[tool.flake8]\nmax-line-length = 120\n" }).configured,
    ).toBe(true)
  })
})

describe("configuration of a folder above", () => {
  it.each<[ToolName, ConfigTexts, string | undefined]>([
    ["black", { "pyproject.toml": "[tool.black]\n" }, undefined],
    ["mypy", { "mypy.ini": "[mypy]\nfiles = services\n" }, "../../mypy.ini"],
    ["mypy", { "pyproject.toml": "[tool.mypy]\n" }, "../../pyproject.toml"],
    ["mypy", { "pyproject.toml": "[project]\n", "setup.cfg": "[mypy]\n" }, "../../setup.cfg"],
    ["bandit", { "bandit.yaml": "skips: []\n" }, "../../bandit.yaml"],
  ])("holds for %s in %j, for the service's own paths", (name, files, configFile) => {
    const found = inheritedConfiguration(name, files, "../..")
    expect(found).toMatchObject({ configured: true, targets: false })
    expect(found?.configFile).toBe(configFile)
  })

  it.each<[ToolName, ConfigTexts]>([
    ["black", { "pyproject.toml": "[project]\n" }],
    ["bandit", { ".bandit": "[bandit]\nskips = B101\n" }], // which Bandit wouldn't find there
  ])("is none for %s in %j", (name, files) => {
    expect(inheritedConfiguration(name, files, "../..")).toBeUndefined()
  })
})
