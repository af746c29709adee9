import { posix } from "node:path"
import { type Container, type Directory, ReturnType } from "@dagger.io/dagger"
import { type AdoptionInputs, adoptionOf, againstBaseline, withoutBaseline } from "../stage/adoption.js"
import { execute, logOf, timing } from "../stage/execute.js"
import type { Matched } from "../lib/adoption/match.js"
import type { Outcome } from "../lib/run/finding.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { judgeKept } from "../lib/security/judge.js"
import { applySuppressions, entriesFor } from "../lib/security/suppressions.js"
import {
  configuration,
  flake8Reads,
  inheritedConfiguration,
  READS,
  tool,
  type ToolContext,
  type ToolName,
  type ConfigTexts,
} from "../lib/quality/index.js"
import { misfitOf, withMisfit } from "../lib/python/toolLimits.js"
import { above } from "../lib/services/dependencies.js"
import { type PlacedSource, runAsAlone, sourceTree, withTree } from "../stage/place.js"
import { attempted, identity, type Stage } from "../stage/stage.js"
import { readSuppressions, type Suppressions } from "../stage/suppressions.js"
import { texts } from "../stage/texts.js"
import { cacheVolume } from "../stage/volumes.js"
import { type PythonEnvironment, pythonEnvironment } from "../python/environment.js"
import { indexedConfig } from "../python/indexLogin.js"
import { pythonFact } from "../python/version.js"
import { PYTHON_VERSIONS } from "../stage/images.js"
import { withoutDocuments } from "../python/documents.js"
import type { PythonService } from "../stage/service.js"
import type { Suppression } from "../lib/run/suppressed.js"

/** Files that every tool sees, besides its own configuration. */
const PYTHON = ["**/*.py", "**/*.pyi", "**/.gitignore", "**/py.typed"]

/** Folders that never hold the service's own code. */
const EXCLUDES = [".venv", "venv", "node_modules", "build", "dist"]

const MYPY_CACHE = "/cache/mypy"

/** Inputs that all tools of one source share. */
export interface ToolInputs extends AdoptionInputs, Pick<PlacedSource, "path" | "around"> {
  /** The source with the baseline, which no tool reads. */
  whole: Directory
  environment: PythonEnvironment
  suppressions: Suppressions
  /** How this module was called, for the commands that repeat a stage. */
  invocation: string
  /** The cache volumes that they may use. */
  space: string
  /** Patterns of files that git tracks although `.gitignore` names them. */
  tracked: readonly string[]
}

/** Prepares the inputs that all tools of a service share. */
export async function toolInputs(service: PythonService): Promise<ToolInputs> {
  const { source, path, around, config, invocation, now, space, tracked = [] } = service
  const environment = pythonEnvironment(service, await indexedConfig(service))
  const [suppressions, adoption] = await Promise.all([readSuppressions(source, now), adoptionOf(source)])
  const read = withoutBaseline(source)
  return {
    source: read,
    whole: source,
    path,
    around,
    config,
    environment,
    suppressions,
    adoption,
    invocation,
    space,
    tracked,
  }
}

/** Stage with the suppressions that it used, and its findings against the baseline. */
export interface Scanned extends Stage {
  used?: ReadonlySet<Suppression>
  matched?: Matched
}

/** Commands of a tool, and the container in which they run. */
interface Prepared {
  version: string
  container: Container
  command: string[]
  fix: string[]
  /** Files that may hold the service's own configuration of the tool; empty without one. */
  configs: string[]
  context: ToolContext
}

/** Mounts the files that a tool reads, and builds its command. */
export async function prepareTool(name: ToolName, inputs: ToolInputs): Promise<Prepared> {
  const { source, config, environment, space } = inputs
  const { paths } = config.quality
  const { container, version, interpreter } = await environment.tool(name)
  const reads = [...READS[name], ...(name === "flake8" ? await pluginReads(source, container) : [])]
  const { configs, configured, configFile, targets, readsSource } = await configurationOf(name, reads, inputs)
  const context: ToolContext = {
    paths: targets ? [] : [...paths],
    configured,
    ...(configFile === undefined ? {} : { configFile }),
    excludes: EXCLUDES,
    version,
    cacheDir: MYPY_CACHE,
    ...(interpreter !== undefined && { interpreter }),
  }
  const files = await lookedAt(inputs, readsSource === true ? undefined : reads)
  const beside = name === "mypy" || readsSource === true ? inputs.around : settingsAbove(inputs, reads)
  const tree = sourceTree({ source: files, path: inputs.path, around: beside })
  const mounted = withTree(container, name === "mypy" ? { ...tree, files: await timed(tree.files) } : tree)
  return {
    version,
    container: name === "mypy" ? mounted.withMountedCache(MYPY_CACHE, mypyCache(space, version)) : mounted,
    command: tool(name).command(context),
    fix: tool(name).fixCommand?.(context) ?? [],
    configs: configured ? configs : [],
    context,
  }
}

