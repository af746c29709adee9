import { totalmem } from "node:os"
import { DAGGER_VERSION } from "../../kit/engine/binaries.js"
import { acceptsConnections, runningEngine } from "../../kit/engine/engine.js"
import { chooseEngine, type EngineChoice } from "../../kit/engine/choice.js"
import { freeGigabytes, NEEDED_GIGABYTES } from "../../kit/engine/machine.js"
import { HOME } from "../../lib/home.js"
import { run } from "../../lib/shell.js"
import { atLeast } from "../../lib/version.js"
import { authorityFindings, silentFindings } from "./runtime.js"
import { failure, type DoctorFinding, errorFinding, ok, warning } from "./finding.js"

const LEAST_NODE = "20.10"
const LEAST_GO = "1.26"
const LEAST_MEMORY_GIGABYTES = 4
const PATIENCE = "20s"

/** Checks this machine and its engine. */
export async function machineFindings(): Promise<DoctorFinding[]> {
  return [
    version("node", process.versions.node, LEAST_NODE),
    ...(await engine()),
    enough("disk", freeGigabytes(HOME), NEEDED_GIGABYTES, `free some, or set SLIPWAY_HOME to another disk`),
    enough(
      "memory",
      Math.floor(totalmem() / 1e9),
      LEAST_MEMORY_GIGABYTES,
      "run it on a machine that has more",
    ),
  ]
}

async function engine(): Promise<DoctorFinding[]> {
  let host: EngineChoice
  try {
    host = await chooseEngine()
  } catch (error) {
    return [errorFinding("engine", error)]
  }
  const kind = ok("engine", `${host.kind}: ${host.why}`)
  const silent = silentFindings(host)
  if (host.kind === "runtime") return [kind, ...silent, ...authorityFindings()]
  if (host.kind === "given") return [kind, await match(host)]
  const runs = runningEngine() !== undefined && (await acceptsConnections())
  return [
    kind,
    ...silent,
    ...(runs
      ? [await match(host)]
      : [ok("version", "the engine starts with the first run"), ...(await kitNeeds())]),
  ]
}

/** Checks that the engine answers and matches the version of the CLI. */
async function match({ env }: EngineChoice): Promise<DoctorFinding> {
  const dagger = run({ nothrow: true, timeout: PATIENCE, env: { ...process.env, ...env } })
  const [command, server] = await Promise.all([dagger`dagger version`, dagger`dagger -s -M -c version`])
  const [own] = /v\d+\.\d+\.\d+\S*/.exec(command.stdout) ?? []
  const [its] = /v\d+\.\d+\.\d+\S*/.exec(server.stdout) ?? []
  if (its === undefined)
    return failure("version", `the engine doesn't answer: ${lastLine(server.stderr)}`, ENGINE_REMEDY)
  return versionsFinding(own ?? "none", its)
}

const ENGINE_REMEDY =
  "see whether it runs and can be reached from here: a firewall, or an address that has changed"

/** Compares versions: an engine serves CLIs of its own version, and some older ones. */
export function versionsFinding(command: string, server: string): DoctorFinding {
  if (command === server) return ok("version", `dagger ${command}, the engine too`)
  const value = `dagger ${command}, the engine ${server}`
  return atLeast(server, DAGGER_VERSION) && atLeast(server, command)
    ? warning("version", value, `better the same: install dagger ${server}`)
    : failure("version", value, `run an engine of ${DAGGER_VERSION}, and the command of the same version`)
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) || `nothing within ${PATIENCE}`

/** Checks the requirements for building an engine: root, Debian's package tools and a Go compiler. */
async function kitNeeds(): Promise<DoctorFinding[]> {
  const { stdout: go } = await run({ nothrow: true })`go env GOVERSION`
  const { exitCode: apt } = await run({ nothrow: true })`apt-get --version`
  const root = process.getuid?.() === 0
  return [
    version("go", go.trim().replace(/^go/, "") || "none", LEAST_GO),
    root
      ? ok("user", "root")
      : failure("user", "not root", "run as root, or install dagger and a container runtime"),
    apt === 0
      ? ok("apt", "here")
      : failure("apt", "none", "the engine is made from Debian packages: use Debian 12 or later"),
  ]
}

const version = (name: string, found: string, least: string): DoctorFinding =>
  atLeast(found, least) ? ok(name, found) : failure(name, found, `install ${name} ${least} or later`)

const enough = (name: string, gigabytes: number, least: number, remedy: string): DoctorFinding =>
  gigabytes >= least
    ? ok(name, `${gigabytes} GB`)
    : failure(name, `${gigabytes} GB`, `${least} GB are needed: ${remedy}`)
