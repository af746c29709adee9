import type { Container, Directory } from "@dagger.io/dagger"
import { execute, logOf, timing } from "../stage/execute.js"
import type { Config } from "../lib/config/config.js"
import type { Outcome } from "../lib/run/finding.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { judgeKept } from "../lib/security/judge.js"
import { applySuppressions, entriesFor } from "../lib/security/suppressions.js"
import { configuration, READS, tool, type ToolName } from "../lib/quality/index.js"
import { attempted, identity, type Stage } from "../stage/stage.js"
import { readSuppressions, type Suppressions } from "../stage/suppressions.js"
import { texts } from "../stage/texts.js"
import { cacheVolume } from "../stage/volumes.js"
import { type PythonEnvironment, pythonEnvironment, unresolved } from "../python/environment.js"
import type { PythonService } from "../stage/service.js"
import type { Suppression } from "../lib/run/suppressed.js"

/** Files that every tool sees, besides its own configuration. */
const PYTHON = ["**/*.py", "**/*.pyi", "**/.gitignore", "**/py.typed"]

/** Folders that never hold the service's own code. */
const EXCLUDES = [".venv", "venv", "node_modules", "build", "dist"]

const MYPY_CACHE = "/cache/mypy"

/** Inputs that all tools of one source share. */
export interface ToolInputs {
  source: Directory
  config: Config
  environment: PythonEnvironment
  suppressions: Suppressions
  /** How this module was called, for the commands that repeat a stage. */
  invocation: string
  /** The cache volumes that they may use. */
  space: string
}

/** Prepares the inputs that all tools of a service share. */
export async function toolInputs(service: PythonService): Promise<ToolInputs> {
  const { source, config, invocation, now, space } = service
  const [environment, suppressions] = await Promise.all([
    pythonEnvironment(source, config),
    readSuppressions(source, now),
  ])
  return { source, config, environment, suppressions, invocation, space }
}

/** Stage with the suppressions that it used. */
export interface Scanned extends Stage {
  used?: ReadonlySet<Suppression>
}

/** Commands of a tool, and the container in which they run. */
interface Prepared {
  container: Container
  command: string[]
  fix: string[]
  /** Files that may hold the service's own configuration of the tool; empty without one. */
  configs: string[]
}

/** Mounts the files that a tool reads, and builds its command. */
export async function prepareTool(
  name: ToolName,
  { source, config, environment, space }: ToolInputs,
): Promise<Prepared> {
  const { paths } = config.quality
  const named = paths.filter((path) => path !== ".")
  const configs = await texts(source, READS[name])
  const { configured, configFile, targets } = configuration(name, configs)
  const context = {
    paths: targets ? [] : [...paths],
    configured,
    ...(configFile === undefined ? {} : { configFile }),
    excludes: EXCLUDES,
    cacheDir: MYPY_CACHE,
  }
  const files = source.filter({ include: [...PYTHON, ...READS[name], ...named] })
  const mounted = environment.container
    .withMountedDirectory("/src", name === "mypy" ? await timed(files) : files)
    .withWorkdir("/src")
  return {
    container:
      name === "mypy" ? mounted.withMountedCache(MYPY_CACHE, mypyCache(space, environment)) : mounted,
    command: tool(name).command(context),
    fix: tool(name).fixCommand?.(context) ?? [],
    configs: configured ? Object.keys(configs).sort() : [],
  }
}

/** Derives the files' time from their content: mypy's cache compares times, and git sources all have one. */
async function timed(files: Directory): Promise<Directory> {
  const digest = await files.digest()
  return files.withTimestamps(Number.parseInt(digest.slice(-7), 16))
}

/** Runs a tool and judges its result. Never throws for a fault of the tool or the service. */
export function runTool(name: ToolName, inputs: ToolInputs): Promise<Scanned> {
  const { environment, invocation } = inputs
  const version = environment.version(tool(name).package)
  return attempted(identity("quality", name, version, invocation), () => toolWork(name, inputs))
}

async function toolWork(name: ToolName, inputs: ToolInputs) {
  const begun = Date.now()
  const { config, environment } = inputs
  const { problem } = environment
  if (name === "mypy" && problem !== undefined) return unresolved(problem)
  const { container, command, configs } = await prepareTool(name, inputs)
  const run = await execute(container, command, config.timeout)
  const interruption = interrupted(run, name, config.timeout)
  const found = interruption ?? withPlace(tool(name).read(run), configs)
  const { entries, now } = inputs.suppressions
  const { kept, suppressed, used } = applySuppressions(found.findings, entriesFor("source", entries), now)
  const outcome = judgeKept(found, kept)
  return {
    ...outcome,
    suppressed,
    used,
    ...timing(run, begun),
    exitCode: stageExitCode(outcome.status, interruption !== undefined),
    log: logOf(command, run),
  }
}

/** Adds the configuration's files to the reason of an error, which tools seldom name. */
function withPlace(outcome: Outcome, configs: readonly string[]): Outcome {
  const { status, reason } = outcome
  const said = configs.length === 0 || configs.some((file) => reason.includes(file))
  return status !== "error" || said
    ? outcome
    : { ...outcome, reason: `${reason} (configured in ${configs.join(", ")})` }
}

/** Cache of mypy, one for each version since their formats differ. */
const mypyCache = (space: string, { version }: PythonEnvironment) =>
  cacheVolume(space, "mypy", version("mypy"))