/** A tool's configuration in the service's folder, else in the nearest above that has one; and the files with it. */
async function configurationOf(
  name: ToolName,
  reads: readonly string[],
  { source, path, around }: ToolInputs,
) {
  const own: ConfigTexts = await texts(source, reads)
  const found = { ...configuration(name, own), configs: Object.keys(own).sort() }
  if (found.configured || around === undefined) return found
  for (const folder of above(path)) {
    const place = posix.relative(path, folder)
    const names = await texts(
      around,
      reads.map((file) => posix.join(folder, file)),
    )
    const named = Object.entries(names).map(([file, text]) => [posix.basename(file), text] as const)
    const inherited = inheritedConfiguration(name, Object.fromEntries(named), place)
    if (inherited !== undefined)
      return { ...inherited, configs: named.map(([file]) => posix.join(place, file)).sort() }
  }
  return found
}

/** The settings of a tool in the folders above; undefined for a service without any. */
const settingsAbove = ({ path, around }: ToolInputs, reads: readonly string[]): Directory | undefined =>
  around?.filter({ include: above(path).flatMap((folder) => reads.map((file) => posix.join(folder, file))) })

/**
 * The files that a tool sees: code and its configuration, or all that code may read. What `.gitignore` excludes is left
 * out unless git tracks it.
 */
async function lookedAt(
  { source, config, environment, tracked }: ToolInputs,
  reads: readonly string[] | undefined,
): Promise<Directory> {
  const named = config.quality.paths.filter((path) => path !== ".")
  const include = reads === undefined ? [] : [...PYTHON, ...reads, ...named]
  const seen = reads === undefined ? await withoutDocuments(source, environment) : source.filter({ include })
  if (tracked.includes("**") || (await source.glob("**/.gitignore")).length === 0) return seen
  // Settings that read variables from a file need it, though git ignores it.
  const kept = [...tracked, ...(reads === undefined ? ["**/.env", "**/.env.*"] : [])]
  const looked = seen.filter({ gitignore: true })
  return kept.length === 0 ? looked : looked.withDirectory("/", seen.filter({ include: kept }))
}

/** Files that plug-ins of Flake8 read, where there are any. */
async function pluginReads(source: Directory, container: Container): Promise<readonly string[]> {
  if (!(await source.exists("pyproject.toml"))) return []
  return flake8Reads(await container.withExec(["flake8", "--version"], { expect: ReturnType.Any }).stdout())
}

/** Derives the files' time from their content: mypy's cache compares times, and git sources all have one. */
async function timed(files: Directory): Promise<Directory> {
  const digest = await files.digest()
  return files.withTimestamps(Number.parseInt(digest.slice(-7), 16))
}

/** Runs a tool and judges its result. Never throws for a fault of the tool or the service. */
export function runTool(name: ToolName, inputs: ToolInputs): Promise<Scanned> {
  return attempted(identity("quality", name, "", inputs.invocation), () => toolWork(name, inputs))
}

async function toolWork(name: ToolName, inputs: ToolInputs) {
  const begun = Date.now()
  const { config } = inputs
  const { version, container, configs, context } = await prepareTool(name, inputs)
  const { run, command } = await runs(name, { container, context }, inputs)
  const interruption = interrupted(run, name, config.timeout)
  const found = interruption ?? withPlace(tool(name).read(run), configs)
  const { entries, now } = inputs.suppressions
  const { kept, suppressed, used } = applySuppressions(found.findings, entriesFor("source", entries), now)
  const python = await inputs.environment.python()
  const outcome = withMisfit(
    await againstBaseline(name, judgeKept(found, kept), inputs),
    misfitOf(name, version, python.version),
  )
  return {
    ...outcome,
    version,
    suppressed,
    used,
    ...(isOld(name, version) && { facts: { python: pythonFact(python) } }),
    ...timing(run, begun),
    exitCode: stageExitCode(outcome.status, interruption !== undefined),
    log: logOf(command, run),
  }
}

/** True for a tool that doesn't work on the newest Python, and so may have decided which one the service runs on. */
const isOld = (name: ToolName, version: string): boolean =>
  misfitOf(name, version, PYTHON_VERSIONS.at(-1) ?? "") !== undefined

/** Runs a tool, and again in another way where it checked nothing for a reason that this avoids. */
async function runs(
  name: ToolName,
  { container, context }: Pick<Prepared, "container" | "context">,
  inputs: ToolInputs,
) {
  for (let next = context; ;) {
    const command = tool(name).command(next)
    const run = runAsAlone(await execute(container, command, inputs.config.timeout), inputs)
    const other = tool(name).again?.(run, next)
    if (other === undefined) return { run, command }
    next = other
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
const mypyCache = (space: string, version: string) => cacheVolume(space, "mypy", version)
