import { describe, expect, it } from "vitest"
import {
  chooseRunner,
  djangoManage,
  onlyUnittestFinds,
  type RunnerClues,
} from "../../../src/lib/testing/runner.js"
import { optionValues, pytestSettings } from "../../../src/lib/testing/settings.js"

const MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")\n'

const NONE: RunnerClues = {
  settings: { options: [] },
  dependsOn: () => false,
  manage: {},
  conftest: false,
  unittestFiles: [],
  code: () => Promise.resolve(false),
}
const chosen = (clues: Partial<RunnerClues>) => chooseRunner({ ...NONE, ...clues })
/** Code in which a search finds what matches. */
const code = (text: string) => (pattern: string) => Promise.resolve(new RegExp(pattern, "m").test(text))
const django = { manage: { "manage.py": MANAGE } }

describe("chooseRunner", () => {
  it("takes pytest, unless something else is there", async () => {
    expect(await chosen({})).toEqual({ name: "pytest" })
    expect(await chosen({ dependsOn: (name) => name === "pytest" })).toEqual({ name: "pytest" })
  })

  it("takes Django's runner for a manage.py without a sign of pytest", async () => {
    expect(await chosen(django)).toEqual({ name: "django", manage: "manage.py" })
    // Without pytest-django, pytest knows no settings and no database.
    expect(await chosen({ ...django, dependsOn: (name) => name === "pytest" })).toMatchObject({
      name: "django",
    })
    expect(await chosen({ ...django, dependsOn: (name) => name === "pytest-django" })).toEqual({
      name: "pytest",
    })
    expect(await chosen({ ...django, settings: { file: "pytest.ini", options: [] } })).toEqual({
      name: "pytest",
    })
    expect(await chosen({ ...django, conftest: true })).toEqual({ name: "pytest" })
  })

  it.each([
    ["import pytest\n", "pytest"],
    ["    from pytest import mark\n", "pytest"],
    ["def test_total():\n", "pytest"],
    ["async def test_send():\n", "pytest"],
    ["class Tests(TestCase):\n    def test_total(self):\n", "django"],
    ["def test_suite():\n", "django"],
    ["def tested():\n", "django"],
  ])("reads %j", async (text, name) => {
    expect(await chosen({ ...django, code: code(text) })).toMatchObject({ name })
  })

  it("takes unittest for tests that pytest wouldn't run", async () => {
    expect(await chosen({ code: code("def load_tests(loader, tests, pattern):\n") })).toEqual({
      name: "unittest",
    })
    const cases = "import unittest\n\nclass A(unittest.TestCase):\n    def test_a(self): ...\n"
    expect(await chosen({ unittestFiles: [cases] })).toEqual({ name: "unittest" })
    expect(await chosen({ unittestFiles: ["import unittest\n"] })).toEqual({ name: "pytest" })
    expect(await chosen({ unittestFiles: [cases], conftest: true })).toEqual({ name: "pytest" })
  })

  it("respects slipway.yaml", async () => {
    expect(await chosen({ configured: "unittest", conftest: true })).toEqual({ name: "unittest" })
    const manage = { "a/manage.py": MANAGE }
    expect(await chosen({ configured: "django", manage })).toEqual({ name: "django", manage: "a/manage.py" })
  })
})

describe("djangoManage", () => {
  it("finds the nearest one that is Django's", () => {
    const other = "from flask_script import Manager\n"
    expect(djangoManage({ "b/c/manage.py": MANAGE, "b/manage.py": MANAGE, "manage.py": other })).toBe(
      "b/manage.py",
    )
    expect(djangoManage({ "manage.py": other })).toBeUndefined()
  })
})

describe("onlyUnittestFinds", () => {
  it.each(["test.py", "tests.py", "app/testmodels.py"])("takes %s", (path) => {
    expect(onlyUnittestFinds(path)).toBe(true)
  })

  it.each(["test_a.py", "a/test_a.py", "tests/helpers.py", "testing_test.py", "latest.py"])(
    "leaves %s",
    (path) => {
      expect(onlyUnittestFinds(path)).toBe(false)
    },
  )
})

describe("pytestSettings", () => {
  it.each([
    [
      { "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-n 2 -p no:cov"' },
      ["-n", "2", "-p", "no:cov"],
    ],
    [{ "pyproject.toml": '[tool.pytest.ini_options]\naddopts = ["-n", "2"]' }, ["-n", "2"]],
    [{ "pyproject.toml": '[tool.pytest]\naddopts = ["-ra"]' }, ["-ra"]],
    [{ "pytest.toml": '[pytest]\naddopts = ["-ra"]' }, ["-ra"]],
    [
      { "setup.cfg": "[tool:pytest]\naddopts = -v\n  --cov=a\n  -m 'not slow'" },
      ["-v", "--cov=a", "-m", "not slow"],
    ],
    [{ "pytest.ini": "", "tox.ini": "[pytest]\naddopts = -x" }, []],
  ])("reads %j", (texts, options) => {
    expect(pytestSettings(texts)).toEqual({ file: Object.keys(texts)[0], options })
  })

  it("finds none in files of other tools", () => {
    const others = {
      "pyproject.toml": "[project]\nname = 'x'",
      "tox.ini": "[tox]",
      "setup.cfg": "[pytest]\naddopts = -x",
    }
    expect(pytestSettings(others)).toEqual({ options: [] })
  })
})

describe("optionValues", () => {
  it("knows each spelling", () => {
    const settings = { options: ["-n", "2", "-n=3", "-n4", "--cov", "--cov=a", "-nope"] }
    expect(optionValues(settings, "-n")).toEqual(["2", "3", "4", "ope"])
    expect(optionValues(settings, "--cov")).toEqual(["", "a"])
  })
})
