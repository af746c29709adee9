import { text } from "../text/json.js"
import { readIni } from "../text/ini.js"
import { readToml, textsIn, valueAt } from "../text/toml.js"
import type { ProjectFiles } from "./project.js"
import { allowsMinor } from "./specifier.js"

/** The versions of Python for a service, the best first, and why. */
export interface PythonWish {
  versions: readonly string[]
  reason: string
  /** True if the service names this one version; else any of them will do. */
  exact: boolean
}

/** Files that say a version of Python, besides those that declare packages. */
export const VERSION_FILES = [
  ".python-version",
  ".tool-versions",
  "runtime.txt",
  "Pipfile",
  "Dockerfile",
  "tox.ini",
] as const

/**
 * Finds the versions of Python for a service: the one that it names, else those that it supports, newest first.
 *
 * @param known The minor versions to choose among, oldest first.
 * @param chosen The version of `slipway.yaml`.
 */
export function wishedPython(files: ProjectFiles, known: readonly string[], chosen?: string): PythonWish {
  if (chosen !== undefined)
    return { versions: [chosen], reason: "python.version of slipway.yaml", exact: true }
  const range = requiredPython(files)
  const named = NAMED.flatMap(([file, read]) => {
    const version = read(files[file] ?? "")
    return version === undefined ? [] : [{ file, version }]
  }).find(({ version }) => range === undefined || allowsMinor(range.requirement, minorOf(version)))
  if (named !== undefined) return { versions: [named.version], reason: named.file, exact: true }
  const listed = listedVersions(files, known)
  if (range !== undefined) return inRange(range, known, listed)
  return listed ?? { versions: [...known].reverse(), reason: "no file names a version", exact: false }
}

/** Readers of the version in files that name one, the most specific file first. */
const NAMED: readonly [file: string, read: (content: string) => string | undefined][] = [
  [".python-version", (content) => /^\s*(?:cpython-?|python-?)?(3\.\d+)/.exec(content)?.[1]],
  [".tool-versions", (content) => /^python[ \t]+(3\.\d+)/m.exec(content)?.[1]],
  ["runtime.txt", (content) => /^\s*python-?(3\.\d+)/.exec(content)?.[1]],
  ["Pipfile", pipfilePython],
  ["Dockerfile", dockerfilePython],
]

function pipfilePython(content: string): string | undefined {
  const { requires } = readToml(content).data
  const version = text(valueAt(requires, "python_full_version")) || text(valueAt(requires, "python_version"))
  return /^3\.\d+/.exec(version)?.[0]
}

