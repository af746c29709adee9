import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net"
import type { Place } from "./place.js"

/** PostgreSQL and Redis, reached through tunnels. */
export interface Services {
  /** Port of PostgreSQL on this machine. */
  postgres: number
  redis: number
  end: () => Promise<void>
}

const FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"].flatMap((flag) => ["-c", flag])
const POSTGRES = ["postgres", ...FAST].join(",")
const REDIS = 'redis-server,--save,"",--appendonly,no'
const ACCOUNT = ["USER", "PASSWORD"].flatMap((name) => [
  "with-env-variable",
  `--name=POSTGRES_${name}`,
  "--value=slipway",
])

/** Starts the same services as Slipway, with the same arguments. */
export async function startServices({ environment }: Place): Promise<Services> {
  const start = async (image: string, port: number, args: string, more: string[] = []) => {
    const tunnel = await freePort()
    const service = [...more, "as-service", "--use-entrypoint", `--args=${args}`]
    const up = [
      "core",
      "container",
      "from",
      `--address=${image}`,
      ...service,
      "up",
      `--ports=${tunnel}:${port}`,
    ]
    const child = spawn("dagger", ["--silent", ...up], { env: environment, stdio: "ignore" })
    return { child, server: await relayTo(tunnel) }
  }
  const postgres = await start("postgres:15", 5432, POSTGRES, ACCOUNT)
  const redis = await start("redis:7", 6379, REDIS)
  return {
    postgres: portOf(postgres.server),
    redis: portOf(redis.server),
    end: async () => {
      await Promise.all([postgres, redis].map(({ child }) => ended(child)))
      for (const { server } of [postgres, redis]) server.close()
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, "exit")
  child.kill("SIGTERM")
  await exit
}

/**
 * Listens in front of a tunnel. Dagger 0.21.8 identifies the connections of a tunnel by their source ports, even if
 * they are long closed: a reused port ends the tunnel, after some hundred connections. This relay reuses none.
 */
async function relayTo(tunnel: number): Promise<Server> {
  const server = createServer((client) => {
    client.on("error", () => client.destroy())
    reach(tunnel).then(
      (upstream) => join(client, upstream),
      () => client.destroy(),
    )
  })
  server.listen(0, "127.0.0.1").unref()
  await once(server, "listening")
  return server
}

/** Below the range that the kernel assigns to connections itself. */
let sourcePort = 20_000

async function reach(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ host: "127.0.0.1", port, localPort: ++sourcePort })
    try {
      await once(socket, "connect")
      return socket
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error
    }
  }
}

function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.setNoDelay(true).unref()
    from.on("error", () => from.destroy()).on("close", () => to.destroySoon())
    from.pipe(to)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const port = portOf(server)
  server.close()
  return port
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
