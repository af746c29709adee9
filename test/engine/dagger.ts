import { spawn } from "node:child_process"
import { createServer } from "node:net"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { startEngine } from "../../dagger/kit/engine/engine.js"
import { chooseEngine } from "../../dagger/kit/engine/choice.js"
import { run } from "../../dagger/lib/shell.js"

/** Module that every engine test calls. */
export const KIT = join(import.meta.dirname, "../fixtures/modules/kit")

export interface Ended {
  exitCode: number | null
  stdout: string
  stderr: string
}

export interface Options {
  cwd?: string
  env?: NodeJS.ProcessEnv
  input?: string
}

let environment: Promise<NodeJS.ProcessEnv> | undefined

/** Returns the environment in which `dagger` finds this machine's engine, and starts the engine if need be. */
export function engineEnvironment(): Promise<NodeJS.ProcessEnv> {
  environment ??= chooseEngine().then(async (host) => {
    if (host.kind === "kit") await startEngine()
    return { ...process.env, ...host.env, NO_COLOR: "1", DAGGER_PROGRESS: "plain" }
  })
  return environment
}

/** Runs `dagger` with these arguments, without a terminal. */
export async function dagger(args: string[], { cwd = KIT, env = {}, input }: Options = {}): Promise<Ended> {
  const options = {
    nothrow: true,
    cwd,
    env: { ...(await engineEnvironment()), ...env },
    stdio: "pipe" as const,
  }
  const { exitCode, stdout, stderr } = await run({ ...options, input: input ?? "" })`dagger ${args}`
  return { exitCode, stdout, stderr }
}

/** Calls a function of the kit's module, or a chain of functions. */
export const call = (...args: string[]): Promise<Ended> => dagger(["call", ...args])

/** Queries that a program sends to its terminal, in order, with this terminal's replies: dark, top left, a VT220. */
const QUERIES: [string, string][] = [
  ["\x1b]11;?", "\x1b]11;rgb:0000/0000/0000\x07"],
  ["\x1b[6n", "\x1b[1;1R"],
  ["\x1b[c", "\x1b[?62;22c"],
]

/** Runs `dagger` on a pseudo terminal, and types each line once the output expected before it has appeared. */
export async function onTerminal(
  args: string[],
  dialogue: [expected: RegExp, line: string][],
): Promise<Ended> {
  const env = { ...(await engineEnvironment()), TERM: "xterm", NO_COLOR: "" }
  const child = spawn("script", ["-qefc", ["dagger", ...args].join(" "), "/dev/null"], { cwd: KIT, env })
  const left = [...dialogue]
  let [stdout, unread] = ["", ""]
  child.stdout.on("data", (data: Buffer) => {
    const text = data.toString()
    stdout += text
    unread += text
    for (const [query, reply] of QUERIES) if (text.includes(query)) child.stdin.write(reply)
    if (!left[0]?.[0].test(unread)) return
    unread = ""
    child.stdin.write(`${left.shift()?.[1] ?? ""}\n`)
  })
  const timer = setTimeout(() => child.kill(), 60_000)
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve))
  clearTimeout(timer)
  return { exitCode, stdout, stderr: "" }
}

/** Lists the ids of a process and all its descendants, limited to those whose command contains a text. */
export async function processes(root: number, text = ""): Promise<number[]> {
  const { stdout } = await run`ps -e -o pid= -o ppid= -o args=`
  const all = Array.from(stdout.matchAll(/^ *(\d+) +(\d+) (.*)$/gm), ([, pid, parent, command = ""]) => ({
    pid: Number(pid),
    parent: Number(parent),
    command,
  }))
  const found = new Set([root])
  for (let size = 0; size < found.size;) {
    size = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return all.filter(({ pid, command }) => found.has(pid) && command.includes(text)).map(({ pid }) => pid)
}

/** Finds a free port on this host. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" ? (address?.port ?? 0) : 0
}

/** Returns an address of this host that is reachable from outside, or loopback if there is none. */
export function hostAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1"
}
