import { fields, text } from "../text/json.js"
import { iniKeys } from "../text/sections.js"
import { hasTable, readToml, textsIn, valueAt } from "../text/toml.js"
import { isTomlLock, type Pins, readPins } from "./pins.js"

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
]
const TYPING = ["type", "types", "typing", "mypy"]
const MAIN = ["base", "common", "main", "prod", "production", "requirements"]
const NAMES = [...MAIN, ...PURPOSES, ...TYPING].join("|")

const REQUIREMENT_FILE = new RegExp(
  `^(requirements|requirements[-_.](${NAMES})|(${NAMES})[-_.]requirements|requirements/(${NAMES}))\\.(txt|lock)$`,
)
const LOCK_FILE = /^(?:(?:uv|poetry|pdm)\.lock|Pipfile\.lock)$/
const CONSTRAINTS = /^(?:.*[-_])?constraints(?:[-_]|\.txt$)/
const isLock = (name: string): boolean =>
  LOCK_FILE.test(name) || (name.endsWith(".txt") && CONSTRAINTS.test(name))

/** Files that may change a service's dependencies. */
export const MANIFESTS = [
  "pyproject.toml",
  "setup.py",
  "setup.cfg",
  "requirements*.txt",
  "requirements*.lock",
  "*requirements.txt",
  "requirements/*.txt",
  "*constraints*.txt",
  "Pipfile.lock",
  "uv.lock",
  "poetry.lock",
  "pdm.lock",
  ".python-version",
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
    inputs: [...files, ...(metadata ? [metadata.name, ...metadata.options] : [])],
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

/** Packages for development in tables that only Poetry, PDM and uv read. */
function developmentPackages(manifests: ProjectFiles): string[] {
  const { poetry, uv, pdm } = fields(readToml(manifests["pyproject.toml"] ?? "").data.tool)
  const groups = DEVELOPMENT.map((group) => valueAt(poetry, "group", group, "dependencies"))
  const tables = [valueAt(poetry, "dev-dependencies"), ...groups]
  const lists = [valueAt(uv, "dev-dependencies"), ...Object.values(fields(valueAt(pdm, "dev-dependencies")))]
  const listed = lists.flatMap(textsIn).filter((requirement) => /^[A-Za-z0-9]/.test(requirement))
  return [...new Set([...tables.flatMap((table) => Object.keys(fields(table))), ...listed])]
}

const DEVELOPMENT = [...PURPOSES, ...TYPING]

/** Matches a requirement that is a folder of the source, mostly the service itself. */
const LOCAL_LINE = /^[ \t]*(-e|--editable|\.|file:)/m

interface Metadata {
  name: string
  options: string[]
  dynamic: boolean
}

function metadataFile(manifests: ProjectFiles): Metadata | undefined {
  const pyproject = manifests["pyproject.toml"] ?? ""
  const { data } = readToml(pyproject)
  if (hasTable(pyproject, "project") || hasTable(pyproject, "tool", "poetry"))
    return {
      name: "pyproject.toml",
      options: [
        ...developmentOptions(fields(valueAt(data, "project", "optional-dependencies")), "--extra"),
        ...developmentOptions(fields(data["dependency-groups"]), "--group"),
      ],
      dynamic:
        data.project === undefined || textsIn(valueAt(data, "project", "dynamic")).includes("dependencies"),
    }
  const setup = iniKeys(manifests["setup.cfg"] ?? "")
  const name =
    manifests["setup.py"] !== undefined ? "setup.py" : setup.has("metadata") ? "setup.cfg" : undefined
  const extras = DEVELOPMENT.filter((extra) => setup.has(`options.extras_require.${extra}`))
  return name && { name, options: extras.flatMap((extra) => ["--extra", extra]), dynamic: true }
}

const developmentOptions = (table: Record<string, unknown>, option: string): string[] =>
  DEVELOPMENT.filter((name) => table[name] !== undefined).flatMap((name) => [option, name])

const DEFAULT_PYTHON = "3.11"

/** Minor version of Python for a service: the one it names, else the default, raised to its requirement. */
export function choosePythonVersion(manifests: ProjectFiles, chosen?: string): string {
  const named = /^3\.\d+/.exec(manifests[".python-version"]?.trim() ?? "")?.[0]
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  const least = /(?:>=|==|~=|\^)\s*3\.(\d+)/.exec(text(valueAt(data, "project", "requires-python")))?.[1]
  const raised = Number(least ?? 0) > Number(DEFAULT_PYTHON.slice(2)) ? `3.${least ?? ""}` : DEFAULT_PYTHON
  return chosen ?? named ?? raised
}
