import { type Container, dag, ReturnType, type Service } from "@dagger.io/dagger"
import { offlineImageNote, serviceImage } from "../stage/images.js"
import { withVariables } from "../stage/variables.js"
import type { Config } from "../lib/config/config.js"
import { messageOf } from "../lib/run/execError.js"
import type { ServiceDefinition } from "../lib/testing/services.js"

/** Time between two runs of a service's own check of its readiness. */
const CHECK_INTERVAL = "500ms"

/**
 * Container of a service, without the image's own check, whose intervals are those of a production.
 *
 * Until its own command says that it is ready, or its time is over, nothing starts that is bound to it.
 */
function base(definition: ServiceDefinition, config: Config): Container {
  const { environment, ready } = definition
  const image = dag.container().from(serviceImage(definition, config)).withoutDockerHealthcheck()
  const container = withVariables(image, environment)
  if (ready.length === 0) return container
  return container.withDockerHealthcheck([...ready], {
    startPeriod: `${config.tests.startTimeout}s`,
    startInterval: CHECK_INTERVAL,
    interval: CHECK_INTERVAL,
    retries: 1,
  })
}

/** Binds services to a container, each under its own name. */
export const withServices = (
  container: Container,
  services: readonly ServiceDefinition[],
  config: Config,
): Container =>
  services.reduce(
    (bound, definition) => bound.withServiceBinding(definition.name, running(definition, config)),
    container,
  )

function running(definition: ServiceDefinition, config: Config): Service {
  const { command, commandWhileRunning = [] } = definition
  const args = command && [...command, ...commandWhileRunning]
  return base(definition, config).asService({ ...(args && { args }), useEntrypoint: true })
}

/** Version of a service as reports show it; its image if it doesn't say its version. */
export const serviceFact = async (
  definition: ServiceDefinition,
  version: string | undefined,
  config: Config,
): Promise<string> =>
  (version ?? serviceImage(definition, config)) + (await offlineImageNote(base(definition, config)))

const LOG_SECONDS = 10

/** Log of a service that doesn't start, from running it again as a command. */
export async function serviceLog(definition: ServiceDefinition, config: Config): Promise<string> {
  const container = base(definition, config)
  const args = definition.command ?? (await container.defaultArgs())
  const command = ["timeout", String(LOG_SECONDS), ...(await container.entrypoint()), ...args]
  const ended = container.withExec(command, { expect: ReturnType.Any })
  const [stdout, stderr, code] = await Promise.all([ended.stdout(), ended.stderr(), ended.exitCode()])
  return `$ ${args.join(" ")}\n${stdout}${stderr}ended with ${code}${code === 124 ? ` after ${LOG_SECONDS} s` : ""}\n`
}

/** The last line of a service's own log, without the one on how it ended. */
export const lastWords = (log: string): string => log.trimEnd().split("\n").slice(-2)[0] ?? ""

/** A service that ended or failed its own check before what is bound to it could start; undefined for other errors. */
export function boundServiceFailure(
  error: unknown,
  services: readonly ServiceDefinition[],
): { service: ServiceDefinition; reason: string } | undefined {
  const message = messageOf(error)
  const name = /\(aliased as ([\w-]+)/.exec(message)?.[1]
  const service = services.find((known) => known.name === name)
  if (service === undefined) return undefined
  const reason = /health check/.test(message)
    ? "was not ready in time, by its own check"
    : "ended as soon as it was started"
  return { service, reason }
}
