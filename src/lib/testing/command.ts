import type { Config } from "../config/config.js"
import { coverageRun, type Measurement, pytestCovArguments } from "./measure.js"
import type { Runner } from "./runner.js"
import { disables, optionValues, type PytestSettings } from "./settings.js"

export type SuiteName = Config["tests"]["suites"][number]

/** Folders of integration tests, unless configured otherwise. */
export const INTEGRATION_FOLDERS = ["integration", "integration_tests", "integration-tests"]

/** Command and environment of a suite. */
interface SuiteCommand {
  command: string[]
  /** Variables that `slipway_pytest.py` and `slipway_unittest.py` read. */
  environment: Record<string, string>
}

/** How the tests of a service run, beside `slipway.yaml`. */
export interface SuiteTools {
  runner: Runner
  measurement: Measurement
  /** pytest's own settings. */
  settings: PytestSettings
  /** True if a package is installed. */
  installed: (name: string) => boolean
}

/**
 * Returns the command of a suite.
 *
 * Paths or a marker in `slipway.yaml` select a suite's tests. Without them our plugin sorts the tests: those in an
 * integration folder or with that marker are integration tests, all others unit tests.
 */
export function suiteCommand(name: SuiteName, tests: Config["tests"], tools: SuiteTools): SuiteCommand {
  const { paths = [], marker } = tests[name]
  const { paths: integrationPaths = [], marker: integrationMarker } = tests.integration
  const chosen = paths.length > 0 || marker !== undefined
  // The same setting selects both suites, so that no test falls between them.
  const byDefault = integrationPaths.length === 0
  const byMarker = byDefault && integrationMarker !== undefined
  const expression =
    marker ?? (name === "unit" && integrationMarker !== undefined ? `not (${integrationMarker})` : undefined)
  const { runner } = tools
  return {
    command:
      runner.name === "pytest"
        ? pytestCommand(name, tests, tools, expression)
        : [...unittestCommand(name, tests, tools), ...paths],
    environment: {
      SLIPWAY_SUITE: name,
      SLIPWAY_CLASSIFIES: chosen || byMarker ? "no" : "yes",
      SLIPWAY_TEST_TIMEOUT: String(tests.testTimeout),
      SLIPWAY_INTEGRATION_MARKER: byDefault ? "integration" : "",
      SLIPWAY_INTEGRATION_FOLDERS: JSON.stringify(byDefault ? INTEGRATION_FOLDERS : []),
      SLIPWAY_INTEGRATION_PATHS: JSON.stringify(integrationPaths),
      ...(runner.name === "pytest" ? {} : { SLIPWAY_TAGS: expression ?? "" }),
    },
  }
}

function pytestCommand(
  name: SuiteName,
  tests: Config["tests"],
  tools: SuiteTools,
  expression: string | undefined,
): string[] {
  const { settings, installed, measurement } = tools
  const has = (plugin: string, ...names: string[]) => installed(plugin) && !disables(settings, ...names)
  const measures = has("pytest-cov", "pytest_cov", "cov") && !settings.options.includes("--no-cov")
  return [
    ...(measures ? ["python", "-m", "pytest"] : [...coverageRun(measurement), "-m", "pytest"]),
    "-p",
    "slipway_pytest",
    "--color=no",
    "-ra",
    "-o",
    "cache_dir=/tmp/pytest_cache",
    "--continue-on-collection-errors",
    ...(has("pytest-timeout", "timeout") ? ["--timeout-method=signal"] : []),
    ...(has("pytest-xdist", "xdist") ? workers(tests[name].workers, tools, measures) : []),
    ...(tests.reruns > 0 && has("pytest-rerunfailures", "rerunfailures") ? [`--reruns=${tests.reruns}`] : []),
    ...markers(name, settings, expression),
    ...(measures ? pytestCovArguments(measurement) : []),
    ...(tests[name].paths ?? []),
  ]
}

/** Markers that select a suite's tests. Settings that leave integration tests out mean the service's other runs. */
function markers(name: SuiteName, settings: PytestSettings, expression: string | undefined): string[] {
  if (expression !== undefined) return ["-m", expression]
  const own = optionValues(settings, "-m").at(-1) ?? ""
  return name === "integration" && /\bintegration\b/.test(own) ? ["-m", ""] : []
}

/** The number of pytest's processes; the service's own settings may choose it where `slipway.yaml` doesn't. */
function workers(wanted: string, { settings, measurement }: SuiteTools, measures: boolean): string[] {
  // Each worker would report to a pytest-cov, or to a coverage.py around pytest, that can't take its data.
  // pytest-cov refuses dynamic contexts if anything of xdist is asked for.
  if (measurement.dynamic) return ["--numprocesses=0", "--dist=no"]
  if (wanted === "1" || !measures) return ["--numprocesses=0"]
  const own = optionValues(settings, "-n", "--numprocesses").at(-1)
  return wanted === "auto" && own !== undefined ? [] : [`--numprocesses=${wanted}`]
}

/** Command of the runners that `slipway_unittest.py` starts. */
function unittestCommand(
  name: SuiteName,
  tests: Config["tests"],
  { runner, measurement }: SuiteTools,
): string[] {
  const { workers: wanted } = tests[name]
  return [
    ...coverageRun(measurement),
    "-m",
    "slipway_unittest",
    runner.name,
    ...(runner.name === "django"
      ? [runner.manage, ...(/^([2-9]|\d\d)$/.test(wanted) ? [`--parallel=${wanted}`] : [])]
      : []),
  ]
}
