import { iniKeys, tomlKeys } from "../text/sections.js"
import { type Pins, readPins } from "./pins.js"

/** The files in the source's root that say what a service needs, with their texts. */
export type Manifests = Readonly<Record<string, string>>

/** What the resolver is to work out, and from what. */
export interface Requirements {
  /** The files that say what is needed. */
  files: string[]
  /** Arguments that name these files, extras and groups. */
  inputs: string[]
  /** Packages that only a lock file or a table of a tool's own asks for, without versions: `pins` has these. */
  locked: string[]
  /** Exact versions from lock and constraint files. */
  pins: Pins
  /** The project's metadata comes from code of its own, which must run: its sources are needed. */
  needsSource: boolean
}

/** What development of a service is commonly called, in the names of requirement files, extras and groups. */
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
const LOCK_FILE = /^((uv|poetry|pdm)\.lock|Pipfile\.lock|(.*[-_])?constraints([-_].*)?\.txt)$/

/** Everything in a source that may change what a service needs. */
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

/** Tells what to install for a service, by its manifests. `chosen` are the requirement files that it names itself. */
export function findRequirements(manifests: Manifests, chosen?: readonly string[]): Requirements {
  const names = Object.keys(manifests).sort()
  const files = chosen ?? names.filter((name) => REQUIREMENT_FILE.test(name))
  const metadata = chosen ? undefined : metadataFile(manifests)
  const locks = names.filter((name) => LOCK_FILE.test(name) && !files.includes(name))
  const texts = (list: readonly string[]) => list.map((name) => ({ name, text: manifests[name] ?? "" }))
  return {
    files: [...files, ...(metadata ? [metadata.name] : [])],
    inputs: [...files, ...(metadata ? [metadata.name, ...metadata.options] : [])],
    locked:
      files.length === 0 && metadata === undefined
        ? pipenvPackages(manifests)
        : developmentPackages(manifests),
    pins: readPins(texts([...locks, ...files])),
    needsSource: (metadata?.dynamic ?? false) || files.some((name) => LOCAL_LINE.test(manifests[name] ?? "")),
  }
}

/** Of a service that has but a lock file of Pipenv's, every package in it. */
const pipenvPackages = (manifests: Manifests): string[] => [
  ...readPins([{ name: "Pipfile.lock", text: manifests["Pipfile.lock"] ?? "" }]).keys(),
]

/** What Poetry, PDM and uv note of development in tables of their own, which resolvers of packages don't read. */
function developmentPackages(manifests: Manifests): string[] {
  const text = manifests["pyproject.toml"] ?? ""
  const tables = /^tool\.poetry\.(?:dev-dependencies|group\.(?:[^.]+)\.dependencies)\.([^.]+)$/
  const poetry = [...tomlKeys(text)].flatMap((key) => {
    const [, name] = tables.exec(key) ?? []
    const [, group = "dev"] = /\.group\.([^.]+)\./.exec(key) ?? []
    return name === undefined || !DEVELOPMENT.has(group) ? [] : [name]
  })
  return [...new Set([...poetry, ...listed(text)])]
}

const DEVELOPMENT: ReadonlySet<string> = new Set([...PURPOSES, ...TYPING])

/** The requirements in `dev-dependencies` of uv, which is a list, and of PDM, which is a table of such. */
function listed(text: string): string[] {
  const [uv = ""] = /^\[tool\.uv\][^[]*?^dev-dependencies\s*=\s*\[[^\]]*\]/m.exec(text) ?? []
  const [pdm = ""] = /^\[tool\.pdm\.dev-dependencies\][^]*?(?=^\[|$(?![^]))/m.exec(text) ?? []
  const lists = `${uv.replace(/^[^]*dev-dependencies/, "")}\n${pdm}`.replace(/#.*$/gm, "")
  return [...lists.matchAll(/["']([A-Za-z0-9][^"']*)["']/g)].map(([, requirement = ""]) => requirement)
}

/** A requirement that is a folder of the source, mostly the service itself. */
const LOCAL_LINE = /^\s*(-e|--editable|\.|file:)/m

interface Metadata {
  name: string
  options: string[]
  dynamic: boolean
}

function metadataFile(manifests: Manifests): Metadata | undefined {
  const text = manifests["pyproject.toml"]
  const keys = text === undefined ? new Set<string>() : tomlKeys(text)
  if (text !== undefined && (keys.has("project") || keys.has("tool.poetry")))
    return {
      name: "pyproject.toml",
      options: [
        ...chosenOf(keys, "project.optional-dependencies", "--extra"),
        ...chosenOf(keys, "dependency-groups", "--group"),
      ],
      dynamic: !keys.has("project") || /^dynamic\s*=\s*\[[^\]]*["']dependencies["']/m.test(text),
    }
  if (manifests["setup.py"] !== undefined)
    return { name: "setup.py", options: setupExtras(manifests), dynamic: true }
  if (manifests["setup.cfg"] !== undefined && iniKeys(manifests["setup.cfg"]).has("metadata"))
    return { name: "setup.cfg", options: setupExtras(manifests), dynamic: true }
  return undefined
}

const setupExtras = (manifests: Manifests): string[] =>
  chosenOf(iniKeys(manifests["setup.cfg"] ?? ""), "options.extras_require", "--extra")

function chosenOf(keys: ReadonlySet<string>, table: string, option: string): string[] {
  return [...PURPOSES, ...TYPING]
    .filter((name) => keys.has(`${table}.${name}`))
    .flatMap((name) => [option, name])
}

const DEFAULT_PYTHON = "3.11"

/** The minor version of Python to check a service on: what it names, else ours, raised to what it requires. */
export function pythonVersion(manifests: Manifests, chosen?: string): string {
  const named = /^3\.\d+/.exec(manifests[".python-version"]?.trim() ?? "")?.[0]
  const least = /^\s*requires-python\s*=\s*["'][^"']*?(?:>=|==|~=|\^)\s*3\.(\d+)/m.exec(
    manifests["pyproject.toml"] ?? "",
  )?.[1]
  const raised = Number(least ?? 0) > Number(DEFAULT_PYTHON.slice(2)) ? `3.${least ?? ""}` : DEFAULT_PYTHON
  return chosen ?? named ?? raised
}
