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

/** A database that lasts as long as a proof. */
export interface Bench {
  config: Config
  /** For each command, in seconds. */
  timeout: number
  /** By the names that containers reach them under. */
  services: Record<string, Service>
  url: Secret
  password: Secret
}

export interface Migration extends MigrationOutcome {
  log: string
}

/**
 * Starts a database for one proof, and the queue if the service has one. A new run's is another service, with a
 * password of its own.
 */
export async function openBench(config: Config, timeout: number): Promise<Bench> {
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
  if (config.tests.services.includes("redis"))
    services.redis = base("redis", config, run)
      .withExposedPort(6379)
      .asService({ args: ["redis-server", "--save", "", "--appendonly", "no"], useEntrypoint: true })
  // Held from here on: one that only a step needs ends with it, and its data too.
  await Promise.all(Object.values(services).map((service) => service.start()))
  return { config, timeout, services, url: dag.setSecret(`proof url ${run}`, url), password }
}

export async function closeBench({ services }: Bench): Promise<void> {
  await Promise.allSettled(Object.values(services).map((service) => service.stop({ kill: true })))
}

const base = (name: "postgres" | "redis", config: Config, run: string): Container =>
  dag
    .container()
    .from(imageReference(name, config.tests[name].version, config.images))
    .withEnvVariable("SLIPWAY_PROOF", run)

/** Runs SQL: a file of this module's, or one of the service's. */
export async function runSql(bench: Bench, file: string | File): Promise<ToolRun> {
  const { config, password, timeout } = bench
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
  return ran(container, ["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-f", path], bench)
}

/** Runs a command in a service's image as a migration runs. */
export async function runMigration(image: Container, command: string, bench: Bench): Promise<Migration> {
  const { exitCode, stdout, stderr } = await ran(inService(image, bench), argv(command, bench, false), bench)
  const log = stdout + stderr
  return { ...migrationOutcome({ exitCode, log }), log }
}

/** Runs a command in a service's image that only prints. */
export const runPrint = (image: Container, command: string, bench: Bench): Promise<ToolRun> =>
  ran(inService(image, bench), argv(command, bench, true), bench)

/** Runs a program of this module in a service's image. */
export const runProgram = (
  image: Container,
  name: string,
  argument: string,
  bench: Bench,
): Promise<ToolRun> => ran(inService(image, bench), ["python", "-c", script(name), argument], bench)

/** The text of a program of this module. */
const script = (name: string): string => readFileSync(new URL(`../scripts/${name}`, import.meta.url), "utf8")

const argv = (command: string, { config, timeout }: Bench, bare: boolean): string[] =>
  migrationArgv(script("slipway_migrate.py"), {
    ...LIMITS,
    timeout,
    command,
    bare,
    run: "proof",
    variable: config.tests.postgres.variable,
  })

function inService(image: Container, { config, services, url }: Bench): Container {
  const names = new Set([config.tests.postgres.variable, config.deploy.migrate.variable])
  const found = [...names].reduce((all, name) => all.withSecretVariable(name, url), image)
  return services.redis ? found.withEnvVariable(config.tests.redis.variable, "redis://redis:6379/0") : found
}

/** Each run depends on what those before left in the database: none comes from a cache. */
async function ran(container: Container, command: string[], bench: Bench): Promise<ToolRun> {
  const bound = Object.entries(bench.services).reduce(
    (all, [name, service]) => all.withServiceBinding(name, service),
    container.withEnvVariable("SLIPWAY_STEP", randomUUID()),
  )
  const done = bound.withExec(command, { expect: ReturnType.Any })
  const [exitCode, stdout, stderr] = await Promise.all([done.exitCode(), done.stdout(), done.stderr()])
  const password = await bench.password.plaintext()
  return { exitCode, stdout: scrub(stdout, [password]), stderr: scrub(stderr, [password]) }
}
