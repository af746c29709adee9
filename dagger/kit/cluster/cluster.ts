import { spawn } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { readKubeconfig } from "../../../src/lib/kube/access.js"
import { Kube } from "../../../src/lib/kube/client.js"
import { type NodeObject, NODE } from "../../../src/lib/kube/objects.js"
import { callModule, engineEnvironment } from "../../module/call.js"
import { lastLines } from "../debian/packages.js"
import { startTimeOf, isAlive, type Process } from "../../lib/process.js"
import { takesConnections } from "../../lib/connection.js"
import { HOME, paths, REPOSITORY } from "../../lib/home.js"
import { withLock } from "../../lib/lock.js"
import { step } from "../../lib/progress.js"
import { run } from "../../lib/shell.js"
import { contentKey } from "../../lib/store.js"
import { chooseEngine } from "../engine/choice.js"
import { forward } from "./forward.js"
import { endCluster, findHolder, type Holder, KUBECONFIG, rememberHolder } from "../../lib/clusterHolder.js"

const API_PORT = 6443
const NODE_PORTS = [30080, 30081, 30082, 30083]
const LOG = join(paths.logs, "cluster.log")

/** Limit for a start without a sign of progress: building the cluster's images takes as long as it takes. */
const SILENT_SECONDS = 600

/** Limit for a running cluster that isn't Ready. */
const PATIENCE_SECONDS = 60

/** Limit from the API server's first answer on. */
const READY_SECONDS = 120

/**
 * Starts the cluster unless it runs, and waits until it is ready. Safe to call concurrently from several processes.
 *
 * @param settings A `slipway.yaml`, which may name another registry for the cluster's images.
 */
export async function startKitCluster(settings?: string): Promise<Holder> {
  const env = await engineEnvironment()
  return withLock(join(HOME, "cluster.lock"), async () => {
    const key = contentKey({ texts: [readFileSync(join(REPOSITORY, "src/cluster/cluster.ts"), "utf8")] })
    const found = findHolder()
    if (found?.key === key && (await becomesReady(found))) return found
    await endCluster()
    return step("cluster", () => start(key, env, settings))
  })
}

/** Waits for a running cluster: on a busy machine it may not answer for a while, and others may use it. */
async function becomesReady(holder: Process): Promise<boolean> {
  for (const deadline = Date.now() + PATIENCE_SECONDS * 1000; isAlive(holder); await sleep(500)) {
    if (await isClusterReady()) return true
    if (Date.now() > deadline) return false
  }
  return false
}

/** True if every node of the cluster is Ready. */
export async function isClusterReady(): Promise<boolean> {
  const found = await clusterNodes()
  return found.length > 0 && found.every(isNodeReady)
}

/** The cluster's nodes; none if it doesn't answer. */
export async function clusterNodes(): Promise<NodeObject[]> {
  if (!existsSync(KUBECONFIG)) return []
  const kube = new Kube(readKubeconfig(readFileSync(KUBECONFIG, "utf8")), { patience: 0, timeout: 5000 })
  try {
    return await kube.list<NodeObject>(NODE)
  } catch {
    return []
  } finally {
    kube.close()
  }
}

export const isNodeReady = ({ status }: NodeObject): boolean =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false

async function start(key: string, env: NodeJS.ProcessEnv, settings?: string): Promise<Holder> {
  const source = sourceFolder(settings)
  const [api = 0, ...others] = await freePorts(1 + NODE_PORTS.length)
  const nodePorts = Object.fromEntries(NODE_PORTS.map((port, i) => [port, others[i] ?? 0]))
  const holder = hold(source, { key, api, nodePorts }, env)
  try {
    await waitUntil(
      holder,
      SILENT_SECONDS,
      () => takesConnections({ host: "127.0.0.1", port: api }),
      lastSign,
    )
    const forwarded = await forwardPorts(holder)
    await writeKubeconfig(source, forwarded.api, env)
    await waitUntil(holder, READY_SECONDS, isClusterReady)
    return forwarded
  } catch (error) {
    await endCluster()
    throw error
  }
}

