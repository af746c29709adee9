import { randomUUID } from "node:crypto"
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { dagger, engineEnvironment } from "./dagger.js"
import {
  APP,
  callOn,
  type CiRun,
  copyOf,
  runOn,
  service,
  statuses,
  SUITES,
  write,
  xmlElements,
} from "./pipeline.js"

beforeAll(engineEnvironment)

const testsOf = (name: string, ...more: string[]): Promise<CiRun> =>
  runOn("tests", join(SUITES, name), ...more)

describe("the sample service", () => {
  it("passes, and leaves JUnit with places, coverage of both suites and the database's log", async () => {
    const run = await runOn("tests", APP)
    expect(run.exitCode, run.stdout + run.stderr).toBe(0)
    expect(statuses(run)).toEqual({ unit: "passed", integration: "passed", coverage: "passed" })
    expect(run.stage("unit").reason).toMatch(/^50 tests in /)
    expect(run.stage("integration").reason).toMatch(/^20 tests in /)

    const junit = run.read("junit/tests.xml")
    expect(xmlElements(junit).filter((name) => name === "testcase").length).toBeGreaterThanOrEqual(70)
    expect(junit).toMatch(/<testcase [^>]*file="tests\/integration\/test_\w+\.py" line="\d+"/)
    expect(run.read("logs/integration.postgres.log")).toContain("database system is ready")
    expect(run.read("coverage/coverage.xml")).toContain('filename="src/audio_upscaler/api.py"')
    expect(run.read("coverage/html/index.html")).toContain("audio_upscaler")
    // Higher than with either suite alone.
    expect(Number.parseFloat(run.stage("coverage").reason)).toBeGreaterThan(90)
    expect(run.read("report.html")).toMatch(/postgres: <b>15\.\d+( \(offline image\))?</)
    expect(run.read("summary.md")).toMatch(/slowest/i)

    // None of its code reads its README.
    const edited = write(copyOf(APP), { "README.md": `${randomUUID()}\n` })
    const again = await runOn("tests", edited)
    expect(again.verdict?.stages.map(({ cached }) => cached)).toEqual([true, true, true])
  })

  it("has PostgreSQL and Redis available in the shell that debug opens", async () => {
    const script = "until bash -c ': < /dev/tcp/postgres/5432'; do sleep 1; done; echo $REDIS_URL"
    const connect = ["with-exec", `--args=sh,-c,${script}`, "stdout"]
    const { exitCode, stdout, stderr } = await callOn(APP, "debug", "--stage=integration", ...connect)
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toContain("redis://redis:6379/0")
  })
})

describe("badly behaved tests", () => {
  it("that hang, print 100 MB, leave processes or have hostile names don't affect the others' results and reports", async () => {
    const run = await testsOf("hostile")
    expect(run.exitCode, run.stderr).toBe(1)
    expect(run.stage("unit").reason).toBe("6 of 13 tests failed")
    expect(run.stdout).toMatch(/^ {2}tests\/test_hostile\.py:18: Failed: Timeout .*\[pytest test_hangs\]$/m)
    const junit = run.read("junit/tests.xml")
    expect(xmlElements(junit).filter((name) => name === "testcase").length).toBeGreaterThanOrEqual(13)
    expect(junit.length).toBeLessThan(1_000_000)
    expect(run.read("logs/unit.log").length).toBeLessThan(3_000_000)
    expect(run.read("report.html").length).toBeLessThan(2_000_000)
    for (const name of ["summary.md", "report.html", "failures.txt"])
      // eslint-disable-next-line no-control-regex -- what must not come through
      expect(run.read(name)).not.toMatch(/[\u0000\u001b\u202e]|^::error::/m)
    // Files that no test imports count.
    expect(run.read("coverage/coverage.json")).toMatch(/"hostile\/never_imported\.py"/)
  })

  it("fail if the interpreter exits successfully in the middle of a test", async () => {
    const run = await testsOf("killed")
    expect(run.exitCode).toBe(1)
    expect(run.stage("unit")).toMatchObject({
      status: "failed",
      reason: "the interpreter exited during tests/test_killed.py::test_ends_the_interpreter",
    })
    expect(run.stage("integration").status).toBe("skipped")
    expect(run.stage("coverage")).toMatchObject({
      status: "error",
      reason: expect.stringMatching(/^unit left no coverage data/) as string,
    })
    expect(run.read("junit/tests.xml")).toContain('name="test_before"')
  })

  it("that time out keep their results so far, and run again the next time", async () => {
    const source = service({
      "slipway.yaml": "timeout: 10s\ntests:\n  suites: [unit]\n",
      "test_slow.py":
        "import time\n\n\ndef test_quick():\n    assert False\n\n\ndef test_slow():\n    time.sleep(3600)\n",
    })
    const run = await runOn("tests", source)
    expect(run.exitCode).toBe(3)
    expect(run.stage("unit").reason).toBe("unit took longer than 10 s, during test_slow.py::test_slow")
    expect(run.stdout).toContain("test_slow.py:5: assert False [pytest test_quick]")
    const again = await runOn("tests", source)
    expect(again.stage("unit")).toMatchObject({ status: "error", cached: false })
  })
})

