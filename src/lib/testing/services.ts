import type { Config } from "../config/config.js"
import { migrationCommand } from "../migration/command.js"

/** Database of the integration tests, created for each run. */
const DATABASE = "integration"

/**
 * Returns the variables of integration tests: service URLs, and the settings of `slipway_suite.py`.
 *
 * `WORKER` in a worker's URL becomes its number: workers share a server, but no data.
 */
export function serviceVariables(
  { services, integration, postgres, redis, migrate, startTimeout }: Config["tests"],
  rootFiles: readonly string[],
): Record<string, string> {
  const migration = migrationCommand(migrate, services.includes("postgres") ? rootFiles : [])
  const server = `${postgres.scheme}://slipway:slipway@postgres:5432`
  const urls = {
    postgres: {
      variable: postgres.variable,
      url: `${server}/${DATABASE}`,
      worker: `${server}/${DATABASE}_WORKER`,
    },
    redis: { variable: redis.variable, url: "redis://redis:6379/0", worker: "redis://redis:6379/WORKER" },
  }
  const settings = {
    ...(services.includes("postgres") && {
      postgres: { host: "postgres", database: DATABASE, workers: integration.workers },
    }),
    ...(services.includes("redis") && { redis: { host: "redis" } }),
    ...(migration !== undefined && { migrate: migration }),
    startTimeout,
  }
  const bound = services.map((name) => urls[name])
  return {
    ...Object.fromEntries(bound.map(({ variable, url }) => [variable, url])),
    SLIPWAY_SERVICES: JSON.stringify(settings),
    SLIPWAY_WORKER_URLS: JSON.stringify(
      Object.fromEntries(bound.map(({ variable, worker }) => [variable, worker])),
    ),
  }
}
