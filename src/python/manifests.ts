import type { Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { MANIFESTS, type ProjectFiles } from "../lib/python/project.js"
import { includedFiles, installableLines } from "../lib/python/requirementFile.js"
import { texts } from "../stage/texts.js"

/** Files from which a resolver reads packages, of the service and of other projects in its source. */
const DECLARATIONS = [
  "**/pyproject.toml",
  "**/setup.py",
  "**/setup.cfg",
  "**/*requirements*.txt",
  "**/*requirements*.in",
  "**/requirements/**/*.txt",
  "*.lock",
  "Pipfile",
  "Pipfile.lock",
  "pdm.toml",
  "poetry.toml",
  "uv.toml",
]

/** Files that builds of a project's metadata commonly read. An edit to other code causes no installation. */
export const METADATA = [
  ...DECLARATIONS,
  "**/MANIFEST.in",
  "**/PKG-INFO",
  "**/README*",
  "**/LICENSE*",
  "**/VERSION*",
  "**/__init__.py",
  "**/*version*.py",
  "**/__about__.py",
  "**/py.typed",
  "**/*.whl",
]

/** Texts of the files that say what a service needs, with those that its requirement files include. */
export async function serviceManifests(source: Directory, { python, image }: Config): Promise<ProjectFiles> {
  const dockerfile = image.dockerfile ?? "Dockerfile"
  const found = await texts(source, [...MANIFESTS, dockerfile, ...(python.requirements ?? [])])
  const { [dockerfile]: containerfile, ...manifests } = found
  for (let open = Object.keys(manifests); open.length > 0;) {
    const wanted = open
      .filter((name) => /\.(?:txt|in|ini|lock)$/.test(name))
      .flatMap((name) => includedFiles(name, manifests[name] ?? ""))
      .filter((name) => manifests[name] === undefined)
    const included = wanted.length === 0 ? {} : await texts(source, [...new Set(wanted)].map(literal))
    Object.assign(manifests, included)
    open = Object.keys(included)
  }
  return { ...manifests, ...(containerfile !== undefined && { Dockerfile: containerfile }) }
}

/** A pattern that matches one file. */
const literal = (name: string): string => name.replace(/[*?[\]\\]/g, "\\$&")

/** The manifests alone, with requirement files as uv reads them. */
export const declarations = (source: Directory, manifests: ProjectFiles): Directory =>
  rewritten(source.filter({ include: DECLARATIONS }), manifests)

/** A source with requirement files as uv reads them. */
export const rewritten = (source: Directory, manifests: ProjectFiles): Directory =>
  Object.entries(manifests)
    .filter(([name]) => /\.(?:txt|in|lock)$/.test(name))
    .reduce((folder, [name, content]) => folder.withNewFile(name, installableLines(content)), source)
