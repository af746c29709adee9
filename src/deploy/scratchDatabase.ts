import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { type Container, dag, type File, ReturnType, type Secret, type Service } from "@dagger.io/dagger"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import type { ToolRun } from "../lib/run/finding.js"
import { scrub } from "../lib/secrets/scrub.js"
import { LIMITS, migrationArgv } from "../lib/migration/command.js"
import { migrationOutcome, type MigrationOutcome } from "../lib/migration/outcome.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"

const DATABASE = "slipway"

/** A database that lives as long as a proof. */
export interface ScratchDatabase {
  config: Config
  /** Seconds for each command. */
  timeout: number
  /** By their host names. */
  services: Record<string, Service>
  url: Secret
  password: Secret
}

/** The outcome of a migration, with its log. */
export interface MigrationResult extends MigrationOutcome {
  log: string
}

/** Starts a database for one proof, with a password of its own, and the queue if the service has one. */
export async function openScratchDatabase(config: Config, timeout: number): Promise<ScratchDatabase> {
  const [run, text] = [randomUUID(), randomUUID()]
  const password = dag.setSecret(`proof password ${run}`, text)
  const url = `${config.tests.postgres.scheme}://${DATABASE}:${text}@postgres:5432/${DATABASE}`
  const services: Record<string, Service> = {
    postgres: base("postgres", config, run)
      .withEnvVariable("POSTGRES_USER", DATABASE)
      .withSecretVariable("POSTGRES_PASSWORD", password)
      .withEnvVariable("POSTGRES_INITDB_ARGS", "--no-sync")
      .withExposedPort(5432)
      .asService({ args: ["postgres", "-c", "fsync=off"], useEntrypoint: true }),
  }
  if (config.tests.services.redis !== undefined)
    services.redis = base("redis", config, run)
      .withExposedPort(6379)
      .asService({ args: ["redis-server", "--save", "", "--appendonly", "no"], useEntrypoint: true })
  // Started explicitly: a service bound to a step alone ends with it, and its data too.
  await Promise.all(Object.values(services).map((service) => service.start()))
  return { config, timeout, services, url: dag.setSecret(`proof url ${run}`, url), password }
}

/** Stops the database and the queue. */
export async function closeScratchDatabase({ services }: ScratchDatabase): Promise<void> {
  await Promise.allSettled(Object.values(services).map((service) => service.stop({ kill: true })))
}

const base = (name: "postgres" | "redis", config: Config, run: string): Container =>
  dag
    .container()
    .from(imageReference(name, config.tests[name].version, config.images))
    .withEnvVariable("SLIPWAY_PROOF", run)

/** Runs SQL: a file of this module or of the service. */
export async function runSql(database: ScratchDatabase, file: string | File): Promise<ToolRun> {
  const { config, password, timeout } = database
  const path = typeof file === "string" ? `${SCRIPTS}/${file}` : "/slipway/service.sql"
  const image = dag
    .container()
    .from(imageReference("postgres", config.tests.postgres.version, config.images))
    .withEnvVariable("PGHOST", "postgres")
    .withEnvVariable("PGUSER", DATABASE)
    .withEnvVariable("PGDATABASE", DATABASE)
    .withEnvVariable("PGOPTIONS", `-c statement_timeout=${timeout}s`)
    .withSecretVariable("PGPASSWORD", password)
  const container = typeof file === "string" ? withScripts(image, file) : image.withFile(path, file)
  return runUncached(container, ["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-f", path], database)
}

/** Runs a command in a service's image like a migration. */
export async function runMigration(
  image: Container,
  command: string,
  database: ScratchDatabase,
): Promise<MigrationResult> {
  const { exitCode, stdout, stderr } = await runUncached(
    inService(image, database),
    argv(command, database, false),
    database,
  )
  const log = stdout + stderr
  return { ...migrationOutcome({ exitCode, log }), log }
}

/** Runs a command in a service's image that only prints. */
export const runPrint = (image: Container, command: string, database: ScratchDatabase): Promise<ToolRun> =>
  runUncached(inService(image, database), argv(command, database, true), database)

/** Runs a program of this module in a service's image. */
export const runProgram = (
  image: Container,
  name: string,
  argument: string,
  database: ScratchDatabase,
): Promise<ToolRun> =>
  runUncached(inService(image, database), ["python", "-c", script(name), argument], database)

/** The text of a program of this module. */
const script = (name: string): string => readFileSync(new URL(`../scripts/${name}`, import.meta.url), "utf8")

const argv = (command: string, { config, timeout }: ScratchDatabase, bare: boolean): string[] =>
  migrationArgv(script("slipway_migrate.py"), {
    ...LIMITS,
    timeout,
    command,
    bare,
    run: "proof",
    variable: config.tests.postgres.variable,
  })

function inService(image: Container, { config, services, url }: ScratchDatabase): Container {
  const names = new Set([config.tests.postgres.variable, config.deploy.migrate.variable])
  const found = [...names].reduce((all, name) => all.withSecretVariable(name, url), image)
  return services.redis ? found.withEnvVariable(config.tests.redis.variable, "redis://redis:6379/0") : found
}

/** Runs a command, never from the cache: each depends on the database's state. */
async function runUncached(
  container: Container,
  command: string[],
  database: ScratchDatabase,
): Promise<ToolRun> {
  const bound = Object.entries(database.services).reduce(
    (all, [name, service]) => all.withServiceBinding(name, service),
    container.withEnvVariable("SLIPWAY_STEP", randomUUID()),
  )
  const done = bound.withExec(command, { expect: ReturnType.Any })
  const [exitCode, stdout, stderr] = await Promise.all([done.exitCode(), done.stdout(), done.stderr()])
  const password = await database.password.plaintext()
  return { exitCode, stdout: scrub(stdout, [password]), stderr: scrub(stderr, [password]) }
}
