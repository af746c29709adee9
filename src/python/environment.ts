import { type Container, dag, type Directory } from "@dagger.io/dagger"
import { ExitCode } from "../lib/errors/catalogue.js"
import { isExecError } from "../lib/run/execError.js"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { findRequirements, MANIFESTS, choosePythonVersion, type Requirements } from "../lib/python/project.js"
import { readHashes, withHashes } from "../lib/image/requirements.js"
import { servicePackages } from "../lib/python/lock.js"
import { normaliseName, type Pins, readPins } from "../lib/python/pins.js"
import { unfinished, type Unfinished } from "../stage/stage.js"
import { texts } from "../stage/texts.js"
import { TEST_PACKAGES } from "../lib/testing/packages.js"
import { TOOLS } from "../lib/quality/index.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { oneLine } from "../lib/text/words.js"
import { byHashes, lockText, withHashedLock } from "./locks.js"

const UV_CACHE = "/root/.cache/uv"
const LOCK = "/slipway/requirements.lock"
const TOOLS_IN = "/slipway/tools.in"
const LOCKED_IN = "/slipway/locked.in"

/** Virtual environment with the service's packages and all tools. */
export interface PythonEnvironment {
  container: Container
  /** The installed version of a package. */
  version: (name: string) => string
  /** Names of the packages that the service itself depends on, without those that only our tools need. */
  packages: ReadonlySet<string>
  /** Why the service's own packages are missing; the tools are installed all the same. */
  problem?: { message: string; files: string[] }
}

/** Installs the service's packages and the tools, in one layer that changes only with the resolved versions. */
export async function pythonEnvironment(source: Directory, config: Config): Promise<PythonEnvironment> {
  const manifests = await texts(source, [...MANIFESTS, ...(config.python.requirements ?? [])])
  const version = choosePythonVersion(manifests, config.python.version)
  const base = withToolDownloads(await pythonBase(version, config), config)
  const requirements = findRequirements(manifests, config.python.requirements)
  const files = requirements.needsSource ? source : directoryOf(manifests)
  const all =
    requirements.problem === undefined
      ? await resolveTogether(base, files, requirements, config)
      : { problem: requirements.problem }
  const hashes = readHashes({ ...manifests, "tools.txt": lockText("tools") })
  if ("lock" in all) return install(base, { annotated: all.lock, hashes }, config)
  const pins = toolPins(requirements.pins)
  const toolsOnly = await resolve(
    base,
    dag.directory(),
    { files: [], inputs: [], locked: [], pins, needsSource: false },
    OUR_TOOLS,
    config,
  )
  if ("problem" in toolsOnly) throw new Error(`installing the tools: ${toolsOnly.problem}`)
  const problem = { message: all.problem, files: requirements.files }
  return { ...install(base, { annotated: toolsOnly.lock, hashes }, config), problem }
}

/** Directory of regular files; links of the source are resolved. */
export const directoryOf = (files: Readonly<Record<string, string>>): Directory =>
  Object.entries(files).reduce((folder, [name, text]) => folder.withNewFile(name, text), dag.directory())

type Resolution = { lock: string } | { problem: string }

/**
 * Resolves the service's packages together with the tools.
 *
 * They may need different versions of the same package. Then earlier versions of the tools are tried, and after that
 * the service's pins are dropped, except for the tools.
 */
async function resolveTogether(
  base: Container,
  files: Directory,
  requirements: Requirements,
  config: Config,
): Promise<Resolution> {
  const relaxed = { ...requirements, pins: toolPins(requirements.pins) }
  let result = await resolve(base, files, requirements, OUR_TOOLS, config)
  for (const [wanted, tools] of [
    [requirements, EARLIER_TOOLS],
    [relaxed, OUR_TOOLS],
  ] as const) {
    if ("lock" in result || !/No solution found/.test(result.problem)) return result
    result = await resolve(base, files, wanted, tools, config)
  }
  return result
}

/** Packages that the stages need in addition to the service's own. */
const PACKAGES: readonly { package: string; version: string }[] = [...TOOLS, ...TEST_PACKAGES]
const EARLIER_TOOLS = PACKAGES.map(({ package: name, version }) => `${name}<=${version}`)
const OUR_TOOLS = PACKAGES.map(({ package: name, version }) => `${name}==${version}`)

const toolPins = (pins: Pins): Pins =>
  new Map([...pins].filter(([name]) => PACKAGES.some((tool) => packageName(tool.package) === name)))

/**
 * Python and uv.
 *
 * uv keeps no cache: builds of packages run strangers' code, and it trusts what it once unpacked. Installed packages are
 * kept as layers, by the versions and hashes that were resolved.
 */