/** The version of the last stage that is based on Python's image; arguments of `FROM` have their defaults. */
function dockerfilePython(content: string): string | undefined {
  const defaults = new Map(
    [...content.matchAll(/^ARG[ \t]+(\w+)=["']?([\w.-]+)/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  )
  const bases = [...content.matchAll(/^FROM[ \t]+([^\n]*)/gim)].map(([, rest = ""]) =>
    rest.replace(/\$\{?(\w+)[^}\s:]*\}?/g, (_, name: string) => defaults.get(name) ?? ""),
  )
  const versions = bases.flatMap((base) => /(?<![\w.-])python:(3\.\d+)/.exec(base)?.[1] ?? [])
  return versions.at(-1)
}

interface RequiredPython {
  file: string
  requirement: string
}

/** The requirement of a project's metadata. */
function requiredPython(files: ProjectFiles): RequiredPython | undefined {
  const { data } = readToml(files["pyproject.toml"] ?? "")
  const poetry = valueAt(data, "tool", "poetry", "dependencies", "python")
  const options = readIni(files["setup.cfg"] ?? "").get("options")
  const setup = /python_requires\s*=\s*["']([^"']+)["']/.exec(files["setup.py"] ?? "")?.[1]
  const found: RequiredPython[] = [
    {
      file: "requires-python in pyproject.toml",
      requirement: text(valueAt(data, "project", "requires-python")),
    },
    {
      file: "Poetry's python in pyproject.toml",
      requirement: text(poetry) || text(valueAt(poetry, "version")),
    },
    { file: "python_requires in setup.cfg", requirement: options?.get("python_requires") ?? "" },
    { file: "python_requires in setup.py", requirement: setup ?? "" },
  ]
  return found.find(({ requirement }) => /\d/.test(requirement))
}

/** The versions that a requirement allows; first those that the project says it is tested with. */
function inRange(
  { file, requirement }: RequiredPython,
  known: readonly string[],
  listed: PythonWish | undefined,
): PythonWish {
  const inAll = known.filter((version) => allowsMinor(requirement, minorOf(version))).reverse()
  const tested = (listed?.versions ?? []).filter((version) => inAll.includes(version))
  const allowed = [...tested, ...inAll.filter((version) => !tested.includes(version))]
  const range = `${file} is "${requirement}"`
  const reason =
    tested.length === 0 ? range : `${range}, and ${listed?.reason ?? ""} is up to ${tested[0] ?? ""}`
  if (allowed.length > 0) return { versions: allowed, reason, exact: allowed.length === 1 }
  // One that we don't know: the newest below ours, else the oldest above.
  const others = [8, 7, 6, ...Array.from({ length: 15 }, (_, index) => 15 + index)]
  const other = others.find((minor) => allowsMinor(requirement, minor))
  return { versions: [other === undefined ? (known.at(-1) ?? "3") : `3.${other}`], reason, exact: true }
}

/** The newest version that tox's environments or the project's classifiers name. */
function listedVersions(files: ProjectFiles, known: readonly string[]): PythonWish | undefined {
  const { data } = readToml(files["pyproject.toml"] ?? "")
  const setup = `${files["setup.py"] ?? ""}\n${files["setup.cfg"] ?? ""}`
  const classifiers = [...textsIn(valueAt(data, "project", "classifiers")), ...setup.split(/["'\n]/)]
  const fromClassifiers = classifiers.flatMap(
    (line) => /^\s*Programming Language :: Python :: (3\.\d+)\s*$/.exec(line)?.[1] ?? [],
  )
  const tox = readIni(files["tox.ini"] ?? "").get("tox")
  const envlist = spelledOut(tox?.get("envlist") ?? tox?.get("env_list") ?? "")
  const fromTox = [...envlist.matchAll(/(?<!\w)(?:py)?3\.?(\d{1,2})(?!\d)/g)].map(
    ([, minor = ""]) => `3.${minor}`,
  )
  for (const [reason, found] of [
    ["tox.ini's envlist", fromTox],
    ["the project's classifiers", fromClassifiers],
  ] as const) {
    const versions = known.filter((version) => found.includes(version)).reverse()
    if (versions.length > 0) return { versions, reason, exact: false }
  }
  return undefined
}

/** Writes out what tox abbreviates: `py3{12,11}` as `py312,py311`, and `py{310-312}` as `py310,py311,py312`. */
const spelledOut = (envlist: string): string =>
  envlist.split("{").reduce((before, part) => {
    const [inner = "", ...after] = part.split("}")
    const prefix = /[\w.]{0,9}$/.exec(before)?.[0] ?? ""
    const words = inner.split(/[,\s]+/).flatMap(expandRange)
    return `${before},${words.map((word) => prefix + word).join(",")}${after.join("")}`
  })

/** The numbers of a range such as `310-312`; any other word alone. */
function expandRange(word: string): string[] {
  const [, first = "", last = ""] = /^(\d{1,3})-(\d{1,3})$/.exec(word) ?? []
  if (first === "") return [word]
  const length = Number(last) - Number(first) + 1
  return Array.from({ length: Math.max(0, length) }, (_, index) => String(Number(first) + index))
}

/** The minor number: 12 of `3.12`. */
export const minorOf = (version: string): number => Number(version.split(".")[1])
