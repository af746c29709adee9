import type { Container, Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { isExecError } from "../lib/run/execError.js"
import { refusedIndex } from "../lib/python/indexSecrets.js"
import { readHashes, withHashes } from "../lib/python/lock.js"
import type { PackagePlan } from "../lib/python/plan.js"
import { asLines, asRequirements, type Pins, readPins } from "../lib/python/pins.js"
import { readResolution, type Resolution } from "../lib/python/resolution.js"
import { minorOf } from "../lib/python/versions.js"
import { PYTHON_VERSION } from "../stage/images.js"
import { index, pythonBase, UV_COMPILE, withPackages } from "./base.js"
import { byHashes, withHashedLock } from "./locks.js"
import { declarations, type DeclaredPackages, matching, METADATA, rewritten } from "./manifests.js"
import { workFolder } from "../stage/place.js"

/** A service whose packages are to be installed. */
export interface PackageInputs extends DeclaredPackages {
  config: Config
  plan: PackagePlan
  /** The minor version of Python. */
  version: string
}

const LOCK = "/slipway/requirements.lock"
const CONSTRAINTS = "/slipway/constraints.txt"
const WANTED = "/slipway/wanted.in"
/** In the service's folder, since paths in it are relative. */
const LINES = "slipway-requirements.in"

/** Resolves the version of each package; the result has a line for each, as pip reads them. */
export function resolvedPackages(base: Container, inputs: PackageInputs): Promise<string> {
  const { plan } = inputs
  return plan.installer === "pip" ? compiled(base, inputs) : exported(inputs)
}

/**
 * Does work with the files that it needs: the manifests, else those that builds of metadata commonly read, else all.
 *
 * An edit to other files repeats nothing.
 */
export async function withFiles<T>(
  { tree, manifests, plan }: Pick<PackageInputs, "tree" | "manifests" | "plan">,
  work: (files: Directory) => Promise<T>,
): Promise<T> {
  const few = plan.needsSource
    ? rewritten({ tree: { ...tree, files: matching(tree, METADATA) }, manifests })
    : declarations({ tree, manifests })
  try {
    return await work(few)
  } catch (error) {
    if (!isExecError(error) || !plan.needsSource) throw error
    return work(rewritten({ tree, manifests }))
  }
}

/** Resolves requirement files and metadata by uv. */
async function compiled(base: Container, inputs: PackageInputs, more: string[] = []): Promise<string> {
  const { config, plan, manifests, tree } = inputs
  const lines = asLines(plan.lines)
  if (plan.options.length === 0 && lines === "") return ""
  const compile = (files: Directory, strategy: string[]) =>
    withPackages(
      base
        .withDirectory(tree.root, files)
        .withWorkdir(workFolder(tree))
        .withNewFile(`${workFolder(tree)}/${LINES}`, lines)
        .withNewFile(CONSTRAINTS, asLines(asRequirements(plan.pins))),
      [
        ...UV_COMPILE,
        "--emit-index-url",
        "--emit-find-links",
        `--constraints=${CONSTRAINTS}`,
        `--output-file=${LOCK}`,
        ...strategy,
        ...index(config),
        ...more,
        LINES,
        ...plan.options,
      ],
      config,
    )
      .file(LOCK)
      .contents()
  const lock = await withFiles(inputs, async (files) => {
    try {
      return await compile(files, [])
    } catch (error) {
      // With this strategy uv (0.9.30) doesn't say that an index refused access.
      if (!isExecError(error) || !hasSeveralIndexes(inputs) || refusedIndex(error.stderr) !== undefined)
        throw error
      return compile(files, BEST_MATCH)
    }
  })
  return withHashes(lock, readHashes(manifests))
}

/** True if requirement files name more indexes than one: pip takes the best version of all of them. */
const hasSeveralIndexes = ({ manifests }: Pick<PackageInputs, "manifests">): boolean =>
  Object.values(manifests).some((text) => text.includes("--extra-index-url"))

/** Packages are taken from the first index that has them, as nobody else should replace them; else as pip does. */
const BEST_MATCH = ["--index-strategy=unsafe-best-match"]

/** Options of an installation by uv of versions that were resolved, from the index that has them. */
export const strategy = (inputs: Pick<PackageInputs, "manifests">): string[] =>
  hasSeveralIndexes(inputs) ? BEST_MATCH : []

/**
 * Resolves a service's packages for a version of Python, all of them to wheels but those in `built`, if it is given.
 *
 * The base may have another version. Only requirements that uv resolves are checked; for a lock its list of wheels says
 * that. With it come the versions of its packages, as far as they are known.
 */
export async function resolutionOn(
  base: Container,
  inputs: PackageInputs,
  built?: ReadonlySet<string>,
): Promise<{ found: Resolution; pins: Pins }> {
  const { plan, version } = inputs
  if (plan.installer !== "pip" || plan.problem !== undefined) return { found: "resolves", pins: plan.pins }
  const wheels =
    built === undefined ? [] : [...WHEELS_ONLY, ...[...built].map((name) => `--no-binary=${name}`)]
  try {
    const text = await compiled(base, inputs, [`--python-version=${version}`, ...wheels])
    return { found: "resolves", pins: readPins([{ name: "requirements.lock", text }]) }
  } catch (error) {
    if (!isExecError(error)) throw error
    // Whatever else fails, an index that is away for one, is for the installation to say.
    return { found: readResolution(error.stderr), pins: plan.pins }
  }
}

const WHEELS_ONLY = ["--only-binary=:all:"]

/** True if the index has a wheel of a requirement for one of these versions of Python. */
export async function hasWheel(
  base: Container,
  requirement: string,
  versions: readonly string[],
  config: Config,
): Promise<boolean> {
  const resolves = async (version: string) => {
    try {
      await withPackages(
        base.withNewFile(WANTED, asLines([requirement])),
        [...UV_COMPILE, "--no-deps", ...WHEELS_ONLY, `--python-version=${version}`, ...index(config), WANTED],
        config,
      ).sync()
      return true
    } catch (error) {
      if (!isExecError(error)) throw error
      return false
    }
  }
  return (await Promise.all(versions.map(resolves))).includes(true)
}

/** Tools that export the lock that they wrote, or resolve without one. */
const EXPORTS = {
  poetry: ["export", "--format=requirements.txt", `--output=${LOCK}`, "--no-interaction"],
  pdm: ["export", "--format=requirements", `--output=${LOCK}`],
  pipenv: ["requirements", "--dev", "--hash"],
} as const

async function exported(inputs: PackageInputs): Promise<string> {
  const { config, plan, version, tree } = inputs
  const name = plan.installer as keyof typeof EXPORTS
  const resolver = await resolverOf(name, version, config)
  const run = (files: Directory) =>
    withPackages(
      resolver.withDirectory(tree.root, files).withWorkdir(workFolder(tree)),
      [`${resolverFolder(name)}/bin/${name}`, ...EXPORTS[name], ...plan.options],
      config,
    )
  return withFiles({ ...inputs, plan: { ...plan, needsSource: !plan.locked } }, (files) =>
    name === "pipenv" ? run(files).stdout() : run(files).file(LOCK).contents(),
  )
}

const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

const resolverFolder = (name: string): string => `/slipway/${name}`

/** Python with Poetry, PDM or Pipenv, in an environment of its own; these run on Python 3.10 and later. */
async function resolverOf(name: keyof typeof EXPORTS, version: string, config: Config): Promise<Container> {
  const base = await pythonBase(minorOf(version) < 10 ? PYTHON_VERSION : version, config)
  const folder = resolverFolder(name)
  const made = withHashedLock(base, name).withExec(["uv", "venv", "--quiet", folder])
  return (
    withPackages(
      made,
      ["uv", "pip", "install", `--python=${folder}`, ...index(config), ...byHashes(name)],
      config,
    )
      // Their HTTP clients bring authorities of their own; these are those that the image trusts.
      .withEnvVariable("REQUESTS_CA_BUNDLE", AUTHORITIES)
      .withEnvVariable("SSL_CERT_FILE", AUTHORITIES)
      .withEnvVariable("POETRY_VIRTUALENVS_CREATE", "false")
      .withEnvVariable("PDM_CHECK_UPDATE", "false")
      .withEnvVariable("PIPENV_NOSPIN", "1")
  )
}