export async function pythonBase(version: string, config: Config): Promise<Container> {
  const platform = await dag.defaultPlatform()
  const image = dag.container({ platform }).from(imageReference("python", version, config.images))
  return withHashedLock(image, "uv")
    .withEnvVariable("UV_NATIVE_TLS", "true") // trusts what the image trusts: a company's proxy, say
    .withEnvVariable("UV_NO_CACHE", "true")
    .withExec([
      "pip",
      "install",
      "--no-cache-dir",
      "--root-user-action=ignore",
      ...index(config),
      ...byHashes("uv"),
    ])
}

/**
 * Adds our tools to uv's cache, where services' packages are then resolved and installed together with them.
 *
 * Each command has this cache for itself: what a package's build changes in it, no other sees. Without the downloads, as
 * for an early Python that the newest tools don't support, it is empty.
 */
function withToolDownloads(base: Container, config: Config): Container {
  const cached = withHashedLock(base, "tools").withoutEnvVariable("UV_NO_CACHE")
  const install = shellQuote([
    "uv",
    "pip",
    "install",
    "--target=/slipway/downloaded",
    ...index(config),
    ...byHashes("tools"),
  ])
  const downloads = cached.withExec(["sh", "-c", `${install} || mkdir -p ${UV_CACHE}`]).directory(UV_CACHE)
  return cached.withMountedDirectory(UV_CACHE, downloads)
}

/** Arguments of pip and uv that choose the package index. */
export const index = ({ python }: Config): string[] =>
  python.index === undefined ? [] : [`--index-url=${python.index}`]

/** Resolves every version. The service's pins are kept; an unpinned tool gets our version. */
async function resolve(
  base: Container,
  files: Directory,
  { inputs, locked, pins }: Requirements,
  wanted: readonly string[],
  config: Config,
): Promise<Resolution> {
  const tools = wanted.map((tool) => {
    const name = tool.replace(/[<=]=.*/, "")
    return pins.has(packageName(name)) ? name : tool
  })
  const resolved = base
    .withDirectory("/src", files)
    .withWorkdir("/src")
    .withNewFile(TOOLS_IN, `${tools.join("\n")}\n`)
    .withNewFile(LOCKED_IN, locked.map((line) => `${line}\n`).join(""))
    .withNewFile(
      "/slipway/constraints.txt",
      [...pins].map(([name, version]) => `${name}==${version}\n`).join(""),
    )
    .withExec([
      "uv",
      "pip",
      "compile",
      "--quiet",
      "--no-header",
      "--annotation-style=line",
      "--constraints=/slipway/constraints.txt",
      `--output-file=${LOCK}`,
      ...index(config),
      TOOLS_IN,
      LOCKED_IN,
      ...inputs,
    ])
  try {
    const lock = await resolved.file(LOCK).contents()
    // The service itself, where a requirement file names its folder: its code is mounted, not installed.
    return { lock: lock.replace(/^(-e |file:|\.).*\n/gm, "") }
  } catch (error) {
    // Unlike a failure that is expected, one that is thrown is not kept: the network may be back next time.
    if (!isExecError(error)) throw error
    return { problem: oneLine(error.stderr) }
  }
}

/** Versions as `uv pip compile` wrote them, and the known hashes of packages. */
interface Resolved {
  annotated: string
  hashes: ReturnType<typeof readHashes>
}

function install(base: Container, { annotated, hashes }: Resolved, config: Config): PythonEnvironment {
  const lock = withHashes(annotated.replace(/(?<!\s)\s+# via .*$/gm, ""), hashes)
  const versions = readPins([{ name: "requirements.txt", text: lock }])
  const container = base
    .withNewFile(LOCK, lock)
    .withExec(["uv", "venv", "--quiet", "/venv"])
    .withEnvVariable("VIRTUAL_ENV", "/venv")
    .withEnvVariable("PATH", "/venv/bin:$PATH", { expand: true })
    .withExec([
      "uv",
      "pip",
      "install",
      "--quiet",
      "--no-deps",
      "--compile-bytecode", // else every run of every tool compiles it again
      "--link-mode=copy", // the cache is another file system
      ...index(config),
      `--requirements=${LOCK}`,
    ])
    .withoutMount(UV_CACHE)
    .withEnvVariable("UV_NO_CACHE", "true")
  return {
    container,
    version: (name) => versions.get(packageName(name)) ?? "unknown",
    packages: servicePackages(annotated, TOOLS_IN),
  }
}

/** Result of a stage that needs the service's packages when they can't be installed. */
export function unresolved({ message, files }: NonNullable<PythonEnvironment["problem"]>): Unfinished {
  const unsolvable =
    /No solution found|unsatisfiable|not found in the package registry|parse|Failed to build/i.test(message)
  const reason = `the packages of ${files.join(", ")} can't be installed: ${message}`
  return unfinished(reason, unsolvable ? ExitCode.badInput : ExitCode.infrastructure, message)
}

/** A requirement's package, without its extras. */
const packageName = (requirement: string): string => normaliseName(requirement.replace(/\[.*/, ""))
