import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { measurement, pytestCovArguments } from "../../src/lib/testing/measure.js"
import { TEST_PACKAGES } from "../../src/lib/testing/packages.js"
import type { Place } from "./place.js"
import type { Services } from "./services.js"

/** The interpreter that offline images have too, so that the comparison is not between interpreters. */
const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3"
const UV = "uv==0.9.30"

/** Creates a virtual environment as Slipway does, for a service with pinned requirements. */
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

/** Waits for the service, since a tunnel's port is open before its service answers. */
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

/** Commands that run the sample's tests on this machine. */
export interface HostTests {
  ready: (python: string) => Promise<void>
  unit: (python: string) => Promise<void>
  integration: (python: string) => Promise<void>
  coverage: (python: string) => Promise<void>
}

/** Creates the commands that Slipway runs in containers, without the parts that only Slipway needs. */
export function hostTests({ path, environment }: Place, app: string, services: Services): HostTests {
  const address = (database: string) =>
    `postgresql://slipway:slipway@127.0.0.1:${services.postgres}/${database}`
  const redis = `redis://127.0.0.1:${services.redis}/0`
  const configuration = { "pyproject.toml": readFileSync(join(app, "pyproject.toml"), "utf8") }
  const measured = pytestCovArguments(measurement(configuration, true))
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
      )`${python} -I ${script} ${path("coverage")} ${""} ${""} ${data("unit")} ${data("integration")}`
    },
  }
}