/** Address of the running cluster within the engine's network. */
export async function clusterAddress(): Promise<string> {
  const env = await engineEnvironment()
  const { stdout } = await run({ env })`dagger -s ${callModule(sourceFolder())} cluster address`
  return stdout.trim()
}

/** Replaces Dagger's tunnel by a port forwarder if the engine is the kit's. */
async function forwardPorts(holder: Holder): Promise<Holder> {
  if ((await chooseEngine()).kind !== "kit") return holder
  const address = await clusterAddress()
  const [api = 0, ...others] = await freePorts(1 + NODE_PORTS.length)
  const nodePorts = Object.fromEntries(NODE_PORTS.map((port, i) => [port, others[i] ?? 0]))
  const forwarder = forward(address, { [API_PORT]: api, ...nodePorts }, holder)
  const forwarded = { ...holder, api, nodePorts, forwarder }
  rememberHolder(forwarded)
  await waitUntil(holder, READY_SECONDS, () => takesConnections({ host: "127.0.0.1", port: api }))
  return forwarded
}

/** A folder with only the settings, since the module doesn't need the service's sources. */
function sourceFolder(settings?: string): string {
  const folder = join(paths.cluster, "source")
  mkdirSync(folder, { recursive: true })
  if (settings !== undefined) copyFileSync(settings, join(folder, "slipway.yaml"))
  return folder
}

/** Starts the process that holds the session, detached from this one. */
function hold(source: string, state: Omit<Holder, "pid" | "born">, env: NodeJS.ProcessEnv): Holder {
  const log = openSync(LOG, "w")
  const ports = { [API_PORT]: state.api, ...state.nodePorts }
  const tunnels = Object.entries(ports).map(([inside, outside]) => `--ports=${outside}:${inside}`)
  const args = ["--progress=plain", ...callModule(source), "cluster", "service", "up", ...tunnels]
  const child = spawn("dagger", args, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...env, NO_COLOR: "1" },
  })
  child.once("error", () => undefined).unref()
  const pid = child.pid ?? 0
  const holder = { ...state, pid, born: startTimeOf(pid) ?? "" }
  rememberHolder(holder)
  return holder
}

async function writeKubeconfig(source: string, port: number, env: NodeJS.ProcessEnv): Promise<void> {
  const { stdout } = await run({ env })`dagger -s ${callModule(source)} cluster kubeconfig plaintext`.catch(
    (cause: unknown) => {
      throw fail("CLUSTER_START", [lastLines(cause), LOG], { cause })
    },
  )
  const text = stdout.replace(`https://127.0.0.1:${API_PORT}`, `https://127.0.0.1:${port}`)
  writeFileSync(KUBECONFIG, text, { mode: 0o600 })
}

/** Waits for a condition as long as the holder lives, for so many seconds after a moment: the call by default. */
async function waitUntil(
  holder: Holder,
  seconds: number,
  condition: () => Promise<boolean>,
  since: (begun: number) => number = (begun) => begun,
): Promise<void> {
  const begun = Date.now()
  while (!(await condition())) {
    if (!isAlive(holder)) throw fail("CLUSTER_START", [`dagger ended:\n${logTail()}`, LOG])
    if (Date.now() > since(begun) + seconds * 1000)
      throw fail("CLUSTER_START", [`it took more than ${seconds} s`, LOG])
    await sleep(100)
  }
}

/** When Dagger, or the mirror that builds images for it, last wrote a line. */
const lastSign = (begun: number): number =>
  Math.max(
    begun,
    ...[LOG, join(paths.logs, "mirror.log")].map((log) => (existsSync(log) ? statSync(log).mtimeMs : 0)),
  )

const logTail = (): string =>
  lastLines(readFileSync(LOG, "utf8").replace(/^\d+ *: (\[[\d.]+s\] \| )?/gm, ""), 8)

/** Distinct free ports of this host. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<Server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)))
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
