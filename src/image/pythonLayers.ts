import type { Container, Directory, DirectoryFilterOpts, Platform } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { isExecError } from "../lib/run/execError.js"
import { findsNoPackage, isPackage, runtimeRequirements } from "../lib/image/requirements.js"
import { readHashes, withHashes, withoutFolders } from "../lib/python/lock.js"
import { NO_TIME, type ImageRevision } from "../lib/image/revision.js"
import { excludedFromImage } from "../lib/image/sources.js"
import { type Contents, readContents } from "../lib/image/wheels.js"
import { installFailure } from "../lib/python/installFailure.js"
import { packageFailure } from "../lib/python/buildFailure.js"
import { refusedIndex } from "../lib/python/indexSecrets.js"
import { asLines, asRequirements } from "../lib/python/pins.js"
import { directoryOf, index, UV_COMPILE, withPackages } from "../python/base.js"
import type { DeclaredPackages } from "../python/manifests.js"
import { withPackageVersion } from "../python/project.js"
import { workFolder, isAlone } from "../stage/place.js"
import { SCRIPTS } from "../stage/scripts.js"

/** Virtual environment of the packages, and of the service if it is one. */
export const VENV = "/opt/venv"

/** Working directory of the service, with its files that aren't installed. */
export const APP = "/app"
export const IMAGE_SCRIPT = "slipway_image.py"
const LOCK = "/slipway/requirements.lock"
const LOCKED_IN = "/slipway/locked.in"
const CONSTRAINTS = "/slipway/constraints.txt"

export interface LayerInputs extends DeclaredPackages {
  source: Directory
  /** The paths of the source's Python files. */
  files: readonly string[]
  config: Config
  platform: Platform
  /** The platform by uv's name. */
  target: string
  /** Python and uv, for the platform of the engine. */
  builder: Container
  revision: ImageRevision
}

/** Files of an image, with their description. */
export interface Layer {
  files: Directory
  contents: Contents
}

export interface ServiceLayer extends Layer {
  /** True if its code is installed rather than run from its folder. */
  isInstalled: boolean
  /** The folders of PYTHONPATH if it isn't. */
  path: string
}

export interface PackageResolution {
  /** The version of each package, with hashes if the service's own lock has them. */
  lock: string
  /** Folders of the source that are packages themselves. */
  folders: string[]
  /** Files that list the requirements. */
  files: string[]
}

/** Resolves the version of each package for a platform. */
export async function resolvePackages(inputs: LayerInputs): Promise<PackageResolution> {
  const { tree, config, manifests, platform, target, builder } = inputs
  const wanted = runtimeRequirements(manifests, config.python.requirements)
  if (wanted.problem !== undefined) throw fail("IMAGE_PACKAGES", [wanted.files, wanted.problem, false])
  const resolved = builder
    // Manifests beside a service's own may name folders as well.
    .withDirectory(tree.root, wanted.needsSource || !isAlone(tree) ? tree.files : directoryOf(manifests))
    .withWorkdir(workFolder(tree))
    .withNewFile(LOCKED_IN, asLines(wanted.locked))
    .withNewFile(CONSTRAINTS, asLines(asRequirements(wanted.pins)))
    .with((ready) =>
      withPackages(
        ready,
        [
          ...UV_COMPILE,
          "--emit-index-url",
          `--python-platform=${target}`,
          `--constraints=${CONSTRAINTS}`,
          `--output-file=${LOCK}`,
          ...index(config),
          LOCKED_IN,
          ...wanted.inputs,
        ],
        config,
      ),
    )
  try {
    const { lock, folders } = withoutFolders(await resolved.file(LOCK).contents(), workFolder(tree))
    return { lock: withHashes(lock, readHashes(manifests)), folders, files: wanted.files }
  } catch (error) {
    throw packageError(error, wanted.files, platform)
  }
}

/** Installs the packages for a platform, whatever the platform of the engine is. */
export async function packageLayer(
  { builder, config, platform, target }: LayerInputs,
  { lock, files }: PackageResolution,
): Promise<Layer> {
  const container = builder
    .withNewFile(LOCK, lock)
    .withExec(MAKE_VENV)
    .with((ready) =>
      withPackages(
        ready,
        [...INSTALL, `--python-platform=${target}`, ...index(config), `--requirements=${LOCK}`],
        config,
      ),
    )
  try {
    return await finish(container, NO_TIME, { include: [inRoot(VENV)] })
  } catch (error) {
    throw packageError(error, files, platform)
  }
}

