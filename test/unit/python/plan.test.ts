import { describe, expect, it, test } from "vitest"
import { packageFailure } from "../../../src/lib/python/buildFailure.js"
import { localFolder } from "../../../src/lib/python/lock.js"
import { pipfileRequirements } from "../../../src/lib/python/pipfile.js"
import { packagePlan } from "../../../src/lib/python/plan.js"
import { preCommitTools } from "../../../src/lib/python/preCommit.js"
import { includedFiles, installableLines } from "../../../src/lib/python/requirementFile.js"

const PROJECT = '[project]\nname = "a"\n'
const POETRY = '[tool.poetry.dependencies]\npython = "^3.11"\n'

describe("packagePlan", () => {
  test.each([
    ["uv", true, { "pyproject.toml": PROJECT, "uv.lock": "" }],
    ["uv", false, { "pyproject.toml": `${PROJECT}[tool.uv.workspace]\nmembers = ["b"]\n` }],
    ["poetry", true, { "pyproject.toml": POETRY, "poetry.lock": "" }],
    ["poetry", false, { "pyproject.toml": POETRY }],
    ["poetry", false, { "pyproject.toml": POETRY, "requirements.txt": "six\n" }],
    ["pdm", true, { "pyproject.toml": PROJECT, "pdm.lock": "" }],
    ["pipenv", true, { Pipfile: "", "Pipfile.lock": "{}" }],
    ["pip", false, { "requirements.txt": "six\n", "pyproject.toml": "[tool.black]\n" }],
    ["pip", false, { "pyproject.toml": PROJECT }],
  ])("leaves it to %s, locked: %s, for %j", (installer, locked, manifests) => {
    expect(packagePlan(manifests)).toMatchObject({ installer, locked })
  })

  it("takes the requirement files of the settings before any lock", () => {
    const manifests = { "pyproject.toml": PROJECT, "uv.lock": "", "gpu.txt": "six\n" }
    expect(packagePlan(manifests, ["gpu.txt"])).toMatchObject({ installer: "pip", options: ["gpu.txt"] })
  })

  it("selects groups and extras for development", () => {
    const groups = '[dependency-groups]\ntest = ["pytest"]\nscience = ["numpy"]\n'
    const extras = '[project.optional-dependencies]\ndev = ["black"]\ngpu = ["torch"]\n'
    const uv = packagePlan({ "pyproject.toml": `${PROJECT}${extras}${groups}`, "uv.lock": "" })
    expect(uv.options).toEqual(["--extra=dev", "--group=test"])
    const poetry = `${POETRY}[tool.poetry.group.dev.dependencies]\nblack = "^23.1"\n[tool.poetry.group.gpu]\noptional = true\n[tool.poetry.group.docs.dependencies]\nsphinx = "*"\n`
    expect(packagePlan({ "pyproject.toml": poetry }).options).toEqual(["--with=dev", "--with=docs"])
    expect(packagePlan({ "pyproject.toml": groups }).options).toEqual(["--group", "test"])
  })

  it("takes the dependencies of tox and hatch for tests if nothing else names any", () => {
    const tox =
      "[testenv]\ndeps =\n    pytest\n    -r more.txt\n    py27: mock\n    {[base]deps}\n    .[speed]\nextras = http\n"
    const plan = packagePlan({ "setup.py": "", "tox.ini": tox })
    expect(plan.lines).toEqual(["pytest", "-r more.txt"])
    expect(plan.options).toEqual(["setup.py", "--extra", "http", "--extra", "speed"])
    expect(plan.files).toEqual(["setup.py", "tox.ini"])
    expect(packagePlan({ "setup.py": "", "tox.ini": tox, "requirements-dev.txt": "pytest\n" }).lines).toEqual(
      [],
    )
    const hatch = `${PROJECT}[tool.hatch.envs.default]\ndependencies = ["pytest"]\nfeatures = ["http"]\n`
    expect(packagePlan({ "pyproject.toml": hatch })).toMatchObject({
      lines: ["pytest"],
      options: ["pyproject.toml", "--extra", "http"],
    })
  })

  it("needs git for packages from repositories, and the source for local folders", () => {
    const plan = (text: string) => packagePlan({ "requirements.txt": text })
    expect(plan("a @ git+https://example.com/a.git\n")).toMatchObject({ needsGit: true })
    expect(plan("six\n")).toMatchObject({ needsGit: false, needsSource: false })
    expect(plan("./libs/a\n").needsSource).toBe(true)
  })

  it("takes requirements/local.txt", () => {
    expect(packagePlan({ "requirements/local.txt": "-r base.txt\n" }).options).toEqual([
      "requirements/local.txt",
    ])
  })
})

test("includedFiles follows requirement and constraint files in any folder", () => {
  const text =
    "-r base.txt\n-c ../limits.txt\n--requirement=more/x.txt # all\n-r https://example.com/a.txt\n-r ../../../up.txt\n"
  expect(includedFiles("deps/dev.txt", text)).toEqual(["deps/base.txt", "limits.txt", "deps/more/x.txt"])
  expect(includedFiles("dev.txt", "-r ../../base.txt\n-r ../../../up.txt\n", "services/api")).toEqual([
    "../../base.txt",
  ])
})

