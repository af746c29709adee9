import { posix } from "node:path"
import type { Directory } from "@dagger.io/dagger"
import type { SuiteTools } from "../lib/testing/command.js"
import { chosenConfig, COVERAGE_CONFIG, measurement } from "../lib/testing/measure.js"
import {
  chooseRunner,
  djangoManage,
  onlyUnittestFinds,
  type Runner,
  TEST_FILES,
} from "../lib/testing/runner.js"
import {
  type ServiceDefinition,
  serviceDefinitions,
  usableBy,
  variablePattern,
} from "../lib/testing/services.js"
import { PYTEST_SETTINGS, type PytestSettings, pytestSettings } from "../lib/testing/settings.js"
import type { SuiteName } from "../lib/testing/command.js"
import type { Config } from "../lib/config/config.js"
import type { PythonEnvironment } from "../python/environment.js"
import { above } from "../lib/services/dependencies.js"
import type { PlacedSource } from "../stage/place.js"
import { foundInCode } from "../stage/grep.js"
import { texts } from "../stage/texts.js"

/** A service's source with its configuration and packages. */
interface Project extends PlacedSource {
  config: Config
  environment: PythonEnvironment
}

/** Finds out how a service's tests run and how their coverage is measured. */
export async function suiteTools(project: Project): Promise<SuiteTools> {
  const { source, config, environment } = project
  const settings = await settingsOf(project)
  const chosen = chosenConfig(settings)
  const { versions } = await environment.tests()
  return {
    settings,
    runner: await runnerOf(project, settings),
    measurement: measurement(
      await texts(source, [...COVERAGE_CONFIG, ...(chosen === undefined ? [] : [chosen])]),
      (await source.glob("src/**/*.py")).length > 0,
      { settings, ...(config.tests.coverage.sources && { sources: config.tests.coverage.sources }) },
    ),
    installed: (name) => versions.has(name),
  }
}

/** The settings of pytest in the service's folder, else in the nearest above, where pytest finds them as well. */
async function settingsOf({ source, path, around }: Project): Promise<PytestSettings> {
  const own = pytestSettings(await texts(source, PYTEST_SETTINGS))
  if (own.file !== undefined || around === undefined) return own
  for (const folder of above(path)) {
    const names = PYTEST_SETTINGS.map((name) => posix.join(folder, name))
    const found = Object.entries(await texts(around, names))
    const settings = pytestSettings(
      Object.fromEntries(found.map(([name, text]) => [posix.basename(name), text])),
    )
    if (settings.file !== undefined) return settings
  }
  return own
}

async function runnerOf({ source, config, environment }: Project, settings: PytestSettings): Promise<Runner> {
  const { runner: configured } = config.tests
  const { versions } = await environment.service()
  const odd = (await source.glob("**/test*.py")).filter(onlyUnittestFinds)
  return chooseRunner({
    ...(configured && { configured }),
    settings,
    dependsOn: (name) => versions.has(name),
    manage: await manageTexts(source),
    conftest: (await source.glob("**/conftest.py")).length > 0,
    unittestFiles: Object.values(odd.length === 0 ? {} : await texts(source, odd)),
    code: async (pattern) =>
      (await foundInCode(await environment.base(), source.filter({ include: TEST_FILES }), pattern)) ?? false,
  })
}

const manageTexts = (source: Directory): Promise<Record<string, string>> =>
  texts(source, ["manage.py", "*/manage.py", "*/*/manage.py"])

/** Version of what runs the tests. */
export async function runnerVersion({ name }: Runner, environment: PythonEnvironment): Promise<string> {
  if (name === "unittest") return (await environment.python()).version
  return (await environment.tests()).versions.get(name) ?? "unknown"
}

/**
 * The services of a suite.
 *
 * Integration tests have all of them. Nearly every test of a Django service needs its database: there, unit tests have
 * the services whose variables its code reads, if it has a driver for them.
 */
export async function servicesOf(name: SuiteName, project: Project): Promise<ServiceDefinition[]> {
  const { source, config, environment } = project
  const all = serviceDefinitions(config.tests, name)
  if (name === "integration" || all.length === 0) return all
  if (djangoManage(await manageTexts(source)) === undefined) return []
  const { versions } = await environment.tests()
  const base = await environment.base()
  const read = await Promise.all(
    all.map(
      async ({ variable, known }) =>
        variable !== undefined &&
        usableBy(known, (driver) => versions.has(driver)) &&
        (await foundInCode(base, source, variablePattern(variable))) === true,
    ),
  )
  return all.filter((_, index) => read[index])
}
