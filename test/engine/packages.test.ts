// A service's packages are installed as its own tool does, and what its tests need is found wherever it is said.
import { beforeAll, describe, expect, it } from "vitest"
import { engineEnvironment } from "./dagger.js"
import { type Files, runOn, service } from "./pipeline.js"

beforeAll(engineEnvironment)

const CODE: Files = {
  "slipway.yaml": "tests: { suites: [unit] }\n",
  "service/__init__.py": "",
  "service/core.py": "def double(number: int) -> int:\n    return 2 * number\n",
}

/** A test of the service, with this as its body. */
const testing = (body: string, imports = ""): Files => ({
  "tests/test_core.py": `${imports}\nfrom service import core\n\n\ndef test_double(${
    imports.includes("pytest_mock") ? "mocker: MockerFixture" : ""
  }):\n    ${body}\n`,
})

const LIBRARY: Files = {
  "libs/shared/pyproject.toml":
    '[project]\nname = "shared"\nversion = "0.1.0"\n\n[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
  "libs/shared/src/shared/__init__.py": "FACTOR = 2\n",
}

const uses = (library: string) =>
  testing("assert core.double(1) == FACTOR", `from ${library} import FACTOR\n`)
const mocks = testing("assert core.double(2) == 4 and mocker", "from pytest_mock import MockerFixture\n")
const hasIdna = testing('assert idna.__version__ == "3.10"', "import idna\n")

const SERVICES: Record<string, Files> = {
  "a workspace of uv without a lock": {
    ...LIBRARY,
    "pyproject.toml":
      '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["shared"]\n[dependency-groups]\ndev = ["pytest"]\n[tool.uv.sources]\nshared = { workspace = true }\n[tool.uv.workspace]\nmembers = ["libs/*"]\n',
    ...uses("shared"),
  },
  "a library of the same repository in a requirement file": {
    ...LIBRARY,
    "requirements.txt": "./libs/shared\n",
    ...uses("shared"),
  },
  "requirement files in a folder of any name, with constraints": {
    "requirements.txt": "-r deps/base.txt\n-c deps/versions.txt\n",
    "deps/base.txt": "idna\n",
    "deps/versions.txt": "idna==3.10\n",
    ...hasIdna,
  },
  "the layout of cookiecutter-django": {
    "requirements/base.txt": "idna==3.10\n",
    "requirements/local.txt": "-r base.txt\npytest-mock==3.14.0\n",
    ...mocks,
  },
  "a package that has no wheel, beside one that has none for a newer Python": {
    "requirements.txt": "langdetect==1.0.9\nmultidict==6.0.4\n",
    ...testing("assert sys.version_info[:2] == (3, 11)", "import sys\n\nimport langdetect, multidict\n"),
  },
  "tox alone": {
    "setup.py": 'from setuptools import setup\n\nsetup(name="svc", version="0.1.0", packages=["service"])\n',
    "tox.ini":
      "[tox]\nenvlist = py311\n\n[testenv]\ndeps =\n    pytest\n    pytest-mock\ncommands = pytest\n",
    ...mocks,
  },
}

describe("the tests of a service find what is needed by", () => {
  it.each(Object.entries(SERVICES))("%s", async (_, files) => {
    const run = await runOn("tests", service({ ...CODE, ...files }))
    expect(run.stage("unit"), run.stdout).toMatchObject({ status: "passed" })
  })
})