test("installableLines makes editable repositories plain ones, and changes nothing else", () => {
  expect(installableLines("-e git+https://example.com/a.git@1.0#egg=a\nsix\n-e .\n")).toBe(
    "a @ git+https://example.com/a.git@1.0\nsix\n-e .\n",
  )
})

test.each([
  ["-e .", "./"],
  ["-e file:///src", "./"],
  ["./libs/a", "./libs/a"],
  ["-e libs/a[dev]", "./libs/a"],
  ["a @ file:///src/libs/a ; python_version > '3'", "./libs/a"],
  ["six==1.17.0", undefined],
  ["./wheels/a-1-py3-none-any.whl", undefined],
  ["a @ git+https://example.com/a.git", undefined],
  ["--find-links wheels/all", undefined],
])("localFolder of %s is %s", (line, folder) => {
  expect(localFolder(line)).toBe(folder)
})

test.each([
  ["-e .", "./"],
  ["-e ../../libs/a/", "../../libs/a"],
  ["-e file:///repository/libs/a", "../../libs/a"],
  ["a @ file:///repository/services/api/vendor/a", "./vendor/a"],
  ["../../wheels/a-1-py3-none-any.whl", undefined],
])("localFolder of %s in a repository is %s", (line, folder) => {
  expect(localFolder(line, "/repository/services/api")).toBe(folder)
})

test("pipfileRequirements writes a Pipfile's packages as pip reads them", () => {
  const pipfile = `[packages]
idna = "*"
six = "~=1.16"
a = {git = "https://example.com/a.git", ref = "1.0"}
own = {path = "libs/own", editable = true}
celery = {version = ">=5", extras = ["redis"], markers = "sys_platform == 'linux'"}
[dev-packages]
pytest = "*"
`
  expect(pipfileRequirements(pipfile)).toEqual([
    "idna",
    "six~=1.16",
    "a @ git+https://example.com/a.git@1.0",
    "-e ./libs/own",
    "celery[redis]>=5 ; sys_platform == 'linux'",
    "pytest",
  ])
})

test("preCommitTools reads tools and what is installed beside them", () => {
  const config = `repos:
  - repo: https://github.com/psf/black-pre-commit-mirror
    rev: 24.8.0
    hooks: [{ id: black }]
  - repo: https://github.com/pre-commit/mirrors-mypy
    rev: v1.11.2
    hooks: [{ id: mypy, additional_dependencies: [types-requests] }]
  - repo: local
    hooks: [{ id: isort }]
`
  expect(Object.fromEntries(preCommitTools(config))).toEqual({
    black: { version: "24.8.0", additional: [] },
    mypy: { version: "1.11.2", additional: ["types-requests"] },
  })
  expect(preCommitTools("repos: [").size).toBe(0)
})

describe("packageFailure", () => {
  const failed = (stderr: string) =>
    `  × Failed to build \`psycopg2==2.9.9\`\n  ├─▶ The build backend returned an error\n  ╰─▶ Call to \`build\` failed (exit status: 1)\n\n      [stderr]\n${stderr}\n`

  test.each([
    ["Error: pg_config executable not found.", "pg_config", "libpq-dev"],
    [
      "src/_lib.c:2:10: fatal error: ldap.h: No such file or directory",
      "ldap.h",
      "libldap2-dev, libsasl2-dev",
    ],
    ["error: command 'gcc' failed: No such file or directory", "gcc", "NAME-dev"],
  ])("names the package, what is missing and the line to write for %s", (stderr, missing, remedy) => {
    const failure = packageFailure(failed(stderr))
    expect(failure.reason).toContain("psycopg2==2.9.9")
    expect(failure.reason).toContain(missing)
    expect(failure.remedy).toContain(`packages: [${remedy}`)
    expect(failure).toMatchObject({ needsToolchain: true, network: false })
  })

  it("says that a repository's host is unreachable", () => {
    const complaint = `  × Failed to download and build \`x @ git+https://git.example.com/x.git\`
  ├─▶ Git operation failed
  ╰─▶ process didn't exit successfully: \`/usr/bin/git fetch --force\` (exit status: 128)
      --- stderr
      fatal: unable to access 'https://git.example.com/x.git/': Could not resolve host: git.example.com
`
    expect(packageFailure(complaint)).toEqual({
      reason: "unable to access 'https://git.example.com/x.git/': Could not resolve host: git.example.com",
      remedy: "check that the host of the repository is reachable",
      network: true,
      needsToolchain: false,
    })
  })

  it("names what a linker misses", () => {
    const complaint =
      "  × Failed to build `uwsgi==2.0.31`\n      [stderr]\n      /usr/bin/ld: cannot find -lcap: No such file or directory\n      collect2: error: ld returned 1 exit status\n"
    expect(packageFailure(complaint).reason).toBe(
      "uwsgi==2.0.31: cannot find -lcap: No such file or directory",
    )
  })

  it("says that the index is unreachable, or what can't be solved", () => {
    expect(packageFailure("error: Failed to fetch: `https://pypi.org/simple/six/`")).toMatchObject({
      network: true,
    })
    const unsolvable =
      "  × No solution found when resolving dependencies:\n  ╰─▶ Because a==1 needs b, there is none.\n"
    expect(packageFailure(unsolvable)).toMatchObject({ network: false, needsToolchain: false })
  })
})
