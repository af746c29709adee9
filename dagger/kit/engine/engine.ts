import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { totalmem } from "node:os"
import { basename, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { endCluster } from "../../lib/clusterHolder.js"
import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { CONTAINERS_MIRROR, MIRROR_ADDRESS, MIRRORED_REGISTRIES } from "../../lib/addresses.js"
import { takesConnections } from "../../lib/connection.js"
import { HOME, makeHome, paths, REPOSITORY } from "../../lib/home.js"
import { withLock } from "../../lib/lock.js"
import { say, secondsSince } from "../../lib/progress.js"
import { contentKey, sweepStore } from "../../lib/store.js"
import { builtBinaries, givenBinaries } from "./binaries.js"
import { chooseNetworks, type Networks, usedRanges } from "./network.js"
import { checkMachine } from "./machine.js"
import { startTimeOf, isAlive, type Process } from "../../lib/process.js"
import { engineVariables, garbageCollection } from "./variables.js"
import { engineRoot } from "../debian/root.js"
import { sdkContent } from "./sdk.js"

/** A started sandbox, by its outermost process. */
interface State extends Process {
  /** Content key of everything that the sandbox was started from. */
  key: string
  networks: Networks
}

/** An engine that reads a large cache, or discards it, takes minutes (seen: over 60 s for some 20 GB). */
const START_SECONDS = 300

/** Limit for ending by itself, which takes a while on a busy machine; a killed engine loses its cache. */
const STOP_SECONDS = 30

/** Name of the sandbox's kernel resources (cgroup and emulation), unique for each home. */
const ID = `slipway-${createHash("sha256").update(HOME).digest("hex").slice(0, 8)}`

/** Builds what is missing and starts the engine unless it runs. Safe to call concurrently from several processes. */
export async function startEngine(): Promise<void> {
  const begun = Date.now()
  checkMachine()
  makeHome()
  const given = await givenBinaries()
  const [root, own] = await Promise.all([engineRoot(), builtBinaries()])
  const built = given ?? own
  // The generator must fit the SDK's library, whichever engine runs.
  const sdk = await sdkContent(root, own)
  await withLock(join(HOME, "engine.lock"), async () => {
    const key = startKey(root, built, sdk)
    const state = runningEngine()
    if (state?.key === key && (await acceptsConnections())) return
    await stop()
    sweepStore()
    await start(root, built, sdk, key)
    say(`engine started (${secondsSince(begun)})`)
  })
}

/** Stops the engine and removes everything that it created outside of Slipway's home. */
export async function stopEngine(): Promise<void> {
  makeHome()
  await withLock(join(HOME, "engine.lock"), stop)
}

/** The running sandbox, or undefined. */
export function runningEngine(): State | undefined {
  if (!existsSync(paths.state)) return undefined
  const state = JSON.parse(readFileSync(paths.state, "utf8")) as State
  return isAlive(state) ? state : undefined
}

/** True if the engine with this outermost process runs and isn't about to end. */
export const staysUp = (pid: number | undefined): boolean =>
  runningEngine()?.pid === pid && !existsSync(paths.engineEnding)

/** True if the engine accepts connections. */
export const acceptsConnections = (): Promise<boolean> => takesConnections({ path: paths.socket })

function startKey(...folders: string[]): string {
  const scripts = ["sandbox.sh", "inside.sh"].map((name) =>
    readFileSync(join(import.meta.dirname, name), "utf8"),
  )
  return contentKey({
    texts: [...folders, ...scripts, JSON.stringify(MIRRORED_REGISTRIES)],
    folders: [join(REPOSITORY, "dagger/kit/images")],
  })
}

async function start(root: string, built: string, sdk: string, key: string): Promise<void> {
  const networks = chooseNetworks(usedRanges())
  discardCache()
  rmSync(paths.run, { recursive: true, force: true })
  makeHome()
  writeSettings()
  copyFileSync(join(import.meta.dirname, "inside.sh"), join(paths.run, "inside.sh"))
  linkCommand(built)
  const log = openSync(join(paths.logs, "sandbox.log"), "w")
  const sandbox = spawn(join(import.meta.dirname, "sandbox.sh"), {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
    env: {
      ...environment(networks),
      SLIPWAY_ROOT: root,
      SLIPWAY_ENGINE: basename(built),
      SLIPWAY_SDK: basename(sdk),
    },
  })
  sandbox.unref()
  const pid = sandbox.pid ?? 0
  writeFileSync(paths.state, JSON.stringify({ pid, born: startTimeOf(pid), key, networks }))
  const deadline = Date.now() + START_SECONDS * 1000
  while (!(await acceptsConnections())) {
    if (startTimeOf(pid) === undefined || Date.now() > deadline) {
      const reason = logTail()
      await stop()
      throw fail("ENGINE_START", [reason])
    }
    await sleep(50)
  }
}

/**
 * Removes the cache of a killed engine: moves it away and deletes it in the background.
 *
 * The engine would delete it before it answers, which takes minutes on a slow disk.
 */
function discardCache(): void {
  const aside = join(HOME, "discarded")
  if (!existsSync(paths.engineEnded) && readdirSync(paths.engineState).length > 0) {
    say("the engine was killed the last time: it begins with an empty cache")
    mkdirSync(aside, { recursive: true })
    renameSync(paths.engineState, join(aside, String(Date.now())))
  }
  rmSync(paths.engineEnded, { force: true })
  if (existsSync(aside))
    spawn("ionice", ["-c3", "nice", "rm", "-rf", aside], { detached: true, stdio: "ignore" }).unref()
}

function environment({ link, containers }: Networks): NodeJS.ProcessEnv {
  const [mirror] = CONTAINERS_MIRROR.split(":")
  const { HTTP_PROXY: proxy, NO_PROXY: direct } = process.env
  return {
    GOGC: garbageCollection(totalmem()),
    ...engineVariables(process.env),
    // If the host uses a proxy, the engine passes it on to its containers.
    ...(proxy ? { NO_PROXY: [direct, mirror].filter(Boolean).join() } : {}),
    SLIPWAY_HOME: HOME,
    SLIPWAY_ID: ID,
    SLIPWAY_NET: link,
    SLIPWAY_CIDR: containers,
    SLIPWAY_MIRROR: `${process.execPath} ${join(REPOSITORY, "dagger/slipway.js")} mirror`,
    SLIPWAY_MIRROR_IP: mirror,
  }
}

function writeSettings(): void {
  const mirrors = Object.fromEntries(MIRRORED_REGISTRIES.map((name) => [name, { mirrors: [MIRROR_ADDRESS] }]))
  const engine = {
    registries: { ...mirrors, [MIRROR_ADDRESS]: { http: true } },
    // By default the engine prunes its cache seconds after a session if less than a fifth of the disk is free.
    gc: { maxUsedSpace: "20GB", minFreeSpace: "5GB" },
  }
  const registry = {
    version: "0.1",
    storage: { filesystem: { rootdirectory: "/slipway/registry" }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:5001" },
  }
  writeFileSync(join(paths.run, "engine.json"), JSON.stringify(engine))
  writeFileSync(join(paths.run, "registry.yml"), JSON.stringify(registry))
}

/** Links the engine's CLI as `bin/dagger` below Slipway's home. */
function linkCommand(built: string): void {
  const link = join(HOME, "bin")
  rmSync(link, { force: true })
  symlinkSync(built, link)
}

async function stop(): Promise<void> {
  // First, while it can still close its session: it would wait for an engine that has gone.
  await endCluster()
  const state = runningEngine()
  if (state) {
    const alive = () => isAlive(state)
    writeFileSync(paths.engineEnding, "")
    await run({ nothrow: true })`pkill -TERM --parent ${state.pid}`
    const deadline = Date.now() + STOP_SECONDS * 1000
    while (alive() && Date.now() < deadline) await sleep(50)
    if (alive()) process.kill(state.pid, "SIGKILL")
    while (alive()) await sleep(20)
  }
  rmSync(paths.engineEnding, { force: true })
  rmSync(paths.state, { force: true })
  rmSync(paths.socket, { force: true })
  await disableEmulation()
  await removeCgroups()
}

/**
 * Unregisters the arm64 handler.
 *
 * The kernel does so itself when the sandbox's mount of the handlers ends, unless the host has mounted them too.
 */
async function disableEmulation(): Promise<void> {
  const script = `mount -t binfmt_misc none /mnt && [ ! -e /mnt/${ID} ] || echo -1 > /mnt/${ID}`
  await run({ nothrow: true })`unshare --mount --propagation private -- sh -c ${script}`
}

/** Removes the cgroup, which the kernel permits only a moment after its last process has ended. */
async function removeCgroups(): Promise<void> {
  const script = `for try in $(seq 50); do
      find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + 2>/dev/null
      [ -n "$(find /sys/fs/cgroup -maxdepth 2 -name "$1" -print -quit)" ] || exit 0
      sleep 0.1
    done`
  await run({ nothrow: true })`bash -c ${script} - ${ID}`
}

function logTail(): string {
  const lines = ["sandbox", "engine", "network", "mirror"].flatMap((name) => {
    const file = join(paths.logs, `${name}.log`)
    return existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .slice(-4)
          .map((line) => `${name}: ${line}`)
      : []
  })
  return lines.join("\n")
}