const MAKE_VENV = ["uv", "venv", "--quiet", VENV]
const INSTALL = [
  "uv",
  "pip",
  "install",
  "--quiet",
  "--no-deps",
  `--python=${VENV}`,
  "--no-installer-metadata", // it contains the time
]

/**
 * Installs the service, or copies it if its build system finds nothing to install.
 *
 * The layer is the same for all platforms unless it contains compiled code.
 *
 * @param folders The folders that requirement files name, to be installed as well.
 */
export async function serviceLayer(inputs: LayerInputs, folders: readonly string[]): Promise<ServiceLayer> {
  const others = folders.filter((folder) => folder !== SELF)
  const whole = isPackage(inputs.manifests) || others.length < folders.length
  try {
    return await serviceOf(inputs, whole ? [SELF, ...others] : others)
  } catch (error) {
    if (!isExecError(error)) throw error
    if (whole && findsNoPackage(error.stderr)) return serviceLayer({ ...inputs, manifests: {} }, others)
    const { reason, network } = installFailure(error.stderr)
    throw network
      ? fail("IMAGE_PACKAGES", [["the service"], reason, network])
      : fail("SERVICE_NOT_BUILT", [reason])
  }
}

/** The service itself as a folder to install. */
export const SELF = "./"

async function serviceOf(inputs: LayerInputs, folders: readonly string[]): Promise<ServiceLayer> {
  const { source, files, revision } = inputs
  const packages = files.flatMap((file) => /^([^/]+)\/__init__\.py$/.exec(file)?.[1] ?? [])
  const copied = source.filter({ exclude: excludedFromImage(new Set(packages)), gitignore: true })
  const container = built(inputs, folders).withDirectory(APP, copied)
  // The commit's time, since browsers fetch static files again only if time or size has changed.
  const layer = await finish(container, revision.committed || NO_TIME, {
    include: [inRoot(APP), inRoot(VENV)],
    exclude: ["pyvenv.cfg", "bin/python*", "lib64"].map((name) => `${inRoot(VENV)}/${name}`),
  })
  const inFolder = files.some((file) => file.startsWith("src/")) && !packages.includes("src")
  const path = [APP, ...(inFolder ? [`${APP}/src`] : [])].join(":")
  return { ...layer, isInstalled: folders.includes(SELF), path }
}

/** Builds an environment with nothing but these folders of the source. */
function built({ tree, config, builder, revision }: LayerInputs, folders: readonly string[]): Container {
  const environment = builder.withWorkdir(workFolder(tree)).withExec(MAKE_VENV)
  if (folders.length === 0) return environment
  return withPackages(
    withPackageVersion(environment.withDirectory(tree.root, tree.files), revision.version || undefined),
    [...INSTALL, "--reinstall", ...index(config), ...folders],
    config,
  )
}

/** Compiles all modules, describes the contents, and selects files, with this time. */
async function finish(container: Container, time: string, files: DirectoryFilterOpts): Promise<Layer> {
  // Not by `withTimestamps`, which follows links on the engine's own disk.
  const finished = container.withExec([
    "python",
    `${SCRIPTS}/${IMAGE_SCRIPT}`,
    "finish",
    `${epochSeconds(time)}`,
    VENV,
    APP,
  ])
  const contents = readContents(await finished.stdout())
  return { files: finished.rootfs().filter(files), contents }
}

/** Seconds since 1970, as file systems count time. */
export const epochSeconds = (time: string): number => Math.floor(Date.parse(time) / 1000)

const inRoot = (path: string): string => path.slice(1)

function packageError(error: unknown, files: readonly string[], platform: Platform): unknown {
  if (!isExecError(error)) return error
  if (refusedIndex(error.stderr) !== undefined) {
    const { reason, remedy } = packageFailure(error.stderr)
    return fail("PACKAGES_NOT_INSTALLED", [files, reason, remedy, false])
  }
  const { packages, reason, network } = installFailure(error.stderr)
  return packages.length > 0
    ? fail("NO_WHEEL", [packages, platform, reason])
    : fail("IMAGE_PACKAGES", [files, reason, network])
}
