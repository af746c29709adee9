import { createHash, randomUUID } from "node:crypto"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { type AddressInfo, connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { HOME, REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { type Ended, engineEnvironment, processes } from "./dagger.js"

// A home of its own, with what the machine's home has built: nothing here touches the engine that others use.
const home = mkdtempSync(join(tmpdir(), "kit-"))
const id = `slipway-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`
const shell = run({ nothrow: true })

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

async function slipway(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  // `npm test` points to the machine's engine, which this home is to do without.
  const base = { ...process.env, _EXPERIMENTAL_DAGGER_RUNNER_HOST: "", SLIPWAY_HOME: home }
  const options = { nothrow: true, env: { ...base, ...env } }
  const { exitCode, stdout, stderr } = await run(
    options,
  )`${process.execPath} ${join(REPOSITORY, "dagger/slipway.js")} ${args}`
  return { exitCode, stdout, stderr }
}

async function up(): Promise<{ stderr: string; milliseconds: number }> {
  const begun = Date.now()
  const { exitCode, stderr } = await slipway(["engine", "up"])
  expect(stderr).toContain("engine ready")
  expect(exitCode).toBe(0)
  return { stderr, milliseconds: Date.now() - begun }
}

interface State {
  pid: number
  networks: { link: string; containers: string }
}

const state = (): State => JSON.parse(readFileSync(join(home, "run/state.json"), "utf8")) as State

/** Runs a Dagger script in this home's engine. */
async function script(text: string, module = "--no-mod"): Promise<string> {
  const env = {
    ...process.env,
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${join(home, "run/engine.sock")}`,
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
  }
  return (await run({ env, cwd: home })`${join(home, "bin/dagger")} --progress=plain ${module} -c ${text}`)
    .stdout
}

/** Adds a line to a file in a cache volume, and gives the whole file. */
const remember = (line: string): Promise<string> =>
  script(`container | from debian:bookworm-slim | with-mounted-cache /cache $(cache-volume kept) |
    with-env-variable RUN ${randomUUID()} |
    with-exec -- sh -c "echo ${line} >> /cache/lines; cat /cache/lines" | stdout`)

/** Whether a process has ended; some process may yet have to take note of it. */
const gone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}/stat`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")

async function until(condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it did not come to that in time")
    await sleep(50)
  }
}

/** What an engine could have left on this machine, apart from its home. */
async function traces(): Promise<Record<string, string[]>> {
  const lines = async (command: Promise<{ stdout: string }>) =>
    (await command).stdout
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/\[\d+:\d+\]/, ""))
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(home)),
    interfaces: readdirSync("/sys/class/net").sort(),
    legacy: await lines(shell`iptables-legacy-save -t filter`),
    legacyNat: await lines(shell`iptables-legacy-save -t nat`),
    nft: await lines(shell`iptables-nft-save`),
    routes: readFileSync("/proc/net/route", "utf8").split("\n"),
    handlers: await lines(
      shell`unshare --mount --propagation private -- sh -c ${"mount -t binfmt_misc none /mnt && ls /mnt | grep ^$0"} ${id}`,
    ),
    cgroups: await lines(shell`find /sys/fs/cgroup -maxdepth 2 -name ${id}`),
  }
}

/** Every file of these places with the time of its last change of any kind. */
async function hostFiles(): Promise<string> {
  const places = [
    "/etc",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib/cni",
    "/usr/local/bin",
    "/opt/cni",
    "/usr/local/share",
  ]
  const { stdout } = await shell`find ${places} -printf ${"%p %l %C+\\n"}`
  return stdout
}

