import { posix } from "node:path"
import type { Container, Directory } from "@dagger.io/dagger"
import type { AdoptionBaseline } from "../lib/adoption/entries.js"
import type { Config } from "../lib/config/config.js"
import { type SuiteName, suiteCommand, type SuiteTools } from "../lib/testing/command.js"
import { COVERAGE_RC, COVERAGE_RC_TEXT } from "../lib/testing/measure.js"
import { type ServiceDefinition, serviceVariables } from "../lib/testing/services.js"
import { index, withPackages } from "../python/base.js"
import type { PythonEnvironment } from "../python/environment.js"
import { byHashes, withHashedLock } from "../python/locks.js"
import { installProject } from "../python/project.js"
import { workFolder, type PlacedSource, sourceTree, withTree } from "../stage/place.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { withVariables } from "../stage/variables.js"
import { withServices } from "./services.js"
import { servicesOf } from "./tools.js"

/** Directory of a suite's records, coverage data and database log. */
export const SUITE_OUT = "/slipway/out"
export const RECORDS = `${SUITE_OUT}/records.jsonl`

/** Name of a process's coverage data in it, or its beginning. */
export const COVERAGE_DATA = "coverage.data"

/** Inputs that all suites of one source share. */
export interface SuiteInputs extends PlacedSource {
  config: Config
  environment: PythonEnvironment
  /** The service's baseline, if it has one. */
  adoption: AdoptionBaseline | undefined
  invocation: string
  /** How the tests run. */
  tools: () => Promise<SuiteTools>
}

/** A suite before its command runs. */
export interface PreparedSuite {
  container: Container
  command: string[]
  services: ServiceDefinition[]
}

/** Builds a suite's command and its container, with services bound. */
export async function prepareSuite(name: SuiteName, inputs: SuiteInputs): Promise<PreparedSuite> {
  const { config, environment } = inputs
  const tools = await inputs.tools()
  const services = await servicesOf(name, inputs)
  const { command, environment: variables } = suiteCommand(name, config.tests, tools)
  const project = await installProject((await environment.tests()).container, inputs, config)
  const tree = sourceTree({ ...inputs, source: project.source })
  const needsDriver = services.some(({ name }) => name === "postgres")
  const tooled = needsDriver
    ? project.container.withDirectory(DRIVER, psycopg(await environment.base(), config))
    : project.container
  const prepared = withVariables(
    withScripts(tooled, "slipway_suite.py", "slipway_pytest.py", "slipway_unittest.py"),
    {
      ...variables,
      ...(services.length > 0 && (await variablesOf(name, inputs, services, tools))),
      ...config.tests.environment,
      PYTHONPATH: `${SCRIPTS}:${posix.join(workFolder(tree), "src")}`,
      PYTHONDONTWRITEBYTECODE: "1",
      COVERAGE_FILE: `${SUITE_OUT}/${COVERAGE_DATA}`,
      SLIPWAY_RECORDS: RECORDS,
    },
  )
    .withNewFile(COVERAGE_RC, COVERAGE_RC_TEXT)
    .withNewFile(RECORDS, "")
  return {
    container: withServices(withTree(prepared, tree), services, config),
    command: [
      `${needsDriver ? `${DRIVER}/bin/` : ""}python`,
      "-I",
      `${SCRIPTS}/slipway_suite.py`,
      ...command,
    ],
    services,
  }
}

async function variablesOf(
  name: SuiteName,
  { source, config }: SuiteInputs,
  services: readonly ServiceDefinition[],
  { runner }: SuiteTools,
): Promise<Record<string, string>> {
  return serviceVariables(config.tests, {
    services,
    database: name,
    workers: config.tests[name].workers,
    // Django's runner migrates a database of its own.
    rootFiles: runner.name === "django" ? [] : await source.glob("*"),
  })
}

/** Environment of the database driver, apart from the service's own packages. */
const DRIVER = "/slipway/driver"

const psycopg = (base: Container, config: Config): Directory =>
  withPackages(
    withHashedLock(base, "psycopg").withExec(["uv", "venv", "--quiet", DRIVER]),
    ["uv", "pip", "install", `--python=${DRIVER}`, ...index(config), ...byHashes("psycopg")],
    config,
  ).directory(DRIVER)
