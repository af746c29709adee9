import { describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { suiteCommand, type SuiteTools } from "../../../src/lib/testing/command.js"
import { measurement, pytestCovArguments } from "../../../src/lib/testing/measure.js"
import { serviceDefinitions, serviceVariables } from "../../../src/lib/testing/services.js"
import { pytestSettings } from "../../../src/lib/testing/settings.js"

const tests = (yaml = "") => parseConfig(yaml).tests
const indent = (text: string) => `tests:\n${text.replace(/^/gm, "  ")}`

const TOOLS: SuiteTools = {
  runner: { name: "pytest" },
  measurement: measurement({}, true),
  settings: { options: [] },
  installed: () => true,
}
const withOptions = (addopts: string, more: Partial<SuiteTools> = {}): SuiteTools => ({
  ...TOOLS,
  settings: pytestSettings({ "pytest.ini": `[pytest]\naddopts = ${addopts}\n` }),
  ...more,
})

describe("suiteCommand", () => {
  it("lets the plugin sort the tests if the service configures nothing", () => {
    const { command, environment } = suiteCommand("unit", tests(), TOOLS)
    expect(command).toContain("--numprocesses=auto")
    expect(command.slice(0, 3)).toEqual(["python", "-m", "pytest"])
    expect(command).toContain("--cov=src")
    expect(command).not.toContain("-m integration")
    expect(environment).toMatchObject({ SLIPWAY_SUITE: "unit", SLIPWAY_CLASSIFIES: "yes" })
  })

  it("passes a suite's own paths and marker unchanged", () => {
    const config = tests(indent('integration:\n  paths: [it]\n  marker: "db and not slow"\nreruns: 2'))
    const integration = suiteCommand("integration", config, TOOLS)
    expect(integration.command.join(" ")).toMatch(/ --reruns=2 -m db and not slow .* it$/)
    expect(integration.environment.SLIPWAY_CLASSIFIES).toBe("no")
    const unit = suiteCommand("unit", config, TOOLS)
    expect(unit.command.join(" ")).toContain("-m not (db and not slow)")
    expect(unit.environment).toMatchObject({
      SLIPWAY_CLASSIFIES: "yes",
      SLIPWAY_INTEGRATION_PATHS: '["it"]',
      SLIPWAY_INTEGRATION_FOLDERS: "[]",
    })
  })

  it("starts no workers for a single one, nor where contexts are measured", () => {
    const one = suiteCommand("unit", tests(indent('unit:\n  workers: "1"')), TOOLS)
    expect(one.command).toContain("--numprocesses=0") // whatever the service's own settings say
    const dynamic = measurement({ ".coveragerc": "[run]\ndynamic_context = test_function" }, false)
    const contexts = suiteCommand("unit", tests(), { ...TOOLS, measurement: dynamic })
    expect(contexts.command).toContain("--numprocesses=0")
  })

  it.each(["-n 4", "-n4", "-n=4", "--numprocesses 4", "-v --numprocesses=4"])(
    "leaves the number of workers to addopts = %s",
    (addopts) => {
      expect(suiteCommand("unit", tests(), withOptions(addopts)).command.join(" ")).not.toMatch(
        /numprocesses/,
      )
      const chosen = tests(indent('unit:\n  workers: "2"'))
      expect(suiteCommand("unit", chosen, withOptions(addopts)).command).toContain("--numprocesses=2")
    },
  )

  it("uses no options of plugins that are disabled or missing", () => {
    const disabled = suiteCommand("unit", tests(), withOptions("-p no:xdist -p no:timeout -pno:cov")).command
    expect(disabled.join(" ")).not.toMatch(/--(numprocesses|timeout|cov)/)
    expect(disabled.slice(0, 7)).toEqual([
      "python",
      "-m",
      "coverage",
      "run",
      "--branch",
      "--source=src",
      "--rcfile=/slipway/coveragerc",
    ])
    const missing = suiteCommand("unit", tests("tests: {reruns: 1}\n"), { ...TOOLS, installed: () => false })
    expect(missing.command.join(" ")).not.toMatch(/--(numprocesses|timeout|cov=|reruns)/)
    expect(suiteCommand("unit", tests(), withOptions("--no-cov")).command).toContain("coverage")
  })

  it("runs integration tests that the service's own settings leave out, and only them", () => {
    const tools = withOptions('-m "not integration" -ra')
    expect(suiteCommand("integration", tests(), tools).command.join(" ")).toMatch(/ -m {2}--/)
    expect(suiteCommand("unit", tests(), tools).command.filter((word) => word === "-m")).toHaveLength(1)
    const slow = withOptions("-m 'not slow'")
    expect(suiteCommand("integration", tests(), slow).command.filter((word) => word === "-m")).toHaveLength(1)
  })

  it("starts Django's tests and unittest under coverage", () => {
    const config = tests(indent("unit: {paths: [shop], workers: 4}\nintegration: {marker: slow}"))
    const django = suiteCommand("unit", config, {
      ...TOOLS,
      runner: { name: "django", manage: "src/manage.py" },
    })
    expect(django.command.slice(-6)).toEqual([
      "-m",
      "slipway_unittest",
      "django",
      "src/manage.py",
      "--parallel=4",
      "shop",
    ])
    expect(django.environment.SLIPWAY_TAGS).toBe("not (slow)")
    const unittest = suiteCommand("unit", tests(), { ...TOOLS, runner: { name: "unittest" } })
    expect(unittest.command.slice(-3)).toEqual(["-m", "slipway_unittest", "unittest"])
    expect(unittest.environment).toMatchObject({ SLIPWAY_TAGS: "", SLIPWAY_CLASSIFIES: "yes" })
  })
})

describe("serviceVariables", () => {
  const variablesOf = (yaml: string, rootFiles: string[]) => {
    const config = tests(yaml)
    return serviceVariables(config, { services: serviceDefinitions(config), workers: "auto", rootFiles })
  }

  it("contains the services' URLs, and separate data for each worker", () => {
    const variables = variablesOf("", ["alembic.ini"])
    expect(variables).toMatchObject({
      DATABASE_URL: "postgresql://slipway:slipway@postgres:5432/integration",
      REDIS_URL: "redis://redis:6379/0",
    })
    expect(JSON.parse(variables.SLIPWAY_SERVICES ?? "")).toEqual({
      ports: [
        { name: "postgres", port: 5432 },
        { name: "redis", port: 6379 },
      ],
      postgres: { host: "postgres", database: "integration", workers: "auto" },
      redis: { host: "redis" },
      migrate: "alembic upgrade head",
      startTimeout: 60,
    })
    expect(JSON.parse(variables.SLIPWAY_WORKER_URLS ?? "")).toEqual({
      DATABASE_URL: "postgresql://slipway:slipway@postgres:5432/integration_WORKER",
      REDIS_URL: "redis://redis:6379/WORKER",
    })
  })

  it("respects names, scheme, migration and the choice of services", () => {
    const yaml = indent(
      'services: [postgres]\nmigrate: ./migrate.sh\npostgres:\n  variable: DB\n  scheme: "postgresql+asyncpg"',
    )
    const variables = variablesOf(yaml, ["manage.py"])
    expect(variables.DB).toBe("postgresql+asyncpg://slipway:slipway@postgres:5432/integration")
    expect(variables.REDIS_URL).toBeUndefined()
    expect(variables.SLIPWAY_SERVICES).toContain('"migrate":"./migrate.sh"')
  })

  it("contains services by image, and known ones with other settings", () => {
    const yaml = indent(
      [
        "services:",
        "  broker: {image: 'rabbitmq:4', port: 5672, variable: AMQP_URL, url: 'amqp://guest:guest@broker:5672/'}",
        "  search: {image: 'elastic:9', port: 9200, variable: SEARCH}",
        "  quiet: {image: 'quiet:1', port: 1}",
        "  mysql: {variable: DB, environment: {MYSQL_DATABASE: shop}}",
      ].join("\n"),
    )
    const variables = variablesOf(yaml, ["manage.py"])
    expect(variables).toMatchObject({
      AMQP_URL: "amqp://guest:guest@broker:5672/",
      SEARCH: "tcp://search:9200",
      DB: "mysql://root:slipway@mysql:3306/integration",
      SLIPWAY_WORKER_URLS: "{}",
    })
    expect(JSON.parse(variables.SLIPWAY_SERVICES ?? "")).toMatchObject({
      ports: [
        { name: "broker" },
        { name: "search", port: 9200 },
        { name: "quiet" },
        { name: "mysql", port: 3306 },
      ],
      migrate: "python manage.py migrate --noinput",
    })
    const [, , , mysql] = serviceDefinitions(tests(yaml))
    expect(mysql?.environment).toEqual({ MYSQL_ROOT_PASSWORD: "slipway", MYSQL_DATABASE: "shop" })
  })
})

describe("measurement", () => {
  const first = (...args: Parameters<typeof measurement>) => {
    const measured = measurement(...args)
    const sources = pytestCovArguments(measured).filter((argument) => /^--cov(=|$)/.test(argument))
    return { sources, ours: measured.config !== "", omits: measured.omit.length > 0 }
  }

  it.each([
    [{}, false, { sources: ["--cov=."], ours: true, omits: false }],
    [{}, true, { sources: ["--cov=src"], ours: true, omits: false }],
    [
      { "pyproject.toml": "[tool.coverage.run]\nbranch = true" },
      false,
      { sources: ["--cov=."], ours: false, omits: true },
    ],
    [
      { "pyproject.toml": '[tool.coverage.run]\nsource = ["app"]' },
      false,
      { sources: ["--cov"], ours: false, omits: false },
    ],
    [
      { ".coveragerc.toml": '[tool.coverage.run]\nsource_pkgs = ["app"]' },
      false,
      { sources: ["--cov"], ours: false, omits: false },
    ],
    [
      { "pyproject.toml": "[tool.coverage.run]\nsource =" },
      false,
      { sources: ["--cov=."], ours: true, omits: false },
    ],
    [{ ".coveragerc": "[run]\nsource = app" }, false, { sources: ["--cov"], ours: false, omits: false }],
    [
      { "setup.cfg": "[coverage:run]\nsource = app" },
      false,
      { sources: ["--cov"], ours: false, omits: false },
    ],
    [
      { "setup.cfg": "[metadata]\nname = x", "pyproject.toml": "[project]" },
      false,
      { sources: ["--cov=."], ours: true, omits: false },
    ],
  ])("measures %j, with src/: %j", (texts, hasSrc, expected) => {
    expect(first(texts, hasSrc)).toEqual(expected)
  })

  it("can be set in slipway.yaml", () => {
    expect(first({ ".coveragerc": "[run]\nbranch = true" }, false, { sources: ["app", "lib"] })).toEqual({
      sources: ["--cov=app", "--cov=lib"],
      ours: false,
      omits: false,
    })
  })

  it("never fails a suite for its own share", () => {
    expect(pytestCovArguments(measurement({}, false))).toContain("--cov-fail-under=0")
  })

  it("takes sources and configuration from pytest's settings", () => {
    const addopts = "--cov=app --cov lib --cov-report=term --cov-config=ci/coveragerc --cov-fail-under=90"
    const settings = pytestSettings({ "tox.ini": `[pytest]\naddopts =\n  ${addopts}` })
    expect(measurement({}, true, { settings })).toMatchObject({
      sources: ["app", "lib"],
      config: "/slipway/coveragerc",
    })
    const named = measurement({ "ci/coveragerc": "[run]\nbranch = true" }, true, { settings })
    expect(named).toMatchObject({ sources: ["app", "lib"], config: "ci/coveragerc", omit: [] })
    expect(measurement({ "ci/coveragerc": "[run]\nsource = app" }, true, { settings }).sources).toEqual([])
  })

  it("knows of contexts", () => {
    const dynamic = '[tool.coverage.run]\ndynamic_context = "test_function"'
    expect(measurement({ "pyproject.toml": dynamic }, false).dynamic).toBe(true)
    expect(measurement({}, false).dynamic).toBe(false)
  })
})
