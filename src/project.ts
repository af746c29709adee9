import type { Container, Directory } from "@dagger.io/dagger"
import { isExecError } from "./lib/execError.js"
import { UV_CACHE, uvCache } from "./python.js"

/** What building a project's metadata commonly reads. An edit to other code then installs nothing anew. */
const METADATA = [
  ...[
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "MANIFEST.in",
    "PKG-INFO",
    "README*",
    "LICENSE*",
    "VERSION*",
  ],
  ...["**/__init__.py", "**/*version*.py", "**/__about__.py", "**/py.typed"],
]

/** Versions that come from git tags, which a source without `.git` hasn't. */
const VERSIONS = {
  SETUPTOOLS_SCM_PRETEND_VERSION: "0.0.0",
  PDM_BUILD_SCM_VERSION: "0.0.0",
  POETRY_DYNAMIC_VERSIONING_BYPASS: "0.0.0",
}

/**
 * Installs the service itself as a link to its sources, so that its entry points and its version are found. Where that
 * can't be done its packages are still importable by their folder.
 */
export async function installProject(environment: Container, source: Directory): Promise<Container> {
  const manifests = await source.filter({ include: ["pyproject.toml", "setup.py"] }).entries()
  if (manifests.length === 0) return environment
  for (const files of [source.filter({ include: METADATA }), source]) {
    try {
      return await linked(environment, files).sync()
    } catch (error) {
      if (!isExecError(error)) throw error
    }
  }
  return environment
}

function linked(environment: Container, files: Directory): Container {
  const prepared = Object.entries(VERSIONS).reduce(
    (container, [name, value]) => container.withEnvVariable(name, value),
    environment,
  )
  const install = ["uv", "pip", "install", "--quiet", "--no-deps", "--link-mode=copy", "--editable", "/src"]
  const built = prepared
    .withMountedDirectory("/src", files)
    .withMountedCache(UV_CACHE, uvCache())
    .withExec(install)
    .withoutMount(UV_CACHE)
    .withoutMount("/src")
  return Object.keys(VERSIONS).reduce((container, name) => container.withoutEnvVariable(name), built)
}
