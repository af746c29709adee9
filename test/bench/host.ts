import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { join } from "node:path"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { measurement } from "../../src/lib/testing/measure.js"
import { TEST_PACKAGES } from "../../src/lib/testing/packages.js"
import type { Place } from "./place.js"

/** The one that stand-in images have too, so that interpreters are not what is compared. */
const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3"
const UV = "uv==0.9.30"

/** Makes virtual environments as Slipway does, for a service with pinned requirements. */
export type MakeVenv = (name: string) => Promise<string>

export async function venvMaker({ path, environment }: Place, app: string): Promise<MakeVenv> {
  const uv = path("uv/bin/uv")
  const quiet = run({ env: { ...environment, UV_CACHE_DIR: path("uv-cache") } })
  await quiet`${PYTHON} -m venv ${path("uv")}`
  await quiet`${path("uv/bin/pip")} install --quiet ${UV}`
  const requirements = join(app, "requirements-dev.txt")
  const pinned = readFileSync(requirements, "utf8")
  const more = TEST_PACKAGES.filter(({ package: name }) => !pinned.includes(`\n${name}==`))
  const packages = more.map(({ package: name, version }) => `${name}==${version}`)
  return async (name) => {
    const python = join(path(name), "bin/python")
    await quiet`${uv} venv --quiet --clear --python=${PYTHON} ${path(name)}`
    await quiet`${uv} pip install --quiet --compile-bytecode --python=${python} -r ${requirements} ${packages}`
    return python
  }
}

/** PostgreSQL and Redis, reached through tunnels on ports of this machine. */
export interface Services {
  postgres: number
  redis: number
  end: () => Promise<void>
}

const ASYNC = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
const POSTGRES = ["postgres", ...ASYNC].join(",")
const REDIS = ["redis-server", "--save", '""', "--appendonly", "no"].join(",")

/** Starts the services that Slipway starts, with the same arguments. */
export async function startServices({ environment }: Place): Promise<Services> {
  const [postgres, redis] = [await freePort(), await freePort()]
  const account = ["USER", "PASSWORD"].flatMap((name) => [
    "with-env-variable",
    `--name=POSTGRES_${name}`,
    "--value=slipway",
  ])
  const tunnel = (image: string, port: string, args: string, more: string[]) => {
    const service = [...more, "as-service", "--use-entrypoint", `--args=${args}`, "up", `--ports=${port}`]
    const from = ["core", "container", "from", `--address=${image}`]
    return spawn("dagger", ["--silent", ...from, ...service], { env: environment, stdio: "ignore" })
  }
  const tunnels = [
    tunnel("postgres:15", `${postgres}:5432`, POSTGRES, account),
    tunnel("redis:7", `${redis}:6379`, REDIS, []),
  ]
  return { postgres, redis, end: async () => void (await Promise.all(tunnels.map(end))) }
}

async function end(tunnel: ChildProcess): Promise<void> {
  if (tunnel.exitCode !== null || tunnel.signalCode !== null) return
  const ended = once(tunnel, "exit")
  tunnel.kill("SIGTERM")
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** A port of a tunnel is open before its service answers. */
const WAIT = `
import sys, time, psycopg, redis
deadline = time.monotonic() + 120
while True:
    try:
        psycopg.connect(sys.argv[1]).close()
        redis.Redis.from_url(sys.argv[2]).ping()
        break
    except Exception:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.2)
`
const CREATE = `
import sys, psycopg
psycopg.connect(sys.argv[1], autocommit=True).execute(f"CREATE DATABASE {sys.argv[2]}")
`

/** What runs the sample's tests on this machine. */
export interface HostTests {
  ready: (python: string) => Promise<void>
  unit: (python: string) => Promise<void>
  integration: (python: string) => Promise<void>
  coverage: (python: string) => Promise<void>
}

/** The commands that Slipway runs in containers, without what only Slipway needs. */
export function hostTests({ path, environment }: Place, app: string, services: Services): HostTests {
  const address = (database: string) =>
    `postgresql://slipway:slipway@127.0.0.1:${services.postgres}/${database}`
  const redis = `redis://127.0.0.1:${services.redis}/0`
  const configuration = { "pyproject.toml": readFileSync(join(app, "pyproject.toml"), "utf8") }
  const { arguments: measured } = measurement(configuration, [{ name: "src", isPackage: false }])
  const data = (suite: string) => path(`${suite}.coverage`)
  const inApp = (suite: string, database = "postgres") => {
    const variables = { DATABASE_URL: address(database), REDIS_URL: redis, COVERAGE_FILE: data(suite) }
    return run({ cwd: app, env: { ...environment, ...variables, PYTHONPATH: join(app, "src") } })
  }
  const pytest = ["-m", "pytest", "--color=no", "-ra", "--timeout=60", "--timeout-method=signal", ...measured]
  let databases = 0
  return {
    ready: async (python) => void (await run`${python} -c ${WAIT} ${address("postgres")} ${redis}`),
    unit: async (python) => void (await inApp("unit")`${python} ${pytest} tests/unit`),
    integration: async (python) => {
      const database = `bench_${++databases}`
      const here = inApp("integration", database)
      await here`${python} -c ${CREATE} ${address("postgres")} ${database}`
      await here`${python} -m alembic upgrade head`
      await here`${python} ${pytest} tests/integration`
    },
    coverage: async (python) => {
      const script = join(REPOSITORY, "src/scripts/slipway_coverage.py")
      mkdirSync(path("coverage"), { recursive: true })
      await inApp(
        "all",
      )`${python} -I ${script} ${path("coverage")} ${""} ${data("unit")} ${data("integration")}`
    },
  }
}
