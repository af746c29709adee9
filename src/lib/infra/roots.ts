import { fail } from "../errors/catalogue.js"

/** Patterns of configuration files, OpenTofu's own included. */
export const CONFIGURATIONS = ["**/*.tf", "**/*.tf.json", "**/*.tofu", "**/*.tofu.json"]

const CONFIGURATION = /\.(?:tf|tofu)(?:\.json)?$/

/** Call of a module by its folder. */
const CALLED = /"?\bsource"?\s*[=:]\s*"(\.{1,2}\/[^"\n]*|\.{1,2})"/g
const COMMENTS = /^[ \t]*(?:#|\/\/).*$/gm

/** Folders of modules, examples and tests. */
const NO_ROOTS = new Set(["modules", "examples", "tests", ".terraform"])

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
  variables: readonly string[]
  backend: readonly string[]
}

/** Environment of a root without any environment of its own. */
export const DEFAULT_ENVIRONMENT = "default"

/** Returns the folders to plan: those with configuration that no other calls. Takes these files' texts by path. */
export function findRoots(texts: Readonly<Record<string, string>>): string[] {
  const files = Object.keys(texts).filter((file) => CONFIGURATION.test(file))
  const folders = [...new Set(files.map(folderOf))]
  // A module that calls itself is left for the tool to refuse.
  const called = new Set(
    files.flatMap((file) => {
      const folder = folderOf(file)
      return calledBy(folder, texts[file] ?? "").filter((other) => other !== folder)
    }),
  )
  const roots = folders.filter(
    (folder) => !called.has(folder) && !folder.split("/").some((part) => NO_ROOTS.has(part)),
  )
  return roots.sort()
}

const calledBy = (folder: string, text: string): string[] =>
  [...text.replace(COMMENTS, "").matchAll(CALLED)].map(([, path = ""]) => normalisePath(`${folder}/${path}`))

/** Returns the targets of all roots: each root in every environment that it has files for or belongs to by its path. */
export function infraTargets(
  roots: readonly string[],
  files: readonly string[],
  settings: TargetSettings,
): InfraTarget[] {
  const known = new Set(files.map(normalisePath))
  return roots.flatMap((root) => {
    const inside = [...known].filter((file) => isBelow(root, file)).map((file) => pathIn(root, file))
    return environmentsOf(root, inside, settings).map((environment) => {
      const present = (patterns: readonly string[]) =>
        patterns
          .map((pattern) => forEnvironment(pattern, environment))
          .filter((file) => inside.includes(file))
      return { environment, root, variables: present(settings.variables), backend: present(settings.backend) }
    })
  })
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
  const patterns = [...settings.variables, ...settings.backend]
  const found = [...new Set(files.flatMap((file) => patterns.flatMap((pattern) => match(pattern, file))))]
  const { environments } = settings
  if (environments === undefined) {
    const named = PER_ENVIRONMENT.exec(root)?.[1]
    return named !== undefined ? [named] : found.length > 0 ? found.sort() : [DEFAULT_ENVIRONMENT]
  }
  const own = environments.filter((name) => root.split("/").includes(name))
  const here = environments.filter((name) => found.includes(name))
  return own.length > 0 ? own : here.length > 0 ? here : [...environments]
}

/** Matches a root in a folder of environments, which belongs to that environment only. */
const PER_ENVIRONMENT = /(?:^|\/)(?:environments?|envs?)\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/

/** Environment in a file's name; none for `terraform.tfvars`, which is always read. */
function match(pattern: string, file: string): string[] {
  const [before = "", after = ""] = normalisePath(pattern).split("{environment}")
  const name = file.slice(before.length, file.length - after.length)
  const fits = file === before + name + after && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
  return fits && name !== "terraform" ? [name] : []
}

const folderOf = (path: string): string => normalisePath(path.split("/").slice(0, -1).join("/"))

const isBelow = (root: string, file: string): boolean => root === "." || file.startsWith(`${root}/`)

const pathIn = (root: string, file: string): string => (root === "." ? file : file.slice(root.length + 1))
