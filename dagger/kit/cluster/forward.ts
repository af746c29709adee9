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

/** From ports of the cluster to those of this host. */
export type Ports = Readonly<Record<string, number>>

/**
 * Leads ports of this host to the cluster by way of the sandbox's network, where the engine is ours. Dagger's own tunnel
 * (0.21.8) hears nothing of connections that clients close, and stands still for good after some hundreds: h2c.go.
 * Returns the process that does so, which ends with the cluster's.
 */
export function forward(address: string, ports: Ports, holder: Process): Process {
  const log = openSync(LOG, "w")
  const args = [COMMAND, "forward", address, JSON.stringify(ports), JSON.stringify(holder)]
  const child = spawn(process.execPath, args, { cwd: "/", detached: true, stdio: ["ignore", log, log] })
  child.unref()
  const pid = child.pid ?? 0
  return { pid, born: startTimeOf(pid) ?? "" }
}

/** The process itself: takes connections on this host, and hands them through sockets to its half in the sandbox. */
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

/** Its half within the sandbox's network. Sockets in files know no networks. */
export function serveInside(address: string, ports: Ports): void {
  for (const port of Object.keys(ports))
    createServer({ allowHalfOpen: true }, (socket) =>
      bridge(socket, connect({ host: address, port: Number(port), allowHalfOpen: true })),
    ).listen(join(FOLDER, port))
}

/** Hands on what either says, and that it has ended. */
function bridge(a: Socket, b: Socket): void {
  a.pipe(b).pipe(a)
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const)
    one.on("error", () => other.destroy()).on("close", () => other.destroy())
}

/** A process in the sandbox's network. */
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
