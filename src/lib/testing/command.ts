import type { Config } from "../config/config.js"

export type SuiteName = Config["tests"]["suites"][number]

/** Folders of integration tests, unless configured otherwise. */
export const INTEGRATION_FOLDERS = ["integration", "integration_tests", "integration-tests"]

/** Command and environment of a suite. */
interface SuiteCommand {
  command: string[]
  /** Variables that the plugin in `slipway_pytest.py` reads. */
  environment: Record<string, string>
}

/**
 * Returns the command of a suite.
 *
 * Paths or a marker in `slipway.yaml` select a suite's tests. Without them the plugin sorts the tests: those in an
 * integration folder or with that marker are integration tests, all others unit tests.
 */
export function suiteCommand(
  name: SuiteName,
  tests: Config["tests"],
  coverageArguments: readonly string[],
): SuiteCommand {
  const { paths = [], marker, workers } = tests[name]
  const { paths: integrationPaths = [], marker: integrationMarker } = tests.integration
  const chosen = paths.length > 0 || marker !== undefined
  // The same setting selects both suites, so that no test falls between them.
  const byDefault = integrationPaths.length === 0
  const byMarker = byDefault && integrationMarker !== undefined
  const expression =
    marker ?? (name === "unit" && integrationMarker !== undefined ? `not (${integrationMarker})` : undefined)
  return {
    command: [
      "python",
      "-m",
      "pytest",
      "-p",
      "slipway_pytest",
      "--color=no",
      "-ra",
      "-o",
      "cache_dir=/tmp/pytest_cache",
      "--continue-on-collection-errors",
      "--timeout-method=signal",
      `--numprocesses=${workers === "1" ? "0" : workers}`,
      ...(tests.reruns === 0 ? [] : [`--reruns=${tests.reruns}`]),
      ...(expression === undefined ? [] : ["-m", expression]),
      ...coverageArguments,
      ...paths,
    ],
    environment: {
      SLIPWAY_SUITE: name,
      SLIPWAY_CLASSIFIES: chosen || byMarker ? "no" : "yes",
      SLIPWAY_TEST_TIMEOUT: String(tests.testTimeout),
      SLIPWAY_INTEGRATION_MARKER: byDefault ? "integration" : "",
      SLIPWAY_INTEGRATION_FOLDERS: JSON.stringify(byDefault ? INTEGRATION_FOLDERS : []),
      SLIPWAY_INTEGRATION_PATHS: JSON.stringify(integrationPaths),
    },
  }
}
