import { type ChildProcess, spawn, type StdioOptions } from "node:child_process"
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import type { Writable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { acceptsConnections, runningEngine, staysUp, startEngine } from "../kit/engine/engine.js"
import { chooseEngine } from "../kit/engine/choice.js"
import { waitForGiven } from "../kit/engine/given.js"
import { ExitCode, fail } from "../../src/lib/errors/catalogue.js"
import { optionalArgument } from "./arguments.js"
import { activityReader } from "./activity.js"
import { paths, REPOSITORY } from "../lib/home.js"
import { onInterrupt } from "./interrupt.js"
import { LineSplitter } from "../lib/lines.js"
import { inCiJob } from "../lib/output.js"
import { type LiveView, liveView, say } from "../lib/progress.js"
import { withCacheKeys } from "./secretAddress.js"

/** Starts the engine unless it runs. Returns the environment in which a plain `dagger` finds it. */
export const engineEnvironment = async (): Promise<NodeJS.ProcessEnv> => (await readyEngine()).env

async function readyEngine(): Promise<{ env: NodeJS.ProcessEnv; kit: boolean }> {
  const host = await chooseEngine()
  if (host.kind === "kit") await startEngine()
  if (host.address !== undefined) await waitForGiven(host.address)
  return { env: { ...process.env, ...host.env }, kit: host.kind === "kit" }
}

/**
 * The arguments of `dagger call` up to the function's name; `now` is the time that dates are compared with. Of the
 * module's flag only the short form is known to Dagger 0.21 (`--mod`) and 1.0 (`--load-module`) alike.
 */
export const callModule = (source: string, now?: string): string[] => [
  "call",
  "-m",
  REPOSITORY,
  `--source=${source}`,
  ...optionalArgument("now", now),
]

/** The arguments that choose a service of the source, by its name or folder. */
export const serviceArguments = (service: string | undefined): string[] =>
  service === undefined ? [] : ["with-service", `--service=${service}`]

/** Runs `dagger` on this terminal. Returns its exit code. */
export async function daggerHere(args: string[]): Promise<number> {
  const env = await engineEnvironment()
  // In a job what it says has to pass this process; only for a person it needs the terminal itself.
  const piped = inCiJob() && process.stdin.isTTY !== true
  const stdio: StdioOptions = piped ? ["inherit", "pipe", "pipe"] : "inherit"
  const child = spawn("dagger", withCacheKeys(args), { stdio, env })
  child.stdout?.pipe(process.stdout, { end: false })
  child.stderr?.pipe(process.stderr, { end: false })
  return exitCodeOfChild(child)
}

/**
 * Runs `dagger`, shows its progress and writes its output to `logFile`. Returns its exit code.
 *
 * Returns 130 after Ctrl-C, once its session has ended. Fails with OUT_UNWRITABLE if the file can't be written, and
 * with ENGINE_ENDED if the kit's engine ended meanwhile.
 */
export async function daggerWithProgress(args: string[], logFile: string): Promise<number> {
  const engine = await readyEngine()
  mkdirSync(dirname(logFile), { recursive: true })
  const log = createWriteStream(logFile)
  const view = liveView()
  const watch = new AbortController()
  const { child, logged } = withLog(args, { ...engine.env, NO_COLOR: "1" }, log, view)
  const begun = runningEngine()?.pid
  if (engine.kit) void endWithEngine(child, begun, watch.signal)
  if (engine.kit) void showImageBuilds(view, watch.signal)
  let interrupted = false
  const forward = (signal: NodeJS.Signals) => {
    // `dagger` (0.21.8) may wait ten seconds in vain; the engine also ends the session of a client that has gone.
    child.kill(interrupted ? "SIGKILL" : signal)
    view.clear()
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
    view.clear()
    log.end()
  }
}

/** Starts `dagger` with its output in the log and its progress in the view. */
function withLog(args: string[], env: NodeJS.ProcessEnv, log: Writable, view: LiveView) {
  // In its own process group, so that Ctrl-C reaches it only through us: a second one would abort its cleanup.
  const child = spawn("dagger", ["--progress=plain", ...withCacheKeys(args)], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
    detached: true,
  })
  child.stdout.pipe(log, { end: false })
  const logged = closing(log, () => {
    // Without a reader of its output it would block, and there is no space for its reports either.
    child.stdout.unpipe(log).resume()
    child.stderr.resume()
    child.kill("SIGINT")
  })
  const readLine = activityReader(view)
  const splitter = new LineSplitter()
  const pass = (lines: readonly string[]) => {
    lines.forEach(readLine)
    if (lines.length === 0 || log.write(`${lines.join("\n")}\n`) || log.destroyed) return
    // Memory doesn't hold what the disk is too slow for.
    child.stderr.pause()
    log.once("drain", () => child.stderr.resume())
  }
  child.stderr.on("data", (chunk: Buffer) => {
    pass(splitter.take(chunk))
  })
  child.stderr.on("end", () => {
    pass(splitter.end())
  })
  return { child, logged }
}

/** True if Slipway's engine is the same process as before, and accepts connections. */
const isSameEngine = async (pid: number | undefined): Promise<boolean> =>
  staysUp(pid) && (await acceptsConnections())

/** Waits until a file is written completely. Returns the error if it isn't, and calls `onError` at once. */
const closing = (file: Writable, onError: () => void): Promise<Error | undefined> =>
  new Promise((resolve) => {
    file.once("close", () => resolve(undefined))
    file.once("error", (error) => {
      onError()
      resolve(error)
    })
  })

/** Waits without keeping this process alive. */
const pause = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, { ref: false })

/**
 * Kills `dagger` when the kit's engine has ended, or is about to end.
 *
 * `dagger` would wait for a missing engine forever. An ending engine waits for its clients until it is killed, which
 * loses its cache.
 */
async function endWithEngine(
  child: ChildProcess,
  begun: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && staysUp(begun)) await pause(500)
  const ending = runningEngine()?.pid === begun
  if (!signal.aborted && !ending) await pause(3000) // for its own error message
  if (!signal.aborted) child.kill("SIGKILL")
}

/** Shows the offline image that the mirror builds, which can take minutes without output from `dagger`. */
async function showImageBuilds(view: LiveView, signal: AbortSignal): Promise<void> {
  const log = join(paths.logs, "mirror.log")
  for (let seen = lastLine(log); !signal.aborted; await pause(1000)) {
    const now = lastLine(log)
    if (now !== seen && now.includes("…")) view.show(now)
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
