import { type Container, dag, type Directory } from "@dagger.io/dagger"
import { execute, logOf, timing } from "../stage/execute.js"
import { foundInCode } from "../stage/grep.js"
import type { Config } from "../lib/config/config.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { interrupted } from "../lib/run/command.js"
import { INTEGRATION_FOLDERS, type SuiteName } from "../lib/testing/command.js"
import type { Measurement } from "../lib/testing/measure.js"
import { NO_INTEGRATION_TESTS, suiteOutcome } from "../lib/testing/outcome.js"
import { readRecords, type SuiteRecords } from "../lib/testing/records.js"
import { misfitOf, withMisfit } from "../lib/python/toolLimits.js"
import type { ServiceDefinition } from "../lib/testing/services.js"
import { COVERAGE_DATA, SUITE_OUT, prepareSuite, RECORDS, type SuiteInputs } from "./prepare.js"
import { boundServiceFailure, lastWords, serviceFact, serviceLog } from "./services.js"
import { runnerVersion } from "./tools.js"
import { pythonFact } from "../python/version.js"
import { asAlone, runAsAlone } from "../stage/place.js"
import { attempted, identity, skipped, type Stage, unfinished, type Unfinished } from "../stage/stage.js"

/** Result of a suite. */
export interface Suite extends Stage {
  /** Coverage data of its processes; absent if nothing was measured. */
  data?: Directory
  measurement?: Measurement
  /** Number of tests that belong to the other suite. */
  others?: number
}

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
  const stage = identity("tests", name, "", inputs.invocation)
  return attempted(stage, () => suiteWork(name, inputs, leftByUnit))
}

async function suiteWork(name: SuiteName, inputs: SuiteInputs, leftByUnit?: () => Promise<number>) {
  const begun = Date.now()
  const { config, environment } = inputs
  const { runner, measurement } = await inputs.tools()
  const version = await runnerVersion(runner, environment)
  const has = name === "unit" ? "yes" : await integrationTests(inputs)
  // Services are only started if needed. Markers that code sets are found when the unit tests are collected.
  if (has === "no" && !((await leftByUnit?.()) ?? 0)) return skipped(NO_INTEGRATION_TESTS)
  const { container, command, services } = await prepareSuite(name, inputs)
  const ended = await execute(container, command, config.timeout).catch((error: unknown) =>
    serviceFailed(error, services, config),
  )
  if (!("container" in ended)) return ended
  const run = runAsAlone(ended, inputs)
  const records = readRecords(asAlone(await run.container.file(RECORDS).contents(), inputs))
  const serviceOutput = await unreadyServiceLog(records, services, config)
  const judged = suiteOutcome(run, withLastWords(records, serviceOutput), {
    name,
    runner: runner.name,
    expected: has === "yes",
    interruption: interrupted(run, name, config.timeout),
  })
  const python = await environment.python()
  const outcome = withMisfit(judged, misfitOf(runner.name, version, python.version))
  return {
    ...outcome,
    version,
    ...timing(run, begun),
    tests: records.tests,
    facts: { ...(await facts(records, services, config)), python: pythonFact(python) },
    log: logOf(command, run) + serviceOutput,
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
    `**/${name}/**/test*.py`,
    `**/${name}/**/*_test.py`,
  ])
  const files = await Promise.all(patterns.map((pattern) => source.glob(pattern)))
  if (files.flat().length > 0) return "yes"
  return (await foundInCode(await environment.base(), source, "(mark|tag).*integration")) ? "maybe" : "no"
}

/** Result of a suite whose services ended, or failed their own check, before its command could start. */
async function serviceFailed(
  error: unknown,
  services: readonly ServiceDefinition[],
  config: Config,
): Promise<Unfinished> {
  const failure = boundServiceFailure(error, services)
  if (failure === undefined) throw error
  const log = await serviceLog(failure.service, config)
  const reason = `${failure.service.name} ${failure.reason}: ${lastWords(log)}`
  return unfinished(reason, ExitCode.infrastructure, log)
}

/** Log of a service that wasn't ready in time; empty if all were. */
async function unreadyServiceLog(
  { service }: SuiteRecords,
  services: readonly ServiceDefinition[],
  config: Config,
): Promise<string> {
  const definition = services.find(({ name }) => name === service?.name)
  return definition === undefined ? "" : `\n${await serviceLog(definition, config)}`
}

/** Records in which a service that wasn't ready has its last words as well. */
function withLastWords(records: SuiteRecords, log: string): SuiteRecords {
  const { service } = records
  if (service === undefined || log === "") return records
  return {
    ...records,
    service: { ...service, message: `${service.message}; its last words: ${lastWords(log)}` },
  }
}

async function facts(
  { finish, versions }: SuiteRecords,
  services: readonly ServiceDefinition[],
  config: Config,
): Promise<Record<string, string>> {
  const answered = finish === undefined ? services.filter(({ name }) => versions[name]) : services
  const found = answered.map(
    async (service) => [service.name, await serviceFact(service, versions[service.name], config)] as const,
  )
  return {
    ...(finish && { workers: String(finish.workers) }),
    ...Object.fromEntries(await Promise.all(found)),
  }
}

/** Files of a suite to keep. */
async function keptFiles(name: SuiteName, container: Container): Promise<Pick<Suite, "data" | "files">> {
  const out = container.directory(SUITE_OUT)
  const found = await out.entries()
  const measured = found.some((file) => file.startsWith(COVERAGE_DATA))
  return {
    ...(measured && { data: out.filter({ include: [`${COVERAGE_DATA}*`] }) }),
    ...(found.includes("postgres.log") && {
      files: dag.directory().withFile(`logs/${name}.postgres.log`, out.file("postgres.log")),
    }),
  }
}
