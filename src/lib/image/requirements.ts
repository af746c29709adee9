import { findRequirements, type ProjectFiles, type Requirements } from "../python/project.js"
import { isTomlLock, normaliseName, readPins } from "../python/pins.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { readToml, valueAt } from "../text/toml.js"

/** Names of requirement files for development. */
const DEVELOPMENT =
  /(^|[-_./])(dev|develop|development|tests?|testing|lint|qa|quality|style|types?|typing|mypy)([-_./]|$)/

const forRunning = (name: string): boolean => !DEVELOPMENT.test(name)

/** Returns the requirements for running a service: those of `findRequirements` without the ones for development. */
export function runtimeRequirements(manifests: ProjectFiles, chosen?: readonly string[]): Requirements {
  const picked = chosen?.filter(forRunning) ?? []
  const found = findRequirements(manifests, picked.length > 0 ? picked : undefined)
  const files = found.files.filter(forRunning)
  const locked = files.length === 0 ? pipenvPackages(manifests["Pipfile.lock"] ?? "") : []
  return {
    ...found,
    files: locked.length > 0 ? ["Pipfile.lock"] : files,
    inputs: files,
    locked,
    needsSource: found.needsSource || namesFolder(manifests),
  }
}

/** True if any table of pyproject.toml has a `path` or `workspace`, which may be a package in the source. */
function namesFolder(manifests: ProjectFiles): boolean {
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  for (const tables: unknown[] = [data]; tables.length > 0;) {
    const table = tables.pop()
    const entries = Array.isArray(table)
      ? table.map((value: unknown) => ["", value] as const)
      : Object.entries(fields(table))
    if (entries.some(([key, value]) => /^(path|workspace)$/.test(key) && typeof value !== "object"))
      return true
    for (const [, value] of entries) tables.push(value)
  }
  return false
}

const pipenvPackages = (lock: string): string[] => Object.keys(fields(fields(parseJson(lock)).default))

/** True for a project whose code is installed as a package; Poetry and uv can switch that off. */
export function isPackage(manifests: ProjectFiles): boolean {
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  if (valueAt(data, "tool", "poetry", "package-mode") === false) return false
  if (valueAt(data, "tool", "uv", "package") === false) return false
  return data["build-system"] !== undefined || manifests["setup.py"] !== undefined
}

/** True for a build system's complaint about a project without a package, or with several: it runs from its folder. */
export const findsNoPackage = (complaint: string): boolean =>
  [
    /Multiple top-level (packages|modules) discovered/, // setuptools
    /No file\/folder found for (package|module)/, // Poetry, Flit
    /Unable to determine which files to ship/, // Hatch
    /Expected a Python module at/, // uv
  ].some((said) => said.test(complaint))

/** Line of a lock that names a folder of the source, relative to its root or to that of the container. */
const FOLDER =
  /^(?:-e |--editable )?(?:file:)?(?:\/\/\/src|(?=\.))(\.{0,2}(?:\/[^\s[;]*)?)(?:\[[^\]]*\])?(?:[ ;].*)?$/

/** Separates the folders of the source from a lock's packages; `./` is the source's root. */
export function withoutFolders(lock: string): { lock: string; folders: string[] } {
  const lines = lock.split("\n").map((line) => ({ line, path: FOLDER.exec(line)?.[1] }))
  const folders = lines.flatMap(({ path }) => (path === undefined ? [] : `./${path.replace(/^[./]+/, "")}`))
  const others = lines.filter(({ path }) => path === undefined).map(({ line }) => line)
  return { lock: others.join("\n"), folders: [...new Set(folders)] }
}

/** Collects the hashes of each package's version from the service's requirement and lock files. */
export function readHashes(manifests: ProjectFiles): Map<string, Set<string>> {
  const hashes = new Map<string, Set<string>>()
  for (const [file, text] of Object.entries(manifests))
    for (const [name, version, part] of packagesOf(file, text)) {
      const key = `${normaliseName(name)}==${version}`
      const known = hashes.get(key) ?? new Set()
      for (const [hash] of part.matchAll(/sha256:[0-9a-f]{64}/g)) known.add(hash)
      hashes.set(key, known)
    }
  return hashes
}

type Part = [name: string, version: string, text: string]

/** Splits a lock file into its packages. */
function packagesOf(file: string, lock: string): Part[] {
  if (isTomlLock(file))
    return objects(readToml(lock).data.package).map((entry) => [
      text(entry.name),
      text(entry.version),
      JSON.stringify(entry),
    ])
  if (file.endsWith("Pipfile.lock"))
    return Object.values(fields(parseJson(lock)))
      .flatMap((section) => Object.entries(fields(section)))
      .map(([name, entry]) => [
        name,
        readPins([{ name: file, text: JSON.stringify({ one: { [name]: entry } }) }]).get(
          normaliseName(name),
        ) ?? "",
        JSON.stringify(entry),
      ])
  return lock.split(/^(?=[A-Za-z0-9])/m).flatMap((part): Part[] => {
    const [, name = "", version = ""] =
      /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*==\s*([\w.!+-]+)/.exec(part) ?? []
    return name === "" ? [] : [[name, version, part]]
  })
}

/** Adds the known hashes to a lock: the installer refuses a package with another one. */
export const withHashes = (lock: string, hashes: ReadonlyMap<string, ReadonlySet<string>>): string =>
  lock.replace(
    /^([A-Za-z0-9][\w.-]*)(?:\[[^[\]]*\])?==([\w.!+-]+)[^\n]*/gm,
    (line, name: string, version: string) =>
      [line, ...(hashes.get(`${normaliseName(name)}==${version}`) ?? [])].join(" --hash="),
  )
