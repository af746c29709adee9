import { posix } from "node:path"
import { normaliseName } from "../python/pins.js"
import { includedFiles } from "../python/requirementFile.js"
import { glob } from "../security/glob.js"
import { fields, text } from "../text/json.js"
import { readToml, textsIn, valueAt } from "../text/toml.js"

/** Patterns of the files in a repository that say which folders a service depends on. */
export const DEPENDENCY_FILES = [
  "**/pyproject.toml",
  "**/*requirements*.txt",
  "**/requirements/*.txt",
] as const

type Texts = Readonly<Partial<Record<string, string>>>

/**
 * The folders beside a service's own that it depends on by its manifests, and theirs in turn: path requirements of uv,
 * Poetry and pip, and members of uv's workspace.
 *
 * @param path The service's folder.
 * @param files Texts of the repository's files that match `DEPENDENCY_FILES`, by path.
 */
export function localDependencies(path: string, files: Texts): string[] {
  const found = new Set<string>()
  const waiting = [path]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const next = [...tomlPaths(folder, files), ...requirementPaths(folder, files)]
      .map((relative) => inRepository(folder, relative))
      .concat(workspaceMembers(folder, files))
    for (const used of next)
      if (used !== undefined && used !== path && !found.has(used)) {
        found.add(used)
        waiting.push(used)
      }
  }
  return [...found].sort()
}

/** A path from the root of the repository; undefined for the root itself and what lies outside. */
function inRepository(folder: string, relative: string): string | undefined {
  const path = posix.normalize(posix.join(folder, relative)).replace(/(?<!\/)\/+$/, "")
  return path === "." || path === "" || path.startsWith("..") || posix.isAbsolute(relative) ? undefined : path
}

/** The files that were parsed, which each project and each service asks for again. */
const PARSED = new WeakMap<Texts, Map<string, Record<string, unknown>>>()

function pyproject(folder: string, files: Texts): Record<string, unknown> {
  const known = PARSED.get(files) ?? new Map<string, Record<string, unknown>>()
  PARSED.set(files, known)
  const data = known.get(folder) ?? readToml(files[posix.join(folder, "pyproject.toml")] ?? "").data
  known.set(folder, data)
  return data
}

/** The paths in the tables of uv and Poetry. */
function tomlPaths(folder: string, files: Texts): string[] {
  const { uv, poetry } = fields(pyproject(folder, files).tool)
  const groups = Object.values(fields(valueAt(poetry, "group")))
  const tables = [
    valueAt(uv, "sources"),
    valueAt(poetry, "dependencies"),
    valueAt(poetry, "dev-dependencies"),
    ...groups.map((group) => valueAt(group, "dependencies")),
  ]
  const sources = tables.flatMap((table) => Object.values(fields(table)).flat())
  return sources.map((source) => text(fields(source).path)).filter((local) => local !== "")
}

/** A line of a requirement file that names a folder: `-e ../../libs/audio`, `../audio[fast]`, `file:../audio`. */
const LOCAL = /^[ \t]*(?:(?:-e|--editable)[ \t=]+)?(?:file:)?(\.{1,2}\/[^\s#;[]+)/gm

/** The folders that a project's requirement files name, and the files above it that they include. */
const requirementPaths = (folder: string, files: Texts): string[] =>
  Object.entries(files)
    .filter(
      ([name]) => name.endsWith(".txt") && [folder, `${folder}/requirements`].includes(posix.dirname(name)),
    )
    .flatMap(([name, lines = ""]) => [
      ...[...lines.matchAll(LOCAL)].map(([, local = ""]) => local),
      ...includedFiles(posix.relative(folder, name), lines, folder).filter((each) => each.startsWith("..")),
    ])

/** The members of uv's workspace above a folder that it takes packages from. */
function workspaceMembers(folder: string, files: Texts): string[] {
  const root = workspaceAbove(folder, files)
  if (root === undefined) return []
  const named = new Map(
    membersOf(root, files).map((member) => [
      normaliseName(text(valueAt(pyproject(member, files), "project", "name"))),
      member,
    ]),
  )
  const sources = {
    ...fields(valueAt(pyproject(root, files), "tool", "uv", "sources")),
    ...fields(valueAt(pyproject(folder, files), "tool", "uv", "sources")),
  }
  const wanted = new Set(requirementNames(pyproject(folder, files)))
  return Object.entries(sources)
    .filter(([name, source]) => fields(source).workspace === true && wanted.has(normaliseName(name)))
    .flatMap(([name]) => named.get(normaliseName(name)) ?? [])
}

/**
 * The folder of uv's workspace above a project that is one of its members; undefined without one.
 *
 * @param files Texts of files named pyproject.toml in a repository, by path.
 */
export function workspaceAbove(folder: string, files: Texts): string | undefined {
  const root = above(folder).find(
    (each) => valueAt(pyproject(each, files), "tool", "uv", "workspace") !== undefined,
  )
  return root !== undefined && membersOf(root, files).includes(folder) ? root : undefined
}

function membersOf(root: string, files: Texts): string[] {
  const { members, exclude } = fields(valueAt(pyproject(root, files), "tool", "uv", "workspace"))
  const matcher = (patterns: unknown) => textsIn(patterns).map((pattern) => glob(posix.join(root, pattern)))
  const [included, excluded] = [matcher(members), matcher(exclude)]
  return Object.keys(files)
    .filter((name) => posix.basename(name) === "pyproject.toml")
    .map((name) => posix.dirname(name))
    .filter((each) => included.some((is) => is(each)) && !excluded.some((is) => is(each)))
}

/** The names of everything that a project requires. */
function requirementNames(data: Record<string, unknown>): string[] {
  const lists = [
    valueAt(data, "project", "dependencies"),
    ...Object.values(fields(valueAt(data, "project", "optional-dependencies"))),
    ...Object.values(fields(data["dependency-groups"])),
    valueAt(data, "tool", "uv", "dev-dependencies"),
  ]
  return lists
    .flatMap(textsIn)
    .map((requirement) => normaliseName(/^\s*([A-Za-z0-9._-]+)/.exec(requirement)?.[1] ?? ""))
}

/** The folders above a path, the nearest first; the root is empty. */
export function above(path: string): string[] {
  const parts = path.split("/")
  return parts.map((_, index) => parts.slice(0, parts.length - 1 - index).join("/"))
}