it("Poetry's constraints hold without a lock: the tool that they allow judges the style", async () => {
  const run = await runOn(
    "quality",
    service({
      ...CODE,
      "slipway.yaml": "quality: { checks: [black, isort] }\n",
      "pyproject.toml":
        '[tool.poetry]\nname = "svc"\nversion = "0.1.0"\ndescription = "x"\nauthors = ["nobody"]\npackages = [{ include = "service" }]\n[tool.poetry.dependencies]\npython = "^3.11"\n[tool.poetry.group.dev.dependencies]\nblack = "^23.1"\n[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
    }),
  )
  expect(run.exitCode, run.stdout).toBe(0)
  expect(run.read("sarif/black.sarif")).toMatch(/"version": ?"23\./)
})

it("mypy of 2022, which a service pins, checks its types", async () => {
  const source = service({
    "app.py": 'NUMBER: int = "one"\n',
    "requirements.txt": "mypy==0.991\n",
    "slipway.yaml": "python: { version: '3.11' }\nquality: { checks: [mypy] }\n",
  })
  const run = await runOn("quality", source)
  expect(run.stage("mypy")).toMatchObject({ status: "failed", reason: "1 problem in 1 file" })
  expect(run.read("sarif/mypy.sarif")).toContain('"0.991"')
})

const FLAKE8 = "quality: { checks: [flake8] }\n"

describe("Flake8 of 2021, which a service pins,", () => {
  const files = { ...CODE, "requirements.txt": "flake8==4.0.1\n", ...testing("assert core.double(1) == 2") }

  it("decides Python's version where no file does, and works", async () => {
    const source = service({ ...files, "slipway.yaml": `${FLAKE8}tests: { suites: [unit] }\n` })
    const [style, tests] = [await runOn("quality", source), await runOn("tests", source)]
    expect(style.stage("flake8"), style.stdout).toMatchObject({ status: "passed" })
    expect(style.read("sarif/flake8.sarif")).toContain('"4.0.1"')
    for (const { read } of [style, tests])
      expect(read("report.html")).toContain(
        "3.11 (no file names a version; not 3.14, 3.13, 3.12: flake8 4.0.1, which the service pins, works up to 3.11)",
      )
  })

  it("says what to do on a version of Python on which it can't work", async () => {
    const source = service({ ...files, "slipway.yaml": `${FLAKE8}python: { version: "3.14" }\n` })
    const run = await runOn("quality", source)
    expect(run.stage("flake8"), run.stdout).toMatchObject({ status: "error", exitCode: 4 })
    expect(run.stage("flake8").reason).toMatch(
      /flake8 4\.0\.1 doesn't work on Python 3\.14 .*: use flake8 6\.1 or later, .*version: "3\.11".*'EntryPoints'/,
    )
  })
})

it("mypy of 2021, which pre-commit pins, says on which version of Python it can be installed", async () => {
  const source = service({
    "app.py": "NUMBER = 1\n",
    ".pre-commit-config.yaml":
      "repos:\n- repo: https://github.com/pre-commit/mirrors-mypy\n  rev: v0.812\n  hooks: [{ id: mypy }]\n",
    "slipway.yaml": "python: { version: '3.11' }\nquality: { checks: [mypy] }\n",
  })
  const run = await runOn("quality", source)
  expect(run.stage("mypy"), run.stdout).toMatchObject({ status: "error", exitCode: 4 })
  expect(run.stage("mypy").reason).toMatch(
    /can't be installed: mypy 0\.812 doesn't work on Python 3\.11 .*: use mypy 0\.900 or later, .*version: "3\.9"/,
  )
})

it("a service whose packages can't be installed still has its style judged, and hears why its types aren't", async () => {
  const source = service({
    ...CODE,
    "requirements.txt": "slipway-has-no-such-package\n",
    "slipway.yaml": "quality: { checks: [black, isort, mypy] }\n",
  })
  const run = await runOn("quality", source)
  expect(run.stage("black").status).toBe("passed")
  expect(run.stage("isort").status).toBe("passed")
  expect(run.stage("mypy")).toMatchObject({ status: "error", exitCode: 4 })
  expect(run.stage("mypy").reason).toMatch(
    /requirements\.txt can't be installed: .*slipway-has-no-such-package/,
  )
})

it("a version of Python that has no image is named", async () => {
  const run = await runOn("tests", service({ ...CODE, ".python-version": "3.20\n" }))
  expect(run.exitCode).toBe(3)
  expect(run.stage("unit").reason).toMatch(/python:3\.20-slim.*\.python-version/)
})
