import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, connect, createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { HOME, REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { engineEnvironment, processes } from "./dagger.js"
import {
  gone,
  home,
  hostFiles,
  id,
  logIn,
  MODULE,
  remember,
  script,
  shell,
  slipway,
  state,
  traces,
  up,
  verdictIn,
} from "./ownEngine.js"
import { until, withinTheHour } from "./until.js"

beforeAll(async () => {
  await engineEnvironment()
  mkdirSync(join(home, "store"))
  const built = readdirSync(join(HOME, "store")).filter((name) => !name.startsWith("."))
  for (const name of built) await shell`cp -al ${join(HOME, "store", name)} ${join(home, "store")}`
  await shell`cp -a ${join(HOME, "registry")} ${home}`
})

afterAll(async () => {
  await slipway(["engine", "down"])
  rmSync(home, { recursive: true, force: true })
})

/** First lines of the error output of an interrupted run, after its progress and warnings. */
const BROKEN_OFF =
  /^(?:engine started .*\n)?(?:[·…!] .*\n)*the engine stopped during the run\n→ run the command again/

const RELEASED = `image: { args: ["GREETING=hello"], platforms: [linux/amd64] }
release: { registry: "registry.test:5000", repository: tiny, source: "https://git.example.com/team/tiny" }
`

describe("engine up and down", () => {
  let before: Record<string, string[]>
  let files: string

  it("starts if everything is built, and builds nothing", async () => {
    before = await traces()
    files = await hostFiles()
    const { stderr } = await up()
    expect(stderr).toMatch(/^engine started \([\d.]+ s\)\nengine ready\n$/)
    expect(await remember("one")).toBe("one\n")
  })

  it("does nothing if the engine runs", async () => {
    const { pid } = state()
    expect((await up()).stderr).toBe("engine ready\n")
    expect(state().pid).toBe(pid)
    expect((await slipway(["engine", "status"])).stdout).toContain(`runs as process ${pid}`)
  })

  it("changes nothing in the host's /etc and /usr", async () => {
    expect(await hostFiles()).toBe(files)
  })

  it("keeps its cache volumes across restarts", async () => {
    await slipway(["engine", "down"])
    await up()
    expect(await remember("two")).toBe("one\ntwo\n")
  })

  it.each([
    ["the registry", "docker-registry"],
    ["the outermost process", "unshare"],
    ["the engine", "/engine --addr"],
  ])("restarts after a kill -9 of %s", async (_, name) => {
    const { pid } = state()
    const whole = await processes(pid)
    const [victim] = await processes(pid, name)
    if (victim === undefined) throw new Error(`no process of this home is called "${name}"`)
    process.kill(victim, "SIGKILL")
    await until(() => whole.every(gone))
    await up()
    expect(state().pid).not.toBe(pid)
    expect(await script("default-platform")).toBe("linux/amd64")
  })

  // Dagger itself would empty its cache, including volumes, before it answers, which takes minutes if the cache is
  // large.
  it("restarts after a kill with a working empty cache, and deletes the old cache", async () => {
    expect(await remember("three")).toBe("three\n")
    await until(() => !existsSync(join(home, "discarded")))
  })

  const RANDOM = "container | from debian:bookworm-slim | with-exec cat /proc/sys/kernel/random/uuid | stdout"
  const digests = async () => {
    const fixtures = join(REPOSITORY, "test/fixtures/images")
    const [own, dockerfile] = [join(fixtures, "flask"), join(home, "repeated")]
    cpSync(join(fixtures, "repeated"), dockerfile, { recursive: true })
    writeFileSync(join(dockerfile, "slipway.yaml"), "image: { platforms: [linux/amd64] }\n")
    const digest = (source: string) =>
      `. --source $(host | directory ${source}) | with-commit --sha 01234567 --committed 2026-03-01T12:00:00Z | image | digest`
    return (await script([own, dockerfile].map(digest).join("; "), MODULE)).match(/sha256:\w{64}/g)
  }
  let built: Awaited<ReturnType<typeof digests>>
  let random: string

  it("serves a repeated call from its cache", async () => {
    built = await digests()
    expect(built).toHaveLength(2)
    random = await script(RANDOM)
    expect(await script(RANDOM)).toBe(random)
  }, 600_000)

  it("a run during which the engine is killed reports the state of its stages, and caches nothing of it", async () => {
    const source = join(home, "service")
    mkdirSync(source)
    const test =
      "import time\n\nimport app\n\n\ndef test_slow() -> None:\n    time.sleep(8)\n    assert app.one() == 1\n"
    writeFileSync(join(source, "test_slow.py"), test)
    writeFileSync(join(source, "app.py"), "def one() -> int:\n    return 1\n")
    const suite = (out: string) => slipway(["ci", `--source=${source}`, `--out=${join(home, out)}`])
    await up()
    const killed = suite("killed")
    const { pid } = state()
    await until(async () => (await processes(pid, "-m pytest")).length > 0, 240)
    for (const victim of await processes(pid, "/engine --addr")) process.kill(victim, "SIGKILL")
    const { exitCode: code, stderr } = await killed
    expect(code).toBe(3)
    expect(stderr).toMatch(BROKEN_OFF)
    const { problem, stages } = verdictIn("killed", 3)
    expect(problem).toMatch(
      /^the engine stopped during the run\n→ run the command again, which starts the engine/,
    )
    expect(stages.find(({ name }) => name === "unit")).toMatchObject({ status: "error", exitCode: 3 })
    expect(stages.filter(({ status }) => status === "passed")).toEqual([])

    const { exitCode, stdout, stderr: said } = await suite("again")
    expect(exitCode, stdout).toBe(0)
    expect(said).toContain("it begins with an empty cache")
    expect(stdout).toMatch(/✓ unit +1 test in 8\.\d s/)
  }, 600_000)

  it("rebuilds images after the kill with the same digests as before", async () => {
    expect(await script(RANDOM)).not.toBe(random)
    expect(await digests()).toEqual(built)
  }, 600_000)

  it("a repeated run after a stop continues from the cache, and publishes nothing twice", async () => {
    const source = join(home, "released")
    cpSync(join(REPOSITORY, "test/fixtures/releases/tiny"), source, { recursive: true })
    writeFileSync(join(source, "slipway.yaml"), RELEASED)
    const release = ["ci", "--event=push", "--ref=refs/tags/v1.2.3", "--embedded", "--run-id=the-one"]
    const run = (out: string) => slipway([...release, `--source=${source}`, `--out=${join(home, out)}`])
    await withinTheHour(240)
    const broken = run("stopped")
    await until(() => logIn("stopped").includes('{"ended":{"name":"publish"'), 400)
    await slipway(["engine", "down"])
    const { exitCode: code, stderr } = await broken
    expect(code).toBe(3)
    expect(stderr).toMatch(BROKEN_OFF)
    expect(stderr).toContain("→ with --run-id=the-one nothing is published or deployed twice")
    const passed = verdictIn("stopped", 3).stages.filter(({ status }) => status === "passed")
    expect(passed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["mypy", "unit", "build", "publish"]),
    )
    expect(passed.map(({ name }) => name)).not.toContain("tag")

    const { exitCode, stdout, stderr: said } = await run("finished")
    expect(exitCode, stdout).toBe(0)
    expect(said).not.toContain("empty cache")
    const { stages } = verdictIn("finished", 0)
    const now = (name: string) => stages.find((stage) => stage.name === name)
    const repeated = passed.filter(({ name, group }) => group !== "release" && now(name)?.cached === false)
    expect(repeated.map(({ name }) => name)).toEqual([])
    const published = passed.find(({ name }) => name === "publish")?.reason
    expect(now("publish")?.reason).toBe(`${published}, published already`)
    const reference = "with-registry --embedded | release registry.slipway.internal:5000/tiny:1.2.3"
    const digest = await script(`. --source $(host | directory ${source}) | ${reference} | digest`, MODULE)
    expect(`registry.slipway.internal:5000/tiny@${digest}`).toBe(published)
  }, 900_000)

  it("serves a client that is given only a TCP address", async () => {
    const source = join(home, "remote")
    mkdirSync(source, { recursive: true })
    writeFileSync(join(source, "app.py"), "def one( ):\n    return 1\n")
    writeFileSync(join(source, "slipway.yaml"), "quality: { checks: [black] }\n")
    let connections = 0
    const server = createServer((socket) => {
      connections += 1
      const engine = connect(join(home, "run/engine.sock"))
      socket.pipe(engine).pipe(socket)
      for (const end of [socket, engine])
        end.on("error", () => {
          socket.destroy()
          engine.destroy()
        })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    try {
      // Leaves the kit's `dagger` as the only one.
      const path = (process.env["PATH"] ?? "").split(":").filter((each) => !existsSync(join(each, "dagger")))
      const env = { _EXPERIMENTAL_DAGGER_RUNNER_HOST: `tcp://127.0.0.1:${port}`, PATH: path.join(":") }
      const { stdout } = await slipway(["engine", "status"], env)
      expect(stdout).toContain(`given: _EXPERIMENTAL_DAGGER_RUNNER_HOST is set to "tcp://127.0.0.1:${port}"`)
      const out = join(home, "remote-out")
      const run = await slipway(["quality", `--source=${source}`, `--out=${out}`], env)
      expect(run.exitCode, run.stderr).toBe(1)
      expect(run.stdout).toMatch(/^✗ black +1 problem in 1 file/m)
      expect(connections).toBeGreaterThan(0)
    } finally {
      server.close()
    }
  })

  it("starts one engine for two concurrent calls", async () => {
    await slipway(["engine", "down"])
    await Promise.all([up(), up()])
    expect(await processes(state().pid, "/engine --addr")).toHaveLength(1)
    expect(await sandboxes()).toEqual([state().pid])
  })

  it("leaves no process, mount, interface, rule, handler or cgroup", async () => {
    const whole = await processes(state().pid)
    expect(whole.length).toBeGreaterThan(5)
    expect(await traces()).toMatchObject({
      handlers: [id],
      cgroups: expect.arrayContaining([expect.stringContaining(id)]) as string[],
    })
    expect((await slipway(["engine", "down"])).exitCode).toBe(0)
    expect(whole.filter((pid) => !gone(pid))).toEqual([])
    expect(await sandboxes()).toEqual([])
    expect(await traces()).toEqual(before)
    expect(await hostFiles()).toBe(files)
    expect((await slipway(["engine", "status"])).exitCode).toBe(3)
  })

  it("down does nothing if no engine runs", async () => {
    expect(await slipway(["engine", "down"])).toMatchObject({ exitCode: 0 })
  })
})

/** Lists the outermost processes of this home's sandboxes, identified by their environment. */
async function sandboxes(): Promise<number[]> {
  const { stdout } = await shell`pgrep -f ${"^unshare .*sandbox.sh outer"}`
  return stdout
    .trim()
    .split("\n")
    .map(Number)
    .filter(
      (pid) => pid > 0 && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`SLIPWAY_HOME=${home}\0`),
    )
}

describe("engine up with networks and ports in use", () => {
  const port = 5000
  const server = createServer()

  afterAll(async () => {
    await shell`ip link delete kit-bridge`
    server.close()
    await slipway(["engine", "down"])
  })

  it("chooses a free address range, and ignores the host's ports", async () => {
    await run`ip link add kit-bridge type bridge`
    await run`ip address add 10.87.3.1/16 dev kit-bridge`
    await run`ip link set kit-bridge up`
    await new Promise<void>((resolve) => {
      server.once("error", () => resolve()).listen(port, "127.0.0.1", () => resolve())
    })
    await up()
    expect(state().networks).toEqual({ link: "10.0.2", containers: "10.88.0.0/16" })
    const addresses = "container | from debian:bookworm-slim | with-exec cat /proc/net/fib_trie | stdout"
    const seen = await script(addresses)
    expect(seen).toContain("10.88.")
    expect(seen).not.toContain("10.87.")
  })
})

describe("engine up in an unsuitable home", () => {
  it("reports a path that is too long", async () => {
    const { exitCode, stderr } = await slipway(["engine", "up"], {
      SLIPWAY_HOME: join(home, "x".repeat(100)),
    })
    expect(stderr).toContain("[HOME_TOO_LONG]")
    expect(exitCode).toBe(3)
  })

  it("reports a disk that is too full", async () => {
    const small = join(home, "small")
    mkdirSync(small)
    await run`mount -t tmpfs -o size=50m none ${small}`
    try {
      const { exitCode, stderr } = await slipway(["engine", "up"], { SLIPWAY_HOME: join(small, "slipway") })
      expect(stderr).toContain("[DISK_FULL]")
      expect(exitCode).toBe(3)
      expect(readdirSync(small)).toEqual([])
    } finally {
      await run`umount ${small}`
    }
  })
})
