import { posix } from "node:path"
import { fields, objects, parseJson, text } from "../text/json.js"
import { readToml } from "../text/toml.js"
import { isTomlLock, normaliseName, readPins } from "./pins.js"
import type { ProjectFiles } from "./project.js"

/**
 * Separates the folders of the source from a lock's packages; `./` is the service's own.
 *
 * @param at The service's folder in the container that made the lock.
 */
export function withoutFolders(lock: string, at?: string): { lock: string; folders: string[] } {
  const lines = lock.split("\n").map((line) => ({ line, folder: localFolder(line, at) }))
  const folders = lines.flatMap(({ folder }) => folder ?? [])
  const others = lines.filter(({ folder }) => folder === undefined).map(({ line }) => line)
  return { lock: others.join("\n"), folders: [...new Set(folders)] }
}

/**
 * Returns the folder of the source that a requirement names, such as `./libs/a` or `../../libs/a`, relative to the
 * service's folder; undefined for any other requirement.
 *
 * @param at The service's folder in the container, with which absolute paths begin.
 */
export function localFolder(line: string, at = "/src"): string | undefined {
  const editable = /^(?:-e|--editable)[ =]/.test(line)
  const [place = ""] = line
    .replace(/^(?:-e|--editable)[ =]\s*/, "")
    .replace(/^[A-Za-z0-9][\w.-]*(?:\[[^[\]]*\])?[ \t]*@[ \t]*/, "")
    .split(/[ ;]/)
  const path = place.replace(/\[[^[\]]*\]$/, "")
  const isFile = path.startsWith("file:")
  const isPath = /^\.{1,2}(?:\/|$)/.test(path) || /^[\w-][\w.-]*\/[\w./-]*$/.test(path)
  if (/\.(?:whl|zip|tar\.\w+|tgz)$/.test(path)) return undefined
  if (!isFile && !isPath && !(editable && path !== "" && !path.includes(":"))) return undefined
  const folder = posix.relative(at, posix.resolve(at, path.replace(/^file:(?:\/\/)?/, "")))
  return folder.startsWith("..") ? folder : `./${folder}`
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
