import { describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { suiteCommand } from "../../../src/lib/testing/command.js"
import { measurement } from "../../../src/lib/testing/measure.js"
import { serviceVariables } from "../../../src/lib/testing/services.js"

const tests = (yaml = "") => parseConfig(yaml).tests
const indent = (text: string) => `tests:\n${text.replace(/^/gm, "  ")}`

describe("suiteCommand", () => {
  it("lets the plugin sort the tests if the service configures nothing", () => {
    const { command, environment } = suiteCommand("unit", tests(), ["--cov=src"])
    expect(command).toContain("--numprocesses=auto")
    expect(command.slice(0, 3)).toEqual(["python", "-m", "pytest"])
    expect(command.at(-1)).toBe("--cov=src")
    expect(command).not.toContain("-m integration")
    expect(environment).toMatchObject({ SLIPWAY_SUITE: "unit", SLIPWAY_CLASSIFIES: "yes" })
  })

  it("passes a suite's own paths and marker unchanged", () => {
    const config = tests(indent('integration:\n  paths: [it]\n  marker: "db and not slow"\nreruns: 2'))
    const integration = suiteCommand("integration", config, [])
    expect(integration.command.slice(-4)).toEqual(["--reruns=2", "-m", "db and not slow", "it"])
    expect(integration.environment.SLIPWAY_CLASSIFIES).toBe("no")
    const unit = suiteCommand("unit", config, [])
    expect(unit.command.slice(-2)).toEqual(["-m", "not (db and not slow)"])
    expect(unit.environment).toMatchObject({
      SLIPWAY_CLASSIFIES: "yes",
      SLIPWAY_INTEGRATION_PATHS: '["it"]',
      SLIPWAY_INTEGRATION_FOLDERS: "[]",
    })
  })

  it("starts no workers for a single one", () => {
    const { command } = suiteCommand("unit", tests(indent('unit:\n  workers: "1"')), [])
    expect(command).toContain("--numprocesses=0") // whatever the service's own settings say
  })
})

describe("serviceVariables", () => {
  it("contains the services' URLs, and separate data for each worker", () => {
    const variables = serviceVariables(tests(), ["alembic.ini"])
    expect(variables).toMatchObject({
      DATABASE_URL: "postgresql://slipway:slipway@postgres:5432/integration",
      REDIS_URL: "redis://redis:6379/0",
    })
    expect(JSON.parse(variables.SLIPWAY_SERVICES ?? "")).toEqual({
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
    const variables = serviceVariables(tests(yaml), ["manage.py"])
    expect(variables.DB).toBe("postgresql+asyncpg://slipway:slipway@postgres:5432/integration")
    expect(variables.REDIS_URL).toBeUndefined()
    expect(variables.SLIPWAY_SERVICES).toContain('"migrate":"./migrate.sh"')
  })
})

describe("measurement", () => {
  const first = (...args: Parameters<typeof measurement>) => {
    const { arguments: all, ours, omit } = measurement(...args)
    const sources = all.filter((argument) => /^--cov(=|$)/.test(argument))
    return { sources, ours, omits: omit.length > 0 }
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
    expect(first({ ".coveragerc": "[run]\nbranch = true" }, false, ["app", "lib"])).toEqual({
      sources: ["--cov=app", "--cov=lib"],
      ours: false,
      omits: false,
    })
  })

  it("never fails a suite for its own share", () => {
    expect(measurement({}, false).arguments).toContain("--cov-fail-under=0")
  })
})