describe("services, markers and workers", () => {
  it("separate suites by marker, give each worker a migrated database, and name the flaky test", async () => {
    const run = await testsOf("markers")
    expect(run.exitCode, run.stdout).toBe(0)
    expect(run.stage("unit").reason).toMatch(/^1 test in .*, 1 flaky \(test_flaky\)$/)
    expect(run.stage("integration").reason).toMatch(/^7 tests in /)
    expect(run.read("summary.md")).toMatch(/flaky/i)
    expect(run.read("logs/integration.log")).toContain("2 workers")
  })

  it("fail the suite if a migration fails, with the migration's own output", async () => {
    const run = await testsOf("migration")
    expect(run.exitCode).toBe(1)
    expect(run.stage("integration").reason).toContain("the migration failed")
    expect(run.stdout).toContain("there is no column size [pytest migration]")
    expect(existsSync(join(run.out, "logs/integration.postgres.log"))).toBe(true)
  })

  it("report a database that exits at once as an infrastructure error, with its log", async () => {
    const run = await testsOf("unready")
    expect(run.exitCode).toBe(3)
    expect(run.stage("integration").reason).toMatch(/^postgres ended as soon as it was started/)
    expect(run.read("logs/integration.log")).toMatch(/postgres.*(not found|No such file)/)
  })

  it("report a database that never answers as an infrastructure error, which isn't cached", async () => {
    const image = "localhost:5001/slipway-test/never-ready:1"
    const server = "#!/bin/sh\necho waiting for the moon\nexec sleep 3600\n"
    const made = await dagger([
      "-M",
      "-c",
      `container | from debian:bookworm-slim | with-new-file /usr/local/bin/postgres "${server}" --permissions 493 | publish ${image}`,
    ])
    expect(made.exitCode, made.stderr).toBe(0)
    const source = copyOf(join(SUITES, "unready"))
    const yaml = readFileSync(join(source, "slipway.yaml"), "utf8").replace("debian:bookworm-slim", image)
    writeFileSync(join(source, "slipway.yaml"), yaml)
    for (const attempt of ["first", "second"]) {
      const run = await runOn("tests", source)
      expect(run.exitCode, attempt).toBe(3)
      expect(run.stage("integration")).toMatchObject({ status: "error", exitCode: 3, cached: false })
      expect(run.stage("integration").reason).toMatch(/^postgres answered no query within 2 s: /)
      expect(run.read("logs/integration.log")).toContain("waiting for the moon")
    }
  })
})

describe("gates", () => {
  it("coverage of exactly 80 per cent is not more than 80 per cent", async () => {
    const run = await testsOf("exact")
    expect(run.exitCode, run.stdout).toBe(1)
    expect(statuses(run)).toEqual({ unit: "passed", integration: "skipped", coverage: "failed" })
    expect(run.stage("coverage").reason).toBe("80.00 % of 10 lines and branches; it must be more than 80 %")
    expect(run.stdout).toContain("parts.py: 80.00 % covered; never ran: 17, 21 [coverage coverage]")
  })

  it("a failing unit or integration test fails only its own gate", async () => {
    const source = copyOf(APP)
    const test = join(source, "tests/integration/test_readiness.py")
    const added = "\n\ndef test_broken() -> None:\n    assert 1 == 2\n"
    writeFileSync(test, existsSync(test) ? readFileSync(test, "utf8") + added : added)
    const run = await runOn("tests", source)
    expect(statuses(run)).toEqual({ unit: "passed", integration: "failed", coverage: "passed" })
    expect(run.stdout).toMatch(
      /tests\/integration\/test_readiness\.py:\d+: assert 1 == 2 \[pytest test_broken\]/,
    )
  })

  it("no tests are a failure; unresolvable packages are an error with the resolver's message", async () => {
    const none = await runOn("tests", service({ "app.py": "x = 1\n" }))
    expect(none.stage("unit")).toMatchObject({ status: "failed", reason: "no unit test was collected" })
    const unsolvable = service({
      "test_app.py": "def test_x():\n    pass\n",
      "requirements.txt": "slipway-has-no-such-package==1.0\n",
    })
    const run = await runOn("tests", unsolvable)
    expect(run.exitCode).toBe(4)
    expect(run.stage("unit").reason).toMatch(
      /requirements\.txt can't be installed: .*slipway-has-no-such-package/,
    )
    expect(run.stdout).not.toContain("Traceback")
  })
})

