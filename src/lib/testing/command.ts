import type { Config } from "../config/config.js"

export type SuiteName = Config["tests"]["suites"][number]

/** Folders whose tests are integration tests, unless the service says otherwise. */
export const INTEGRATION_FOLDERS = ["integration", "integration_tests", "integration-tests"]

/** How a suite's tests are told from the others', and how pytest is called for them. */
export interface SuiteCommand {
  command: string[]
  /** What the plugin in `slipway_pytest.py` is told. */
  environment: Record<string, string>
}

/**
 * Returns the command of a suite. A suite with paths or a marker of its own is what these say; without, the plugin sorts
 * the tests: into integration what lies in such a folder or is marked so, into unit what is left.
 */
export function suiteCommand(
  name: SuiteName,
  tests: Config["tests"],
  coverageArguments: readonly string[],
): SuiteCommand {
  const { paths = [], marker, workers } = tests[name]
  const { paths: integrationPaths = [], marker: integrationMarker } = tests.integration
  const chosen = paths.length > 0 || marker !== undefined
  // What says which tests are integration tests says also which are not: no test falls between the suites.
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
