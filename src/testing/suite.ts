import { type Container, dag, type Directory, type File } from "@dagger.io/dagger"
import { execute, logOf, timing } from "../stage/execute.js"
import { foundInCode } from "../stage/grep.js"
import type { Config } from "../lib/config/config.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { interrupted } from "../lib/run/command.js"
import { INTEGRATION_FOLDERS, type SuiteName, suiteCommand } from "../lib/testing/command.js"
import {
  COVERAGE_CONFIG,
  COVERAGE_RC,
  COVERAGE_RC_TEXT,
  measurement as measure,
  type Measurement,
} from "../lib/testing/measure.js"
import { NO_INTEGRATION_TESTS, suiteOutcome } from "../lib/testing/outcome.js"
import { readRecords, type SuiteRecords } from "../lib/testing/records.js"
import { serviceVariables } from "../lib/testing/services.js"
import { index, type PythonEnvironment, unresolved } from "../python/environment.js"
import { byHashes, withHashedLock } from "../python/locks.js"
import { installProject } from "../python/project.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { serviceFact, serviceLog, withServices } from "./services.js"
import { attempted, identity, skipped, type Stage, unfinished, type Unfinished } from "../stage/stage.js"
import { messageOf } from "../lib/run/execError.js"
import { texts } from "../stage/texts.js"

/** Oldest version with the hooks that our plugin needs. */
const LEAST_PYTEST = 7

/** Directory of a suite's records, coverage data and database log. */
const OUT = "/slipway/out"
const RECORDS = `${OUT}/records.jsonl`
const COVERAGE_DATA = `${OUT}/coverage.data`

/** Inputs that all suites of one source share. */
export interface SuiteInputs {
  source: Directory
  config: Config
  environment: PythonEnvironment
  invocation: string
}

/** Result of a suite. */
export interface Suite extends Stage {
  /** Coverage data; absent if nothing was measured. */
  data?: File
  measurement?: Measurement
  /** Number of tests that belong to the other suite. */
  others?: number
}

export const coverageFile = (suite: string): string => `${suite}.coverage`

/** Builds a suite's command and its container, with services bound. */
export async function prepareSuite(
  name: SuiteName,
  { source, config, environment }: SuiteInputs,
): Promise<{ container: Container; command: string[]; measurement: Measurement }> {
  const { tests } = config
  const measured = measure(
    await texts(source, COVERAGE_CONFIG),
    (await source.glob("src/**/*.py")).length > 0,
    tests.coverage.sources,
  )
  const { command, environment: variables } = suiteCommand(name, tests, measured.arguments)
  const withServicesToo = name === "integration"
  const { container: project, source: files } = await installProject(environment.container, source, config)
  const tooled =
    withServicesToo && tests.services.includes("postgres")
      ? project.withDirectory(DRIVER, psycopg(environment.container, config))
      : project
  const scripted = withScripts(tooled, "slipway_suite.py", "slipway_pytest.py")
  const container = withVariables(scripted, {
    ...variables,
    ...(withServicesToo ? serviceVariables(tests, await source.glob("*")) : {}),
    PYTHONPATH: `${SCRIPTS}:/src/src`,
    PYTHONDONTWRITEBYTECODE: "1",
    COVERAGE_FILE: COVERAGE_DATA,
    SLIPWAY_RECORDS: RECORDS,
  })
    .withNewFile(COVERAGE_RC, COVERAGE_RC_TEXT)
    .withNewFile(RECORDS, "")
    .withMountedDirectory("/src", files)
    .withWorkdir("/src")
  return {
    container: withServicesToo ? withServices(container, config) : container,
    command: [
      `${tooled === project ? "" : `${DRIVER}/bin/`}python`,
      "-I",
      `${SCRIPTS}/slipway_suite.py`,
      ...command,
    ],
    measurement: measured,
  }
}

const withVariables = (container: Container, variables: Record<string, string>): Container =>
  Object.entries(variables).reduce(
    (changed, [name, value]) => changed.withEnvVariable(name, value),
    container,
  )

/** Environment of the database driver, apart from the service's own packages. */
const DRIVER = "/slipway/driver"

const psycopg = (environment: Container, config: Config): Directory =>
  withHashedLock(environment, "psycopg")
    .withExec(["uv", "venv", "--quiet", DRIVER])
    .withExec(["uv", "pip", "install", `--python=${DRIVER}`, ...index(config), ...byHashes("psycopg")])
    .directory(DRIVER)

/**
 * Runs a suite and judges its result. Never throws for a fault of a test or a service.
 *
 * @param leftByUnit Returns the number of tests that the unit suite left to the integration suite.
 */