describe("a package that can't be built", () => {
  it("is each stage's error, with the missing header and what to write, and ends no run without a verdict", async () => {
    // The document is searched for in an environment that doesn't come to be.
    const run = await runOn(
      "tests",
      service({
        "test_app.py": "def test_x():\n    pass\n",
        "README.md": "# App\n",
        "requirements.txt": "python-ldap==3.4.4\n",
      }),
    )
    expect(run.verdict?.problem).toBeNull()
    expect(statuses(run)).toEqual({ unit: "error", integration: "error", coverage: "error" })
    expect(run.stage("unit").reason).toMatch(
      /python-ldap==3\.4\.4: .*sasl\/sasl\.h.*write `python: \{ packages: \[libldap2-dev, libsasl2-dev\] \}` into slipway\.yaml/,
    )
  })
})

describe("unusual services", () => {
  const TEST = "import app\n\n\ndef test_app():\n    assert app.one() == 1\n"
  const APP_FILES = { "app.py": "def one():\n    return 1\n", "test_app.py": TEST }

  it("fail if pytest exits with an error though no test failed", async () => {
    const conftest = "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 1\n"
    const run = await runOn("tests", service({ ...APP_FILES, "conftest.py": conftest }))
    expect(run.exitCode).toBe(1)
    expect(run.stage("unit").reason).toMatch(/^pytest ended with 1, though no test failed/)
  })

  it("may set markers in code to move a test to the other suite, and may link their requirement file", async () => {
    const source = service({
      ...APP_FILES,
      "slipway.yaml": "tests: { services: [] }\n",
      "deps/prod.txt": "six==1.17.0\n",
      "conftest.py":
        'KIND = "inte" + "gration"\n\n\ndef pytest_itemcollected(item):\n    if "slow" in item.name:\n        item.add_marker(KIND)\n',
      "test_slow.py": "import six\n\n\ndef test_slow():\n    assert not six.PY3\n",
    })
    symlinkSync("deps/prod.txt", join(source, "requirements.txt"))
    const run = await runOn("tests", source)
    expect(statuses(run)).toMatchObject({ unit: "passed", integration: "failed" })
    expect(run.stdout).toContain("[pytest test_slow]")
  })

  it("fail if settings exclude their integration tests, and get packages that only Pipenv locks", async () => {
    const lock = { _meta: {}, default: { six: { version: "==1.17.0" } }, develop: {} }
    const run = await runOn(
      "tests",
      service({
        "slipway.yaml": "tests: { services: [] }\n",
        "Pipfile.lock": JSON.stringify(lock),
        "pytest.ini": "[pytest]\naddopts = --ignore=tests/integration\n",
        "tests/test_six.py": "import six\n\n\ndef test_six():\n    assert six.PY3\n",
        "tests/integration/test_more.py": "def test_more():\n    assert False\n",
      }),
    )
    expect(statuses(run)).toMatchObject({ unit: "passed", integration: "failed" })
    expect(run.stage("integration").reason).toBe("no integration test was collected")
  })

  it("have the files that their build creates, and those that a test reads", async () => {
    const run = await runOn(
      "tests",
      service({
        "pyproject.toml": `[build-system]
requires = ["setuptools==84.2.1", "setuptools-scm"]
build-backend = "setuptools.build_meta"
[project]
name = "made"
dynamic = ["version"]
[tool.setuptools]
packages = ["made"]
[tool.setuptools_scm]
version_file = "made/_version.py"
`,
        "made/__init__.py": "from made._version import version\n\nVERSION = version\n",
        "README.md": "read me\n",
        "tests/test_made.py":
          'import made\n\n\ndef test_version():\n    assert made.VERSION\n    assert open("README.md").read() == "read me\\n"\n',
      }),
    )
    expect(run.stage("unit").status, run.stdout).toBe("passed")
  })
})
