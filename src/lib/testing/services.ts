import type { Config } from "../config/config.js"
import type { KNOWN_SERVICES } from "../config/tests.js"
import { migrationCommand } from "../migration/command.js"

/** A service that has defaults. */
export type KnownService = (typeof KNOWN_SERVICES)[number]

/** A service that runs next to the tests, under its name as host. */
export interface ServiceDefinition {
  name: string
  /** The name of a known service; it chooses the image, unless one is configured. */
  known?: KnownService
  /** The configured image. */
  image?: string
  port: number
  environment: Readonly<Record<string, string>>
  /** Arguments of the image's entrypoint; the image's own without any. */
  command?: readonly string[]
  /** Arguments of use only while it runs. */
  commandWhileRunning?: readonly string[]
  /** A command that says that it is ready; empty if an open port does. */
  ready: readonly string[]
  /** The variable with its URL, and that URL; `worker` for a worker's own data. */
  variable?: string
  url: string
  worker?: string
}

/** Database of the tests, created for each run: suites share a server, but no data. */
const DATABASE = "integration"

const PASSWORD = "slipway"

type Defaults = Omit<ServiceDefinition, "name" | "known" | "ready">

/** PostgreSQL tuned for speed: nothing in it outlives the run. */
function postgres({ postgres: { variable, scheme } }: Config["tests"], database: string): Defaults {
  const fast = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
  // In a file of its own, which a client can ask for.
  const logged = ["logging_collector=on", "log_directory=/tmp", "log_filename=postgres.log"]
  const flags = (settings: string[]) => settings.flatMap((setting) => ["-c", setting])
  const server = `${scheme}://slipway:${PASSWORD}@postgres:5432`
  return {
    port: 5432,
    environment: { POSTGRES_USER: "slipway", POSTGRES_PASSWORD: PASSWORD, POSTGRES_INITDB_ARGS: "--no-sync" },
    command: ["postgres", ...flags(fast)],
    commandWhileRunning: flags(logged),
    variable,
    url: `${server}/${database}`,
    worker: `${server}/${database}_WORKER`,
  }
}

/** MySQL or MariaDB; as root, since Django's tests create a database. */
const mysql = (name: string): Defaults => ({
  port: 3306,
  environment: {
    [`${name.toUpperCase()}_ROOT_PASSWORD`]: PASSWORD,
    [`${name.toUpperCase()}_DATABASE`]: DATABASE,
  },
  variable: "DATABASE_URL",
  url: `mysql://root:${PASSWORD}@${name}:3306/${DATABASE}`,
})

const KNOWN: Readonly<Record<KnownService, (tests: Config["tests"], database: string) => Defaults>> = {
  postgres,
  redis: ({ redis: { variable } }) => ({
    port: 6379,
    environment: {},
    command: ["redis-server", "--save", "", "--appendonly", "no"],
    variable,
    url: "redis://redis:6379/0",
    worker: "redis://redis:6379/WORKER",
  }),
  mysql: () => mysql("mysql"),
  mariadb: () => mysql("mariadb"),
  mongodb: () => ({
    port: 27_017,
    environment: {},
    variable: "MONGODB_URL",
    url: `mongodb://mongodb:27017/${DATABASE}`,
  }),
  rabbitmq: () => ({
    port: 5672,
    environment: {},
    variable: "AMQP_URL",
    url: "amqp://guest:guest@rabbitmq:5672/",
  }),
}

/** The configured services, with the defaults of those that are known. */
export const serviceDefinitions = (tests: Config["tests"], database = DATABASE): ServiceDefinition[] =>
  Object.entries(tests.services).map(([name, { environment, ...settings }]) => {
    const known = Object.hasOwn(KNOWN, name) ? (name as KnownService) : undefined
    const port = settings.port ?? 0
    const defaults = known
      ? KNOWN[known](tests, database)
      : { port, environment: {}, url: `tcp://${name}:${port}` }
    return {
      name,
      ...(known && { known }),
      ...defaults,
      ...settings,
      environment: { ...defaults.environment, ...environment },
      // Another URL has no place for a worker's number.
      ...(settings.url !== undefined && { worker: settings.url }),
    }
  })

/** What tests and migrations are to find. */
export interface ServiceVariables {
  services: readonly ServiceDefinition[]
  /** The name of the suite's database in PostgreSQL. */
  database?: string
  /** The number of the suite's workers, as `slipway.yaml` has it. */
  workers: string
  /** Files in the source's root, which say how a database is migrated; empty for a database that isn't. */
  rootFiles: readonly string[]
}

/**
 * Returns the variables of tests with services: their URLs, and the settings of `slipway_suite.py`.
 *
 * `WORKER` in a worker's URL becomes its number: workers share a server, but no data.
 */
export function serviceVariables(
  { migrate, startTimeout }: Pick<Config["tests"], "migrate" | "startTimeout">,
  { services, database = DATABASE, workers, rootFiles }: ServiceVariables,
): Record<string, string> {
  const has = (known: KnownService) => services.some(({ name }) => name === known)
  const databases = (["postgres", "mysql", "mariadb"] as const).some(has)
  const migration = migrationCommand(migrate, databases ? rootFiles : [])
  const settings = {
    ports: services.map(({ name, port }) => ({ name, port })),
    ...(has("postgres") && { postgres: { host: "postgres", database, workers } }),
    ...(has("redis") && { redis: { host: "redis" } }),
    ...(migration !== undefined && { migrate: migration }),
    startTimeout,
  }
  const urls = services.flatMap(({ variable, url, worker = url }) =>
    variable === undefined ? [] : [{ variable, url, worker }],
  )
  const own = urls.filter(({ url, worker }) => url !== worker)
  return {
    ...Object.fromEntries(urls.map(({ variable, url }) => [variable, url])),
    SLIPWAY_SERVICES: JSON.stringify(settings),
    SLIPWAY_WORKER_URLS: JSON.stringify(
      Object.fromEntries(own.map(({ variable, worker }) => [variable, worker])),
    ),
  }
}

/** Pattern of `grep -E` for code that reads a variable: its name, or a library that reads this one by default. */
export const variablePattern = (variable: string): string =>
  variable === "DATABASE_URL" ? `${variable}|dj_database_url|\\.(db|db_url|dj_db_url)\\(` : variable

/** Packages of which a Django service needs one for a database. */
const DRIVERS: Partial<Record<KnownService, readonly string[]>> = {
  postgres: ["psycopg", "psycopg2", "psycopg2-binary"],
  mysql: ["mysqlclient", "pymysql", "mysql-connector-python"],
  mariadb: ["mysqlclient", "pymysql", "mysql-connector-python"],
}

/** True if a Django service has a driver for a database. */
export const usableBy = (known: KnownService | undefined, installed: (name: string) => boolean): boolean =>
  (known && DRIVERS[known]?.some(installed)) ?? true