describe("up and down", () => {
  let before: Record<string, string[]>
  let files: string

  it("starts in under 5 seconds where everything is built, and builds nothing", async () => {
    before = await traces()
    files = await hostFiles()
    const { stderr, milliseconds } = await up()
    expect(stderr).toMatch(/^engine started \([\d.]+ s\)\nengine ready\n$/)
    expect(milliseconds).toBeLessThan(5000)
    expect(await remember("one")).toBe("one\n")
  })

  it("does nothing where the engine runs", async () => {
    const { pid } = state()
    expect((await up()).stderr).toBe("engine ready\n")
    expect(state().pid).toBe(pid)
    expect((await slipway(["engine", "status"])).stdout).toContain(`runs as process ${pid}`)
  })

  it("changes nothing of the host's /etc and /usr", async () => {
    expect(await hostFiles()).toBe(files)
  })

  it("keeps its cache volumes from one start to the next", async () => {
    await slipway(["engine", "down"])
    await up()
    expect(await remember("two")).toBe("one\ntwo\n")
  })

  it.each([
    ["the registry", "docker-registry"],
    ["the outermost process", "unshare"],
    ["the engine", "/engine --addr"],
  ])("comes back after a kill -9 of %s", async (_, name) => {
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

  // Dagger itself would empty its cache, volumes too, before it answers: minutes where there is much of it.
  it("starts with an empty cache after that, which works, and deletes the old one", async () => {
    expect(await remember("three")).toBe("three\n")
    await until(() => !existsSync(join(home, "discarded")))
  })

  it("makes images anew after that, with the same digests as before", async () => {
    const fixtures = join(REPOSITORY, "test/fixtures/images")
    const [own, dockerfile] = [join(fixtures, "flask"), join(home, "repeated")]
    cpSync(join(fixtures, "repeated"), dockerfile, { recursive: true })
    writeFileSync(join(dockerfile, "slipway.yaml"), "image: { platforms: [linux/amd64] }\n")
    const digest = (source: string) =>
      `. --source $(host | directory ${source}) | image --sha 01234567 --committed 2026-03-01T12:00:00Z | digest`
    const digests = async () =>
      (await script([own, dockerfile].map(digest).join("; "), `--mod=${REPOSITORY}`)).match(/sha256:\w{64}/g)
    const random =
      "container | from debian:bookworm-slim | with-exec cat /proc/sys/kernel/random/uuid | stdout"

    const [first, kept] = [await digests(), await script(random)]
    expect(first).toHaveLength(2)
    expect(await script(random)).toBe(kept)
    const whole = await processes(state().pid)
    for (const victim of await processes(state().pid, "/engine --addr")) process.kill(victim, "SIGKILL")
    await until(() => whole.every(gone))
    await up()
    expect(await script(random)).not.toBe(kept)
    expect(await digests()).toEqual(first)
  }, 600_000)

  it("keeps nothing of a suite in whose middle the engine was killed", async () => {
    const source = join(home, "service")
    const out = join(home, "out")
    mkdirSync(source)
    const test =
      "import time\n\nimport app\n\n\ndef test_slow():\n    time.sleep(8)\n    assert app.one() == 1\n"
    writeFileSync(join(source, "test_slow.py"), test)
    writeFileSync(join(source, "app.py"), "def one():\n    return 1\n")
    const suite = () => slipway(["tests", `--source=${source}`, `--out=${out}`])
    const killed = suite()
    const { pid } = state()
    await until(async () => (await processes(pid, "-m pytest")).length > 0, 240)
    for (const victim of await processes(pid, "/engine --addr")) process.kill(victim, "SIGKILL")
    const { exitCode: code, stderr } = await killed
    expect(code).toBe(3)
    expect(stderr).toContain("the engine ended in the middle of this")

    const { exitCode, stdout } = await suite()
    expect(exitCode, stdout).toBe(0)
    expect(stdout).toMatch(/✓ unit +1 test in 8\.\d s/)
  })

  it("serves a client that knows nothing of it but an address of TCP", async () => {
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
      // No other `dagger` than the kit's.
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

  it("gives one engine to two that ask at once", async () => {
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

  it("takes back nothing where nothing runs", async () => {
    expect(await slipway(["engine", "down"])).toMatchObject({ exitCode: 0 })
  })
})

/** The outermost processes of this home's sandboxes, told by their environment. */
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

describe("what is in use already", () => {
  const port = 5000
  const server = createServer()

  afterAll(async () => {
    await shell`ip link delete kit-bridge`
    server.close()
    await slipway(["engine", "down"])
  })

  it("takes another range than the host's, and does not mind the host's ports", async () => {
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

describe("what cannot work", () => {
  it("says that the home's path is too long", async () => {
    const { exitCode, stderr } = await slipway(["engine", "up"], {
      SLIPWAY_HOME: join(home, "x".repeat(100)),
    })
    expect(stderr).toContain("[HOME_TOO_LONG]")
    expect(exitCode).toBe(3)
  })

  it("says that the disk is too full", async () => {
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
