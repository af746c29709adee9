import { type Container, dag, ReturnType, type Service } from "@dagger.io/dagger"
import { imageReference, offlineImageNote } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"

type ServiceName = Config["tests"]["services"][number]

/** Service that runs next to the tests. An open port doesn't make it ready: its client queries it. */
interface Definition {
  container: Container
  args: string[]
  /** Arguments of use only while it runs. */
  moreArgs?: string[]
}

/** PostgreSQL tuned for speed: nothing in it outlives the run. */
function postgres(config: Config): Definition {
  const fast = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
  // In a file of its own, which a client can ask for.
  const logged = ["logging_collector=on", "log_directory=/tmp", "log_filename=postgres.log"]
  const flags = (settings: string[]) => settings.flatMap((setting) => ["-c", setting])
  const container = image("postgres", config)
    .withEnvVariable("POSTGRES_USER", "slipway")
    .withEnvVariable("POSTGRES_PASSWORD", "slipway")
    .withEnvVariable("POSTGRES_INITDB_ARGS", "--no-sync")
  return { container, args: ["postgres", ...flags(fast)], moreArgs: flags(logged) }
}

function redis(config: Config): Definition {
  const container = image("redis", config)
  return { container, args: ["redis-server", "--save", "", "--appendonly", "no"] }
}

const image = (name: ServiceName, config: Config): Container =>
  dag.container().from(imageReference(name, config.tests[name].version, config.images))

const SERVICES: Record<ServiceName, (config: Config) => Definition> = { postgres, redis }

/** Binds the configured services to a container, each under its own name. */
export const withServices = (container: Container, config: Config): Container =>
  config.tests.services.reduce(
    (bound, name) => bound.withServiceBinding(name, service(name, config)),
    container,
  )

function service(name: ServiceName, config: Config): Service {
  const { container, args, moreArgs = [] } = SERVICES[name](config)
  return container.asService({ args: [...args, ...moreArgs], useEntrypoint: true })
}

/** Version of a service as reports show it. */
export const serviceFact = async (name: ServiceName, version: string, config: Config): Promise<string> =>
  version + (await offlineImageNote(image(name, config)))

const LOG_SECONDS = 10

/** Log of a service that doesn't start, from running it again as a command. */
export async function serviceLog(name: ServiceName, config: Config): Promise<string> {
  const { container, args } = SERVICES[name](config)
  const command = ["timeout", String(LOG_SECONDS), ...(await container.entrypoint()), ...args]
  const ended = container.withExec(command, { expect: ReturnType.Any })
  const [stdout, stderr, code] = await Promise.all([ended.stdout(), ended.stderr(), ended.exitCode()])
  return `$ ${args.join(" ")}\n${stdout}${stderr}ended with ${code}${code === 124 ? ` after ${LOG_SECONDS} s` : ""}\n`
}
