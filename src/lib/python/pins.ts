/** Exact versions by normalised package name. */
export type Pins = ReadonlyMap<string, string>

interface LockFile {
  name: string
  text: string
}

/** A package's name as indexes compare it: https://peps.python.org/pep-0503/#normalized-names */
export const normalise = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-")

/** Reads the exact versions of all these files. A package with several versions, one for each platform, is left out. */
export function readPins(files: readonly LockFile[]): Pins {
  const versions = new Map<string, Set<string>>()
  for (const [name, version] of files.flatMap(readFile)) {
    const known = versions.get(normalise(name)) ?? new Set()
    versions.set(normalise(name), known.add(version))
  }
  const single = [...versions].filter(([, found]) => found.size === 1)
  return new Map(single.map(([name, found]) => [name, [...found].join()]))
}

type Pin = [name: string, version: string]

function readFile({ name, text }: LockFile): Pin[] {
  if (name.endsWith("Pipfile.lock")) return readPipfile(text)
  return /\.txt$|^requirements.*\.lock$/.test(name) ? readRequirements(text) : readPackages(text)
}

/** `name[extra]==1.2.3 ; marker`, one a line. */
const readRequirements = (text: string): Pin[] =>
  [...text.matchAll(/^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*([\w.!+-]+)/gm)].map(
    ([, name = "", version = ""]) => [name, version],
  )

/** The tables that uv, Poetry and PDM write: `[[package]]`, then name and version. */
const readPackages = (text: string): Pin[] =>
  [...text.matchAll(/^\[\[package\]\]\s+name = "([^"]+)"\s+version = "([^"]+)"/gm)].map(
    ([, name = "", version = ""]) => [name, version],
  )

function readPipfile(text: string): Pin[] {
  const sections = Object.values(asRecord(parse(text))).map(asRecord)
  return sections.flatMap((section) =>
    Object.entries(section).flatMap(([name, entry]): Pin[] => {
      const { version } = asRecord(entry)
      return typeof version === "string" && version.startsWith("==") ? [[name, version.slice(2)]] : []
    }),
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
