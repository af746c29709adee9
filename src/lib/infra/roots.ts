import { fail } from "../errors/catalogue.js"
import { withoutComments } from "./hclText.js"

/** Patterns of configuration files, OpenTofu's own included. */
export const CONFIGURATIONS = ["**/*.tf", "**/*.tf.json", "**/*.tofu", "**/*.tofu.json"]

const CONFIGURATION = /\.(?:tf|tofu)(?:\.json)?$/

/** Tests of modules, which call folders of theirs. */
export const CONFIGURATION_TESTS = ["**/*.tftest.hcl", "**/*.tofutest.hcl"]

const TEST = /\.(?:tf|tofu)test\.hcl$/

/** Call of a module by its folder. */
const CALLED = /"?\bsource"?\s*[=:]\s*"(\.{1,2}\/[^"\n]*|\.{1,2})"/g

/** Folders of modules, examples, fixtures and packages. */
const NO_ROOTS = new Set(
  "module modules example examples sample samples tests testdata fixture fixtures vendor venv node_modules".split(
    " ",
  ),
)

/** One root folder in one environment, with a state of its own. */
export interface InfraTarget {
  environment: string
  /** The folder, `.` for the source's own. */
  root: string
  /** The environment's variable files, by their paths in the root. */
  variables: readonly string[]
  /** Backend configuration files. */
  backend: readonly string[]
}

/** Settings of `slipway.yaml` that define the targets. */
export interface TargetSettings {
  roots?: readonly string[]
  environments?: readonly string[]
  /** Default: the usual places. */
  variables?: readonly string[]
  backend?: readonly string[]
}

/** Folders in which roots usually keep files of environments; first the root itself. */
const FOLDERS = ["", "env/", "envs/", "environment/", "environments/", "vars/", "tfvars/"]

/** The usual places of an environment's variables. */
const VARIABLES = FOLDERS.flatMap((folder) =>
  ["{environment}.tfvars", "{environment}.tfvars.json"]
    .concat(folder === "" ? [] : ["{environment}/terraform.tfvars", "{environment}/variables.tfvars"])
    .map((name) => `${folder}${name}`),
)

/** The usual places of an environment's backend configuration. */
const BACKENDS = [
  ...[...FOLDERS, "backend/", "backends/", "config/"].flatMap((folder) =>
    ["{environment}.tfbackend", "backend-{environment}.hcl", "{environment}.backend.hcl"]
      .concat(folder === "" ? [] : ["{environment}/backend.hcl", "{environment}/backend.tfbackend"])
      .map((name) => `${folder}${name}`),
  ),
  "backend/{environment}.hcl",
  "backends/{environment}.hcl",
]

/** Environment of a root without any environment of its own. */
export const DEFAULT_ENVIRONMENT = "default"

/**
 * Returns the folders to plan: those with configuration that no other calls, nor a test. Takes these files' texts by
 * path.
 */
export function findRoots(texts: Readonly<Record<string, string>>): string[] {
  const plain = Object.entries(texts).map(([file, text]) => [file, withoutComments(text)] as const)
  const files = plain.filter(([file, text]) => CONFIGURATION.test(file) && text.trim() !== "")
  const folders = [...new Set(files.map(([file]) => folderOf(file)))]
  const called = new Set([
    // A module that calls itself is left for the tool to refuse.
    ...files.flatMap(([file, text]) => {
      const folder = folderOf(file)
      return calledBy(folder, text).filter((other) => other !== folder)
    }),
    // A test calls relative to the root, above a folder `tests`.
    ...plain.flatMap(([file, text]) => {
      const folder = folderOf(file)
      const above = normalisePath(`${folder}/..`)
      if (!TEST.test(file)) return []
      return [...calledBy(folder, text), ...calledBy(above, text)].filter(
        (other) => other !== folder && other !== above,
      )
    }),
  ])
  const left = folders.filter((folder) => !called.has(folder))
  return left.filter((folder) => isRoot(folder, left)).sort()
}

function isRoot(folder: string, all: readonly string[]): boolean {
  if (folder === ".") return true
  const parts = folder.split("/")
  if (parts.some((part) => NO_ROOTS.has(part) || part.startsWith("."))) return false
  return !parts.includes("test") || isTestEnvironment(parts, all)
}

/** True for a folder `test` that is an environment, beside those of others. */
function isTestEnvironment(parts: readonly string[], all: readonly string[]): boolean {
  const above = parts.slice(0, -1)
  if (parts.at(-1) !== "test" || above.includes("test")) return false
  const beside = all
    .filter((other) => other !== parts.join("/"))
    .map((folder) => folder.split("/"))
    .filter((other) => other.length === parts.length)
  return (
    PER_ENVIRONMENT.test(parts.join("/")) ||
    beside.some(
      (other) => other.slice(0, -1).join("/") === above.join("/") && WELL_KNOWN.includes(other.at(-1) ?? ""),
    )
  )
}