export function runSuite(
  name: SuiteName,
  inputs: SuiteInputs,
  leftByUnit?: () => Promise<number>,
): Promise<Suite> {
  const { environment, invocation } = inputs
  const stage = identity("tests", name, environment.version("pytest"), invocation)
  return attempted(stage, () => suiteWork(name, inputs, leftByUnit))
}

async function suiteWork(name: SuiteName, inputs: SuiteInputs, leftByUnit?: () => Promise<number>) {
  const begun = Date.now()
  const { config, environment } = inputs
  if (environment.problem !== undefined) return unresolved(environment.problem)
  const version = environment.version("pytest")
  if (Number.parseInt(version) < LEAST_PYTEST)
    return unfinished(
      `the service pins pytest ${version}; it must be ${LEAST_PYTEST} or later`,
      ExitCode.badInput,
    )
  const has = name === "unit" ? "yes" : await integrationTests(inputs)
  // Services are only started if needed. Markers that code sets are found when the unit tests are collected.
  if (has === "no" && !((await leftByUnit?.()) ?? 0)) return skipped(NO_INTEGRATION_TESTS)
  const { container, command, measurement } = await prepareSuite(name, inputs)
  const run = await execute(container, command, config.timeout).catch((error: unknown) => endedService(error))
  if (typeof run === "string") return serviceEnded(run, config)
  const records = readRecords(await run.container.file(RECORDS).contents())
  const outcome = suiteOutcome(run, records, {
    name,
    expected: has === "yes",
    interruption: interrupted(run, name, config.timeout),
  })
  return {
    ...outcome,
    ...timing(run, begun),
    tests: records.tests,
    facts: await facts(records, config),
    log: logOf(command, run) + (await failedService(records, config)),
    ...(await keptFiles(name, run.container)),
    measurement,
    others: records.others,
  }
}

/**
 * Detects integration tests by the settings, by test files in such a folder, or by a literal marker.
 *
 * Markers that code sets can't be ruled out by the source alone.
 */
async function integrationTests({
  source,
  config,
  environment,
}: SuiteInputs): Promise<"yes" | "maybe" | "no"> {
  const { paths, marker } = config.tests.integration
  if (paths !== undefined || marker !== undefined) return "yes"
  const patterns = INTEGRATION_FOLDERS.flatMap((name) => [
    `**/${name}/**/test_*.py`,
    `**/${name}/**/*_test.py`,
  ])
  const files = await Promise.all(patterns.map((pattern) => source.glob(pattern)))
  if (files.flat().length > 0) return "yes"
  return (await foundInCode(environment.container, source, "mark.*integration")) ? "maybe" : "no"
}

/** Name of the service that ended before a command could start. Throws any other error. */
function endedService(error: unknown): string {
  const [, name] = /bound service \w+ \(aliased as (\w+)\) exited/.exec(messageOf(error)) ?? []
  if (name === undefined) throw error
  return name
}

async function serviceEnded(name: string, config: Config): Promise<Unfinished> {
  const known = config.tests.services.find((service) => service === name)
  const log = known === undefined ? "" : await serviceLog(known, config)
  const [lastLine = ""] = log.trimEnd().split("\n").slice(-2)
  return unfinished(`${name} ended as soon as it was started: ${lastLine}`, ExitCode.infrastructure, log)
}

/** Log of a service that did not start. */
async function failedService({ service }: SuiteRecords, config: Config): Promise<string> {
  const name = config.tests.services.find((known) => known === service?.name)
  return name === undefined ? "" : `\n${await serviceLog(name, config)}`
}

async function facts({ finish, versions }: SuiteRecords, config: Config): Promise<Record<string, string>> {
  const answered = config.tests.services.filter((name) => versions[name] !== undefined)
  const services = answered.map(
    async (name) => [name, await serviceFact(name, versions[name] ?? "", config)] as const,
  )
  return {
    ...(finish && { workers: String(finish.workers) }),
    ...Object.fromEntries(await Promise.all(services)),
  }
}

/** Files of a suite to keep. */
async function keptFiles(name: SuiteName, container: Container): Promise<Pick<Suite, "data" | "files">> {
  const out = container.directory(OUT)
  const found = await out.entries()
  return {
    ...(found.includes("coverage.data") && { data: container.file(COVERAGE_DATA) }),
    ...(found.includes("postgres.log") && {
      files: dag.directory().withFile(`logs/${name}.postgres.log`, out.file("postgres.log")),
    }),
  }
}
