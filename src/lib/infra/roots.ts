import { fail } from "../errors/catalogue.js"

/** Files that hold a configuration. OpenTofu prefers its own over Terraform's. */
export const CONFIGURATIONS = ["**/*.tf", "**/*.tf.json", "**/*.tofu", "**/*.tofu.json"]

const CONFIGURATION = /\.(?:tf|tofu)(?:\.json)?$/

/** A module that is called by its folder. */
const CALLED = /"?\bsource"?\s*[=:]\s*"(\.{1,2}\/[^"\n]*|\.{1,2})"/g
const COMMENTS = /^[ \t]*(?:#|\/\/).*$/gm

/** Folders of what others call, or try out. */
const NO_ROOTS = new Set(["modules", "examples", "tests", ".terraform"])

/** One root folder in one environment, with a state of its own. */
export interface InfraTarget {
  environment: string
  /** The folder, `.` for the source's own. */
  root: string
  /** The environment's files of variables, by their paths in the root. */
  variables: readonly string[]
  /** The files that configure where its state is. */
  backend: readonly string[]
}

/** Settings of `slipway.yaml` that define the targets. */
export interface TargetSettings {
  roots?: readonly string[]
  environments?: readonly string[]
  variables: readonly string[]
  backend: readonly string[]
}

/** The environment of a root that says nothing of environments. */
export const DEFAULT_ENVIRONMENT = "default"

/** The folders that are planned: with configuration in them, called by no other. Takes those files' texts by path. */
export function findRoots(texts: Readonly<Record<string, string>>): string[] {
  const files = Object.keys(texts).filter((file) => CONFIGURATION.test(file))
  const folders = [...new Set(files.map(folderOf))]
  // A module that calls itself is the tool's to refuse.
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

/** The targets of all roots: each in every environment that it has files for, or belongs to by its path. */
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

/** Those targets that are asked for; empty texts ask for all. Fails with UNKNOWN_TARGET. */
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

/** A pattern with the environment's name in it. */
export const forEnvironment = (pattern: string, environment: string): string =>
  normalisePath(pattern.replaceAll("{environment}", () => environment))

/** A path without `.` and `..`, as far as that is possible; `.` for the top. */
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

/** A root that lies in a folder of environments is one's own. */
const PER_ENVIRONMENT = /(?:^|\/)(?:environments?|envs?)\/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$/

/** Name of the environment in a file's name; `terraform.tfvars` is always read and has none. */
function match(pattern: string, file: string): string[] {
  const [before = "", after = ""] = normalisePath(pattern).split("{environment}")
  const name = file.slice(before.length, file.length - after.length)
  const fits = file === before + name + after && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)
  return fits && name !== "terraform" ? [name] : []
}

const folderOf = (path: string): string => normalisePath(path.split("/").slice(0, -1).join("/"))

const isBelow = (root: string, file: string): boolean => root === "." || file.startsWith(`${root}/`)

const pathIn = (root: string, file: string): string => (root === "." ? file : file.slice(root.length + 1))
