import { join } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { without } from "../../../src/lib/text/json.js"
import { HOME, paths } from "../../lib/home.js"
import { run } from "../../lib/shell.js"
import { atLeast } from "../../lib/version.js"
import { DAGGER_VERSION } from "./binaries.js"

const RUNNER_HOST = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"
/** Container runtimes that `dagger` can run its engine in. */
const RUNTIMES = ["docker", "podman", "nerdctl", "finch"]
const PATIENCE = "5s"

/** A container runtime whose command is here and fails, and the reason that it gives. */
export interface SilentRuntime {
  name: string
  reason: string
}

/** The engine that `dagger` uses on this machine, and the reason. */
export interface EngineChoice {
  /** `given`: by the environment; `runtime`: the official engine in a container; `kit`: built by Slipway. */
  kind: "given" | "runtime" | "kit"
  why: string
  /** Where a given engine is. */
  address?: string
  /** Variables that a plain `dagger call` needs. */
  env: Record<string, string>
  /** Runtimes that were asked in vain before. */
  silent: SilentRuntime[]
}

/** Finds the engine to use, without building or starting it. */
export async function chooseEngine(env = process.env): Promise<EngineChoice> {
  const cli = await cliOn(withoutKit(env))
  const given = env[RUNNER_HOST]
  if (given && given !== kitEnv()[RUNNER_HOST]) {
    const why = `${RUNNER_HOST} is set to "${given}"`
    // An image is run by a runtime when it is first asked for, as it is without an address.
    const kind = /^(?:docker-)?image\b/.test(given) ? "runtime" : "given"
    if (cli) return { kind, why, address: given, env: {}, silent: [] }
    // The kit's CLI works with any engine of its version.
    if (!(await cliOn(kitEnv().PATH))) throw fail("NO_CLI", [given, DAGGER_VERSION])
    return { kind, why, address: given, env: without(kitEnv(), RUNNER_HOST), silent: [] }
  }
  if (!cli) return kit(`there is no dagger command of at least ${DAGGER_VERSION}`)
  const silent: SilentRuntime[] = []
  for (const name of RUNTIMES) {
    const answer = await ask(name)
    if (answer === "answers")
      return {
        kind: "runtime",
        why: `dagger ${cli.version} and ${name} are here`,
        env: driver(name, cli, given),
        silent,
      }
    if (answer !== "missing") silent.push(answer)
  }
  return kit(`no container runtime answers (tried ${RUNTIMES.join(", ")})`, silent)
}

/** Asks a runtime for its state. */
async function ask(name: string): Promise<"answers" | "missing" | SilentRuntime> {
  const { exitCode, stderr } = await run({ nothrow: true, timeout: PATIENCE })`${name} info`
  if (exitCode === 0) return "answers"
  if (exitCode === 127) return "missing"
  const lines = stderr.split("\n").filter((line) => line.trim() !== "")
  const line =
    lines.find((line) => /^error/i.test(line)) ??
    lines.at(-1) ??
    (exitCode === null ? `nothing within ${PATIENCE}` : "nothing")
  return { name, reason: line.replace(/^error: */i, "") }
}

/**
 * The variable that names the runtime to `dagger`, if need be. By itself it (v0.21.8) takes the first whose command it
 * finds, docker before all others, and fails if that one doesn't answer.
 */
const driver = (name: string, { image }: Cli, given: string | undefined): Record<string, string> =>
  name === RUNTIMES[0] && !given ? {} : { [RUNNER_HOST]: `image+${name}://${image}` }

const kit = (why: string, silent: SilentRuntime[] = []): EngineChoice => ({
  kind: "kit",
  why,
  env: kitEnv(),
  silent,
})

const kitEnv = () => ({
  [RUNNER_HOST]: `unix://${paths.socket}`,
  PATH: `${KIT_BIN}:${process.env["PATH"] ?? ""}`,
  DO_NOT_TRACK: "1",
  DAGGER_NO_NAG: "1",
})

const KIT_BIN = join(HOME, "bin")

const withoutKit = ({ PATH = "" }: NodeJS.ProcessEnv): string =>
  PATH.split(":")
    .filter((folder) => folder !== KIT_BIN)
    .join(":")

/** A `dagger` command: its version, and the image of the engine that it runs in a container. */
interface Cli {
  version: string
  image: string
}

/** The `dagger` command on this path, if recent enough. */
async function cliOn(PATH: string): Promise<Cli | undefined> {
  const env = { ...process.env, PATH, DO_NOT_TRACK: "1" }
  const { stdout } = await run({ nothrow: true, timeout: PATIENCE, env })`dagger version`
  const version = /v\d+\.\d+\.\d+\S*/.exec(stdout)?.[0]
  if (!version || !atLeast(version, DAGGER_VERSION)) return undefined
  // It prints the engine's address too: `dagger v0.21.8 (image://registry.dagger.io/engine:v0.21.8) linux/amd64`; since
  // 1.0 as lines, `version: v1.0.0-beta.10` and `runner-host: image://registry.dagger.io/engine:v1.0.0-beta.10`.
  return {
    version,
    image: /\bimage:\/\/([^\s)]+)/.exec(stdout)?.[1] ?? `registry.dagger.io/engine:${version}`,
  }
}

/** Formats variables as export lines for a POSIX shell. */
export const exportLines = (env: Record<string, string>): string =>
  Object.entries(env)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n")
