import { fields, objects, parseJson, text } from "../text/json.js"
import { readToml } from "../text/toml.js"

/** Exact versions by normalised package name. */
export type Pins = ReadonlyMap<string, string>

interface LockFile {
  name: string
  text: string
}

/** A package's name as indexes compare it: https://peps.python.org/pep-0503/#normalized-names */
export const normaliseName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-")

/** Reads the exact versions in these files. A package with several versions is left out. */
export function readPins(files: readonly LockFile[]): Pins {
  const versions = new Map<string, Set<string>>()
  for (const [name, version] of files.flatMap(readFile)) {
    const known = versions.get(normaliseName(name)) ?? new Set()
    versions.set(normaliseName(name), known.add(version))
  }
  const single = [...versions].filter(([, found]) => found.size === 1)
  return new Map(single.map(([name, found]) => [name, [...found].join()]))
}

type Pin = [name: string, version: string]

/** True for the lock files of uv, Poetry and PDM. */
export const isTomlLock = (name: string): boolean =>
  !/\.txt$|^requirements.*\.lock$|Pipfile\.lock$/.test(name)

function readFile(file: LockFile): Pin[] {
  if (file.name.endsWith("Pipfile.lock")) return readPipfile(file.text)
  return isTomlLock(file.name) ? readPackages(file.text) : readRequirements(file.text)
}

/** `name[extra]==1.2.3 ; marker`, one a line. */
const readRequirements = (lines: string): Pin[] =>
  [...lines.matchAll(/^[ \t]*([A-Za-z0-9][\w.-]*)(?:\[[^[\]]*\])?[ \t]*==[ \t]*([\w.!+-]+)/gm)].map(
    ([, name = "", version = ""]) => [name, version],
  )

/** The tables that uv, Poetry and PDM write: `[[package]]` with name and version. */
const readPackages = (file: string): Pin[] =>
  objects(readToml(file).data.package).flatMap(({ name, version }): Pin[] =>
    text(name) === "" || text(version) === "" ? [] : [[text(name), text(version)]],
  )

function readPipfile(lock: string): Pin[] {
  const sections = Object.values(fields(parseJson(lock))).map(fields)
  return sections.flatMap((section) =>
    Object.entries(section).flatMap(([name, entry]): Pin[] => {
      const { version } = fields(entry)
      return typeof version === "string" && version.startsWith("==") ? [[name, version.slice(2)]] : []
    }),
  )
}

/** Versions as requirements. */
export const asRequirements = (pins: Pins): string[] =>
  [...pins].map(([name, version]) => `${name}==${version}`)

/** The text of a file of requirements. */
export const asLines = (requirements: readonly string[]): string =>
  requirements.map((line) => `${line}\n`).join("")
