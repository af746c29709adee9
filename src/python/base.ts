import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { messageOf } from "../lib/run/execError.js"
import { oneLine } from "../lib/text/words.js"
import { type ImageRole, imageReference, PYTHON_VERSIONS } from "../stage/images.js"
import type { IndexedConfig } from "./indexLogin.js"
import { byHashes, withHashedLock } from "./locks.js"

/** Directory of regular files; links of the source are resolved. */
export const directoryOf = (files: Readonly<Record<string, string>>): Directory =>
  Object.entries(files).reduce((folder, [name, text]) => folder.withNewFile(name, text), dag.directory())

/** Arguments of pip and uv that choose the package index. */
export const index = ({ python }: Config): string[] =>
  python.index === undefined ? [] : [`--index-url=${python.index}`]

/**
 * Runs a command that reads from package indexes or repositories.
 *
 * Every command that resolves or installs packages goes through here: the one place for access to private indexes.
 */
export const withPackages = (
  container: Container,
  command: readonly string[],
  { login }: IndexedConfig,
): Container => {
  const install = (ready: Container) => ready.withExec([...command])
  return login === undefined ? install(container) : login.during(container, install)
}

/**
 * Python and uv, with the Debian packages of the settings.
 *
 * uv keeps no cache: builds of packages run strangers' code, and it trusts what it once unpacked. Installed packages are
 * kept as layers, by the versions and hashes that were resolved.
 *
 * @param role The image: the small one, or the one with git and compilers.
 */
export async function pythonBase(
  version: string,
  config: Config,
  role: ImageRole = "python",
): Promise<Container> {
  const platform = await dag.defaultPlatform()
  const image = dag.container({ platform }).from(imageReference(role, version, config.images))
  return withUv(withDebianPackages(image, config.python.packages), version, config)
}

const withUv = (image: Container, version: string, config: Config): Container =>
  withPackages(
    withHashedLock(image, "uv")
      .withEnvVariable("UV_NATIVE_TLS", "true") // trusts what the image trusts: a company's proxy, say
      .withEnvVariable("UV_NO_CACHE", "true")
      .withEnvVariable("UV_NO_WRAP", "true") // its messages are read
      .withEnvVariable("PIP_NO_INPUT", "1") // an index that wants a password is an error, not a question
      .withEnvVariable("UV_PYTHON_DOWNLOADS", "never")
      .withEnvVariable("UV_PYTHON", version),
    ["pip", "install", "--no-cache-dir", "--root-user-action=ignore", ...index(config), ...byHashes("uv")],
    config,
  )

/** Installs packages of the distribution. */
export const withDebianPackages = (image: Container, packages: readonly string[]): Container =>
  packages.length === 0
    ? image
    : image.withExec([
        "sh",
        "-ec",
        'apt-get -q update >&2; apt-get -qy install --no-install-recommends "$@" >&2; rm -rf /var/lib/apt/lists/*',
        "apt",
        ...packages,
      ])

/** Packages of Debian with which most packages of Python can be fetched and compiled. */
const TOOLCHAIN = ["git", "build-essential", "pkg-config"]

/**
 * Python and uv with git and compilers: the full image of Python, or else Debian's packages in the small one.
 *
 * Fails with NO_TOOLCHAIN.
 */
export async function pythonToolchain(version: string, config: Config): Promise<Container> {
  const [small, full] = (["python", "pythonFull"] as const).map((role) => reference(role, version, config))
  const inFull = await evaluated(() => pythonBase(version, config, "pythonFull"))
  if (!("problem" in inFull)) return inFull
  const packages = [...TOOLCHAIN, ...config.python.packages]
  const inSmall = await evaluated(() =>
    pythonBase(version, { ...config, python: { ...config.python, packages } }),
  )
  if (!("problem" in inSmall)) return inSmall
  throw fail("NO_TOOLCHAIN", [small ?? "", full ?? "", inSmall.problem])
}

/** Makes a container, whose failure is the result. */
async function evaluated(make: () => Promise<Container>): Promise<Container | { problem: string }> {
  try {
    return await (await make()).sync()
  } catch (error) {
    return { problem: oneLine(messageOf(error)) }
  }
}

/** Reference of an image; empty if the lock of images lacks it. */
function reference(role: ImageRole, version: string, config: Config): string {
  try {
    return imageReference(role, version, config.images)
  } catch {
    return ""
  }
}

/** Returns why the image of a version of Python can't be had; undefined if it can. */
export async function imageProblem(
  version: string,
  config: Config,
  role: ImageRole = "python",
): Promise<string | undefined> {
  try {
    await dag
      .container()
      .from(imageReference(role, version, config.images))
      .imageRef()
    return undefined
  } catch (error) {
    return oneLine(messageOf(error))
  }
}

/** Time after which an image doesn't count as available, in milliseconds. */
const PATIENCE = 20_000

/** Throws unless the image of a version can be had. Fails with NO_PYTHON_IMAGE, which names the versions with one. */
export async function requirePythonImage(version: string, reason: string, config: Config): Promise<void> {
  const problem = await imageProblem(version, config)
  if (problem === undefined) return
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PATIENCE).unref())
  const has = async (other: string) => (await imageProblem(other, config)) === undefined
  const others = await Promise.all(
    PYTHON_VERSIONS.map(async (other) => ((await Promise.race([has(other), late])) ? [other] : [])),
  )
  const wanted = reference("python", version, config)
  throw fail("NO_PYTHON_IMAGE", [
    wanted === "" ? `python:${version}` : wanted,
    reason,
    others.flat(),
    problem,
  ])
}

/** A resolution by uv whose result has nothing but requirements. */
export const UV_COMPILE = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
