import type { Container, Directory } from "@dagger.io/dagger"
import { isExecError } from "../lib/run/execError.js"
import { index, withPackages } from "./base.js"
import { matching, METADATA } from "./manifests.js"
import { workFolder, ownFiles, type PlacedSource, type SourceTree, sourceTree } from "../stage/place.js"
import type { Config } from "../lib/config/config.js"

/** Variables that replace versions from git tags, which a source without `.git` lacks. */
const VERSIONS = [
  "SETUPTOOLS_SCM_PRETEND_VERSION",
  "PDM_BUILD_SCM_VERSION",
  "POETRY_DYNAMIC_VERSIONING_BYPASS",
]

/** A container in which projects that take their version from git tags have this one. */
export const withPackageVersion = (container: Container, version = "0.0.0"): Container =>
  VERSIONS.reduce((changed, name) => changed.withEnvVariable(name, version), container)

/** The container without what `withPackageVersion` set. */
export const withoutVersion = (container: Container): Container =>
  VERSIONS.reduce((changed, name) => changed.withoutEnvVariable(name), container)

/** Environment with the service installed, and its source with the files that the installation generated. */
interface Installed {
  container: Container
  source: Directory
}

/**
 * Installs the service in editable mode, so that its entry points and version are found.
 *
 * If that fails, its packages can still be imported from their folder.
 */
export async function installProject(
  environment: Container,
  placed: PlacedSource,
  config: Config,
): Promise<Installed> {
  const { source } = placed
  const manifests = await source.filter({ include: ["pyproject.toml", "setup.py"] }).entries()
  if (manifests.length === 0) return { container: environment, source }
  const tree = sourceTree(placed)
  for (const files of [matching(tree, METADATA), tree.files]) {
    try {
      const built = await linked(environment, { ...tree, files }, config).sync()
      // A file with the version, or a compiled extension: its place is among the sources.
      const generated = ownFiles(tree, files).diff(built.directory(workFolder(tree)))
      return { container: built, source: source.withDirectory("/", generated) }
    } catch (error) {
      if (!isExecError(error)) throw error
    }
  }
  return { container: environment, source }
}

function linked(environment: Container, tree: SourceTree, config: Config): Container {
  const install = ["uv", "pip", "install", "--quiet", "--no-deps", ...index(config)]
  return withoutVersion(
    withPackages(
      withPackageVersion(environment).withDirectory(tree.root, tree.files),
      [...install, "--editable", workFolder(tree)],
      config,
    ),
  )
}
