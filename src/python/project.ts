import type { Container, Directory } from "@dagger.io/dagger"
import { isExecError } from "../lib/run/execError.js"
import { index, withPackages } from "./base.js"
import { METADATA } from "./manifests.js"
import type { Config } from "../lib/config/config.js"

/** Variables that replace versions from git tags, which a source without `.git` lacks. */
export const VERSIONS = {
  SETUPTOOLS_SCM_PRETEND_VERSION: "0.0.0",
  PDM_BUILD_SCM_VERSION: "0.0.0",
  POETRY_DYNAMIC_VERSIONING_BYPASS: "0.0.0",
}

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
  source: Directory,
  config: Config,
): Promise<Installed> {
  const manifests = await source.filter({ include: ["pyproject.toml", "setup.py"] }).entries()
  if (manifests.length === 0) return { container: environment, source }
  for (const files of [source.filter({ include: METADATA }), source]) {
    try {
      const built = await linked(environment, files, config).sync()
      // A file with the version, or a compiled extension: its place is among the sources.
      const generated = files.diff(built.directory("/src"))
      return { container: built, source: source.withDirectory("/", generated) }
    } catch (error) {
      if (!isExecError(error)) throw error
    }
  }
  return { container: environment, source }
}

function linked(environment: Container, files: Directory, config: Config): Container {
  const prepared = Object.entries(VERSIONS).reduce(
    (container, [name, value]) => container.withEnvVariable(name, value),
    environment,
  )
  const install = ["uv", "pip", "install", "--quiet", "--no-deps", ...index(config)]
  const built = withPackages(
    prepared.withDirectory("/src", files),
    [...install, "--editable", "/src"],
    config,
  )
  return Object.keys(VERSIONS).reduce((container, name) => container.withoutEnvVariable(name), built)
}
