import { spawn } from "node:child_process"
import { mkdirSync, openSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { runningEngine } from "../engine/engine.js"
import { startTimeOf, isAlive, type Process } from "../../lib/process.js"
import { paths, REPOSITORY } from "../../lib/home.js"
import { run } from "../../lib/shell.js"

const FOLDER = join(paths.cluster, "ports")
const LOG = join(paths.logs, "forward.log")
const COMMAND = join(REPOSITORY, "dagger/slipway.js")

/** Ports of this host by port of the cluster. */
export type Ports = Readonly<Record<string, number>>

/**
 * Forwards ports of this host to the cluster through the kit's sandbox network. Returns the process that does so.
 *
 * That process ends with the cluster's holder. Dagger's own tunnel (0.21.8) doesn't notice when clients close
 * connections, and hangs for good after some hundreds: h2c.go.
 */
export function forward(address: string, ports: Ports, holder: Process): Process {
  const log = openSync(LOG, "w")
  const args = [COMMAND, "forward", address, JSON.stringify(ports), JSON.stringify(holder)]
  const child = spawn(process.execPath, args, { cwd: "/", detached: true, stdio: ["ignore", log, log] })
  child.unref()
  const pid = child.pid ?? 0
  return { pid, born: startTimeOf(pid) ?? "" }
}

/** Serves the host's side: accepts connections and forwards them over Unix sockets to the side in the sandbox. */
export async function serveForward(address: string, ports: Ports, holder: Process): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const inside = spawn(
    "nsenter",
    [
      `--net=/proc/${await engineProcess()}/ns/net`,
      process.execPath,
      COMMAND,
      "forward-inside",
      address,
      JSON.stringify(ports),
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  )
  inside.once("exit", (code) => process.exit(code ?? 1))
  for (const [port, ours] of Object.entries(ports))
    createServer({ allowHalfOpen: true }, (socket) =>
      bridge(socket, connect({ path: join(FOLDER, port), allowHalfOpen: true })),
    ).listen(ours, "127.0.0.1")
  while (isAlive(holder)) await sleep(500)
  inside.kill()
}

/** Serves the side in the sandbox's network; Unix sockets work across network namespaces. */
export function serveInside(address: string, ports: Ports): void {
  for (const port of Object.keys(ports))
    createServer({ allowHalfOpen: true }, (socket) =>
      bridge(socket, connect({ host: address, port: Number(port), allowHalfOpen: true })),
    ).listen(join(FOLDER, port))
}

/** Forwards data and the end of the connection in both directions. */
function bridge(a: Socket, b: Socket): void {
  a.pipe(b).pipe(a)
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const)
    one.on("error", () => other.destroy()).on("close", () => other.destroy())
}

/** The id of a process in the sandbox's network. */
async function engineProcess(): Promise<number> {
  const root = runningEngine()?.pid ?? 0
  const { stdout } = await run`ps -e -o pid= -o ppid= -o args=`
  const all = Array.from(stdout.matchAll(/^ *(\d+) +(\d+) (.*)$/gm), ([, pid, parent, command = ""]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command,
  }))
  const below = (pid: number): boolean => {
    const found = all.find((each) => each.pid === pid)
    return found !== undefined && (found.parent === root || below(found.parent))
  }
  const engine = all.find(({ pid, command }) => /\/engine --addr /.test(command) && below(pid))
  if (engine === undefined) throw new Error("the engine doesn't run")
  return engine.pid
}