const calledBy = (folder: string, text: string): string[] =>
  [...text.matchAll(CALLED)].map(([, path = ""]) => normalisePath(`${folder}/${path}`))

/** Returns the targets of all roots: each root in every environment that it has files for or belongs to by its path. */
export function infraTargets(
  roots: readonly string[],
  files: readonly string[],
  settings: TargetSettings,
): InfraTarget[] {
  const known = [...new Set(files.map(normalisePath))]
  return roots.flatMap((root) => {
    const inside = filesOf(root, roots, known)
    const exists = new Set(inside)
    return environmentsOf(root, inside, settings).map((environment) => {
      const present = (patterns: readonly string[]) =>
        patterns.map((pattern) => forEnvironment(pattern, environment)).filter((file) => exists.has(file))
      return {
        environment,
        root,
        variables: present(settings.variables ?? VARIABLES),
        backend: present(settings.backend ?? BACKENDS),
      }
    })
  })
}

/** A root's files, by their paths in it, without those of roots below it. */
export function filesOf(root: string, roots: readonly string[], files: readonly string[]): string[] {
  const below = roots.filter((other) => other !== root && isBelow(root, other))
  return files
    .filter((file) => isBelow(root, file) && !below.some((other) => isBelow(other, file)))
    .map((file) => pathIn(root, file))
}

/** Selects targets by environment and root; empty texts select all. Fails with UNKNOWN_TARGET. */
export function chosenTargets(all: readonly InfraTarget[], environment: string, root: string): InfraTarget[] {
  const wanted = root === "" ? "" : normalisePath(root)
  const chosen = all.filter(
    (target) =>
      (environment === "" || target.environment === environment) && (wanted === "" || target.root === wanted),
  )
  if (chosen.length === 0 && (environment !== "" || root !== ""))
    throw fail("UNKNOWN_TARGET", [environment, root, all.map(targetName)])
  return chosen
}

/** Name of a target in reports. */
export const targetName = ({ environment, root }: Pick<InfraTarget, "environment" | "root">): string =>
  `${environment} ${root}`

/** Folder of the artifacts of a target. */
export const targetFolder = ({ environment, root }: Pick<InfraTarget, "environment" | "root">): string =>
  root === "." ? `terraform/${environment}` : `terraform/${environment}/${root}`

/** Puts an environment's name into a pattern. */
export const forEnvironment = (pattern: string, environment: string): string =>
  normalisePath(pattern.replaceAll("{environment}", () => environment))

/** Normalises a path, without `.` and, as far as possible, `..`; `.` for the top. */
export function normalisePath(path: string): string {
  const parts = path.split("/").reduce<string[]>((before, part) => {
    if (part === "" || part === ".") return before
    if (part !== ".." || before.length === 0 || before.at(-1) === "..") return [...before, part]
    return before.slice(0, -1)
  }, [])
  return parts.join("/") || "."
}

function environmentsOf(root: string, files: readonly string[], settings: TargetSettings): string[] {
  const patterns = [...(settings.variables ?? VARIABLES), ...(settings.backend ?? BACKENDS)].map((pattern) =>
    normalisePath(pattern).split("{environment}"),
  )
  const found = [...new Set(files.flatMap((file) => patterns.flatMap((parts) => match(parts, file))))]
  const { environments } = settings
  if (environments === undefined) {
    const named =
      PER_ENVIRONMENT.exec(root)?.[1] ?? WELL_KNOWN.find((name) => root.split("/").at(-1) === name)
    return named !== undefined ? [named] : found.length > 0 ? found.sort() : [DEFAULT_ENVIRONMENT]
  }
  const own = environments.filter((name) => root.split("/").includes(name))
  const here = environments.filter((name) => found.includes(name))
  return own.length > 0 ? own : here.length > 0 ? here : [...environments]
}

/** Matches a root in a folder of environments, which belongs to that environment only. */
const PER_ENVIRONMENT = /(?:^|\/)(?:environments?|envs?)\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/

/** Names that environments usually have: a root of that name belongs to it, wherever it is. */
const WELL_KNOWN =
  "dev development test testing qa uat stage staging preprod preproduction prod production".split(" ")

/** Names of files for all environments, or for none. */
const SHARED = ["terraform", "common", "shared", "global", "base", "default", "defaults", "example", "sample"]

/** Environment in a file's name; none for `terraform.tfvars`, which is always read, and for what all share. */
function match([before = "", after = ""]: readonly string[], file: string): string[] {
  const name = file.slice(before.length, file.length - after.length)
  const fits = file === before + name + after && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
  return fits && !SHARED.includes(name) ? [name] : []
}

const folderOf = (path: string): string => normalisePath(path.split("/").slice(0, -1).join("/"))

const isBelow = (root: string, file: string): boolean => root === "." || file.startsWith(`${root}/`)

const pathIn = (root: string, file: string): string => (root === "." ? file : file.slice(root.length + 1))
