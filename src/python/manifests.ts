import { posix } from "node:path"
import type { Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { MANIFESTS, type ProjectFiles } from "../lib/python/project.js"
import { includedFiles, installableLines } from "../lib/python/requirementFile.js"
import { declaresPackages, INHERITED, manifestsTogether } from "../lib/services/declared.js"
import { above } from "../lib/services/dependencies.js"
import { ownFiles, type PlacedSource, type SourceTree, sourceTree } from "../stage/place.js"
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

/** Where a service's packages are declared, and by what. */
export interface DeclaredPackages {
  /** The service's files, or those of its repository that it sees; installers run in the folder that declares. */
  tree: SourceTree
  /** Texts of the files that say what the service needs, by their path from that folder. */
  manifests: ProjectFiles
  /** The folder of uv's lock in the tree. */
  lockFolder: string
}

/** Finds what declares a service's packages: its own manifests, or those of the nearest folder above that has any. */
export async function declaredPackages(placed: PlacedSource, config: Config): Promise<DeclaredPackages> {
  const tree = sourceTree(placed)
  const own = await manifestsIn(tree, config)
  if (tree.path === "") return { tree, manifests: own, lockFolder: "" }
  const folders = above(tree.path)
  const [home, declaring] = await declaringFolder(tree, own, config)
  const files = await texts(
    tree.files,
    folders
      .flatMap((folder) =>
        [...INHERITED, "pyproject.toml", "uv.lock"].map((name) => posix.join(folder, name)),
      )
      .concat(posix.join(home, "pyproject.toml"))
      .map(literal),
  )
  const together = manifestsTogether({ path: tree.path, own, home, declaring, files })
  return { tree: { ...tree, path: home }, ...together }
}

async function declaringFolder(
  tree: SourceTree,
  own: ProjectFiles,
  config: Config,
): Promise<[path: string, manifests: ProjectFiles]> {
  if (config.python.requirements !== undefined || declaresPackages(own)) return [tree.path, own]
  for (const path of above(tree.path)) {
    const manifests = await manifestsIn({ ...tree, path }, config)
    if (declaresPackages(manifests)) return [path, manifests]
  }
  return [tree.path, own]
}

/** Texts of a folder's manifests, with those that its requirement files include. */
async function manifestsIn(tree: SourceTree, { python, image }: Config): Promise<ProjectFiles> {
  const dockerfile = image.dockerfile ?? "Dockerfile"
  const found = await texts(ownFiles(tree, tree.files), [
    ...MANIFESTS,
    dockerfile,
    ...(python.requirements ?? []),
  ])
  const { [dockerfile]: containerfile, ...manifests } = found
  for (let open = Object.keys(manifests); open.length > 0;) {
    const wanted = open
      .filter((name) => /\.(?:txt|in|ini|lock)$/.test(name))
      .flatMap((name) => includedFiles(name, manifests[name] ?? "", tree.path))
      .filter((name) => manifests[name] === undefined)
    const included = wanted.length === 0 ? {} : await includedTexts(tree, [...new Set(wanted)])
    Object.assign(manifests, included)
    open = Object.keys(included)
  }
  return { ...manifests, ...(containerfile !== undefined && { Dockerfile: containerfile }) }
}

/** Texts of files by their path from the tree's folder, above which they may be. */
async function includedTexts({ files, path }: SourceTree, wanted: readonly string[]): Promise<ProjectFiles> {
  const found = await texts(
    files,
    wanted.map((name) => literal(posix.join(path, name))),
  )
  return Object.fromEntries(
    wanted.flatMap((name) => {
      const content = found[posix.join(path, name)]
      return content === undefined ? [] : [[name, content]]
    }),
  )
}

/** A pattern that matches one file. */
const literal = (name: string): string => name.replace(/[*?[\]\\]/g, "\\$&")

/** The manifests alone, with requirement files as uv reads them. */
export const declarations = ({ tree, manifests }: Pick<DeclaredPackages, "tree" | "manifests">): Directory =>
  rewritten({ tree: { ...tree, files: matching(tree, DECLARATIONS) }, manifests })

/** The files of a tree that match patterns for a service's folder, in each folder of a repository. */
export const matching = ({ files, path }: SourceTree, patterns: readonly string[]): Directory =>
  files.filter({
    include: patterns.map((pattern) =>
      path === "" || pattern.startsWith("**/") ? pattern : `**/${pattern}`,
    ),
  })

/** A tree's files, with requirement files as uv reads them. */
export const rewritten = ({ tree, manifests }: Pick<DeclaredPackages, "tree" | "manifests">): Directory =>
  Object.entries(manifests)
    .filter(([name]) => /\.(?:txt|in|lock)$/.test(name) && (tree.path === "" || name !== "uv.lock"))
    .reduce(
      (folder, [name, content]) => folder.withNewFile(posix.join(tree.path, name), installableLines(content)),
      tree.files,
    )
