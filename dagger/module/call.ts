import { type ChildProcess, spawn } from "node:child_process"
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import type { Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { acceptsConnections, runningEngine, staysUp, startEngine } from "../kit/engine/engine.js"
import { chooseEngine } from "../kit/engine/choice.js"
import { ExitCode, fail } from "../../src/lib/errors/catalogue.js"
import { optionalArgument } from "./arguments.js"
import { activityReader } from "./activity.js"
import { paths, REPOSITORY } from "../lib/home.js"
import { onInterrupt } from "./interrupt.js"
import { type LiveLine, liveLine, say } from "../lib/progress.js"
import { withCacheKeys } from "./secretAddress.js"

/** The environment in which a plain `dagger` finds its engine, which runs from here on. */
export const engineEnvironment = async (): Promise<NodeJS.ProcessEnv> => (await readyEngine()).env

async function readyEngine(): Promise<{ env: NodeJS.ProcessEnv; kit: boolean }> {
  const host = await chooseEngine()
  if (host.kind === "kit") await startEngine()
  return { env: { ...process.env, ...host.env }, kit: host.kind === "kit" }
}

/** `dagger call` of this module, up to the function's name; `now` is the time by which dates are judged. */
export const callModule = (source: string, now?: string): string[] => [
  "call",
  `--mod=${REPOSITORY}`,
  `--source=${source}`,
  ...optionalArgument("now", now),
]

/** Runs `dagger` on this terminal. Returns its exit code. */
export async function daggerHere(args: string[]): Promise<number> {
  const child = spawn("dagger", withCacheKeys(args), { stdio: "inherit", env: await engineEnvironment() })
  return exitCodeOfChild(child)
}

/**
 * Runs `dagger` and shows one line of what it does; all that it says is kept in `logFile`. Returns its exit code, or 130
 * after Ctrl-C, when it has ended its session. Fails with OUT_UNWRITABLE where that file can't be written, and with
 * ENGINE_ENDED where our engine didn't last as long.
 */
export async function daggerWithProgress(args: string[], logFile: string): Promise<number> {
  const engine = await readyEngine()
  mkdirSync(dirname(logFile), { recursive: true })
  const log = createWriteStream(logFile)
  const line = liveLine()
  const watch = new AbortController()
  const { child, logged } = withLog(args, { ...engine.env, NO_COLOR: "1" }, log, line)
  const begun = runningEngine()?.pid
  if (engine.kit) void endWithEngine(child, begun, watch.signal)
  if (engine.kit) void showImageBuilds(line, watch.signal)
  let interrupted = false
  const forward = (signal: NodeJS.Signals) => {
    // `dagger` (0.21.8) may wait its ten seconds for nothing; the engine ends a session whose client has gone, too.
    child.kill(interrupted ? "SIGKILL" : signal)
    line.clear()
    if (!interrupted) say("ending it takes ten seconds at most; a second Ctrl-C leaves it to the engine")
    interrupted = true
  }
  try {
    const code = await onInterrupt(forward, () => exitCodeOfChild(child))
    log.end()
    const problem = await logged
    if (interrupted) return ExitCode.interrupted
    if (problem !== undefined) throw fail("OUT_UNWRITABLE", [logFile, problem.message])
    if (code !== 0 && engine.kit && !(await isSameEngine(begun))) throw fail("ENGINE_ENDED", [logFile])
    return code
  } finally {
    watch.abort()
    line.clear()
    log.end()
  }
}

/** Starts `dagger`: the log has all that it says, and the line what it does. */
function withLog(args: string[], env: NodeJS.ProcessEnv, log: Writable, line: LiveLine) {
  // In a group of its own, so that Ctrl-C reaches it once, through us: a second one would cut its cleaning up short.
  const child = spawn("dagger", ["--progress=plain", ...withCacheKeys(args)], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
    detached: true,
  })
  child.stdout.pipe(log, { end: false })
  const logged = closing(log, () => {
    // Nobody else reads what it says, and it would wait for somebody who does. Its reports would find no room either.
    child.stdout.unpipe(log).resume()
    child.kill("SIGINT")
  })
  const readLine = activityReader((activity) => line.show(activity))
  createInterface(child.stderr).on("line", (text) => {
    log.write(`${text}\n`)
    readLine(text)
  })
  return { child, logged }
}

/** True if Slipway's engine is the same process as before, and accepts connections. */
const isSameEngine = async (pid: number | undefined): Promise<boolean> =>
  staysUp(pid) && (await acceptsConnections())

/** Waits until a file is written to its end; gives the error that kept it from that, which is told of when it comes. */
const closing = (file: Writable, onError: () => void): Promise<Error | undefined> =>
  new Promise((resolve) => {
    file.once("close", () => resolve(undefined))
    file.once("error", (error) => {
      onError()
      resolve(error)
    })
  })

/** Waits without keeping this process from its end. */
const pause = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, { ref: false })

/**
 * Ends `dagger` when our engine has ended, since it would wait for it forever; and when the engine is to end, since that
 * waits for whoever is connected, and is killed in the end, with its cache.
 */
async function endWithEngine(
  child: ChildProcess,
  begun: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && staysUp(begun)) await pause(500)
  const ending = runningEngine()?.pid === begun
  if (!signal.aborted && !ending) await pause(3000) // for what it may have to say itself
  if (!signal.aborted) child.kill("SIGKILL")
}

/** Shows which offline image the mirror builds: that can take minutes, during which `dagger` prints nothing. */
async function showImageBuilds(line: LiveLine, signal: AbortSignal): Promise<void> {
  const log = join(paths.logs, "mirror.log")
  for (let seen = lastLine(log); !signal.aborted; await pause(1000)) {
    const now = lastLine(log)
    if (now !== seen && now.includes("…")) line.show(now)
    seen = now
  }
}

const lastLine = (file: string): string =>
  existsSync(file) ? (readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "") : ""

function exitCodeOfChild(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGINT"]))
  })
}
