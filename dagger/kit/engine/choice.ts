import { join } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { without } from "../../../src/lib/text/json.js"
import { HOME, paths } from "../../lib/home.js"
import { run } from "../../lib/shell.js"
import { atLeast } from "../../lib/version.js"
import { DAGGER_VERSION } from "./binaries.js"

const RUNNER_HOST = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"
const RUNTIMES = ["docker", "podman", "nerdctl", "finch"]
const PATIENCE = "5s"

/** The engine that `dagger` uses on this machine, and the reason. */
export interface EngineChoice {
  /** `given`: by the environment; `runtime`: the official engine in a container; `kit`: built by Slipway. */
  kind: "given" | "runtime" | "kit"
  why: string
  /** Where a given engine is. */
  address?: string
  /** Variables that a plain `dagger call` needs. */
  env: Record<string, string>
}

/** Finds the engine to use, without building or starting it. */
export async function chooseEngine(env = process.env): Promise<EngineChoice> {
  const cli = await cliVersion(withoutKit(env))
  const given = env[RUNNER_HOST]
  if (given && given !== kitEnv()[RUNNER_HOST]) {
    const why = `${RUNNER_HOST} is set to "${given}"`
    if (cli) return { kind: "given", why, address: given, env: {} }
    // The kit's CLI works with any engine of its version.
    if (!(await cliVersion(kitEnv().PATH))) throw fail("NO_CLI", [given, DAGGER_VERSION])
    return { kind: "given", why, address: given, env: without(kitEnv(), RUNNER_HOST) }
  }
  if (!cli) return kit(`there is no dagger command of at least ${DAGGER_VERSION}`)
  for (const name of RUNTIMES) {
    const { exitCode } = await run({ nothrow: true, timeout: PATIENCE })`${name} info`
    if (exitCode === 0) return { kind: "runtime", why: `dagger ${cli} and ${name} are here`, env: {} }
  }
  return kit(`no container runtime answers (tried ${RUNTIMES.join(", ")})`)
}

const kit = (why: string): EngineChoice => ({ kind: "kit", why, env: kitEnv() })

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

/** The version of the `dagger` command on this path, if recent enough. */
async function cliVersion(PATH: string): Promise<string | undefined> {
  const env = { ...process.env, PATH, DO_NOT_TRACK: "1" }
  const { stdout } = await run({ nothrow: true, timeout: PATIENCE, env })`dagger version`
  const version = /v\d+\.\d+\.\d+/.exec(stdout)?.[0]
  return version && atLeast(version, DAGGER_VERSION) ? version : undefined
}

/** Formats variables as export lines for a POSIX shell. */
export const exportLines = (env: Record<string, string>): string =>
  Object.entries(env)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n")
