import { fields } from "../text/json.js"
import { iniKeys } from "../text/sections.js"
import { hasTable, readToml, textsIn, valueAt } from "../text/toml.js"
import { isTomlLock, type Pins, readPins } from "./pins.js"
import { VERSION_FILES } from "./versions.js"

/** Texts of the files in the source's root that declare dependencies, by name. */
export type ProjectFiles = Readonly<Record<string, string>>

/** Input of the dependency resolver. */
export interface Requirements {
  /** Files that declare dependencies. */
  files: string[]
  /** Arguments that name these files, extras and groups. */
  inputs: string[]
  /** Packages that only a lock file or a tool-specific table requires; their versions are in `pins`. */
  locked: string[]
  /** Exact versions from lock and constraint files. */
  pins: Pins
  /** True if the project's metadata is computed by its own code, so that its sources are needed. */
  needsSource: boolean
  /** File that can't be parsed, and why: nothing can be resolved then. */
  problem?: string
}

/** Common names for development in requirement files, extras and groups. */
const PURPOSES = [
  "dev",
  "develop",
  "development",
  "test",
  "tests",
  "testing",
  "lint",
  "qa",
  "quality",
  "style",
  "local",
]
const TYPING = ["type", "types", "typing", "mypy"]
const MAIN = ["base", "common", "main", "prod", "production", "requirements"]
const NAMES = [...MAIN, ...PURPOSES, ...TYPING].join("|")

const REQUIREMENT_FILE = new RegExp(
  `^(requirements|requirements[-_.](${NAMES})|(${NAMES})[-_.]requirements|requirements/(${NAMES})|tests?/requirements)\\.(txt|lock)$`,
)
const LOCK_FILE = /^(?:(?:uv|poetry|pdm)\.lock|Pipfile\.lock)$/
const CONSTRAINTS = /^(?:.*[-_])?constraints(?:[-_]|\.txt$)/
const isLock = (name: string): boolean =>
  LOCK_FILE.test(name) || (name.endsWith(".txt") && CONSTRAINTS.test(name))

/** Files in the root that may change a service's dependencies or its version of Python. */
export const MANIFESTS = [
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "requirements*.txt",
  "requirements*.lock",
  "*requirements.txt",
  "requirements/*.txt",
  "test/requirements.txt",
  "tests/requirements.txt",
  "*constraints*.txt",
  "Pipfile.lock",
  "uv.lock",
  "poetry.lock",
  "pdm.lock",
  ".pre-commit-config.yaml",
  ...VERSION_FILES,
] as const

/** Finds a service's requirements. `chosen` are the requirement files that `slipway.yaml` names. */
export function findRequirements(manifests: ProjectFiles, chosen?: readonly string[]): Requirements {
  const names = Object.keys(manifests).sort()
  const files = chosen ?? names.filter((name) => REQUIREMENT_FILE.test(name))
  const metadata = chosen ? undefined : metadataFile(manifests)
  const locks = names.filter((name) => isLock(name) && !files.includes(name))
  const texts = (list: readonly string[]) => list.map((name) => ({ name, text: manifests[name] ?? "" }))
  const [problem] = texts([
    ...(metadata?.name === "pyproject.toml" ? [metadata.name] : []),
    ...locks.filter(isTomlLock),
  ]).flatMap(syntaxError)
  return {
    files: [...files, ...(metadata ? [metadata.name] : [])],
    inputs: [...files, ...(metadata?.input ?? []), ...(metadata?.options ?? [])],
    locked:
      files.length === 0 && metadata === undefined
        ? pipenvPackages(manifests)
        : developmentPackages(manifests),
    pins: readPins(texts([...locks, ...files])),
    needsSource: (metadata?.dynamic ?? false) || files.some((name) => LOCAL_LINE.test(manifests[name] ?? "")),
    ...(problem !== undefined && { problem }),
  }
}

function syntaxError(file: { name: string; text: string }): string[] {
  const { problem } = readToml(file.text)
  return problem === undefined ? [] : [`can't parse ${file.name}: ${problem}`]
}

/** All packages of Pipfile.lock, for a service with no other manifest. */
const pipenvPackages = (manifests: ProjectFiles): string[] => [
  ...readPins([{ name: "Pipfile.lock", text: manifests["Pipfile.lock"] ?? "" }]).keys(),
]

/** Packages for development in tables that only uv and PDM read. */
function developmentPackages(manifests: ProjectFiles): string[] {
  const { uv, pdm } = fields(readToml(manifests["pyproject.toml"] ?? "").data.tool)
  const lists = [valueAt(uv, "dev-dependencies"), ...Object.values(fields(valueAt(pdm, "dev-dependencies")))]
  return [...new Set(lists.flatMap(textsIn).filter((requirement) => /^[A-Za-z0-9]/.test(requirement)))]
}

/** The names of extras and groups for development. */
export const DEVELOPMENT = [...PURPOSES, ...TYPING]

/** Matches a requirement that is a folder of the source, mostly the service itself. */
const LOCAL_LINE = /^[ \t]*(-e|--editable|\.|file:)/m

interface Metadata {
  name: string
  /** The file as an argument of the resolver; empty if only its groups are read. */
  input: string[]
  options: string[]
  dynamic: boolean
}

function metadataFile(manifests: ProjectFiles): Metadata | undefined {
  const pyproject = manifests["pyproject.toml"] ?? ""
  const { data } = readToml(pyproject)
  const groups = developmentOptions(fields(data["dependency-groups"]), "--group")
  const name = "pyproject.toml"
  if (hasTable(pyproject, "project") || hasTable(pyproject, "tool", "poetry"))
    return {
      name,
      input: [name],
      options: [
        ...developmentOptions(fields(valueAt(data, "project", "optional-dependencies")), "--extra"),
        ...groups,
      ],
      dynamic:
        data.project === undefined || textsIn(valueAt(data, "project", "dynamic")).includes("dependencies"),
    }
  const setup = setupFile(manifests)
  if (setup !== undefined) return { ...setup, options: [...setup.options, ...groups] }
  return groups.length === 0 ? undefined : { name, input: [], options: groups, dynamic: false }
}

function setupFile(manifests: ProjectFiles): Metadata | undefined {
  const keys = iniKeys(manifests["setup.cfg"] ?? "")
  const script = manifests["setup.py"]
  const name = script !== undefined ? "setup.py" : keys.has("metadata") ? "setup.cfg" : undefined
  if (name === undefined) return undefined
  const [, inScript = ""] = /extras_require([^]*)/.exec(script ?? "") ?? []
  const extras = DEVELOPMENT.filter(
    (extra) =>
      keys.has(`options.extras_require.${extra}`) ||
      [`"${extra}":`, `'${extra}':`].some((key) => inScript.includes(key)),
  )
  return { name, input: [name], options: extras.flatMap((extra) => ["--extra", extra]), dynamic: true }
}

const developmentOptions = (table: Record<string, unknown>, option: string): string[] =>
  DEVELOPMENT.filter((name) => table[name] !== undefined).flatMap((name) => [option, name])
