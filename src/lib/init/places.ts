import { posix } from "node:path"
import { declaresPackages } from "../services/declared.js"
import { above, DEPENDENCY_FILES, localDependencies } from "../services/dependencies.js"
import { dnsLabel } from "../python/name.js"
import { MANIFESTS } from "../python/project.js"
import { glob } from "../security/glob.js"
import { someOf } from "../text/words.js"
import { asking, type InitFindings, type InitSetting, NOTHING } from "./findings.js"
import type { DescribedRepository } from "./repositoryView.js"
import { APART, folderOfFile, type InitSource, sourceBelow } from "./source.js"

/** A service that a repository evidently has. */
export interface FoundPlace {
  name: string
  /** Its folder; empty for the root. */
  path: string
}

/** The services of a repository, and the settings that say so. */
export interface FoundPlaces extends InitFindings {
  places: readonly FoundPlace[]
}

const OWN_MANIFESTS = MANIFESTS.map(glob)

/** The manifests in a folder itself, by name. */
export const manifestsIn = (source: InitSource, folder: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(sourceBelow(source, folder).texts).filter(([path]) =>
      OWN_MANIFESTS.some((matches) => matches(path)),
    ),
  )

const DOCKERFILE = /^(?:Dockerfile|Containerfile)(?:\.[\w-]+)?$/

/**
 * Finds the services of a repository: folders with manifests and a Dockerfile of their own.
 *
 * A repository whose root has both is one service, whatever lies below.
 */
export function findPlaces({ source, compose, jobs }: DescribedRepository): FoundPlaces {
  const root: FoundPlaces = { places: [{ name: "", path: "" }], ...NOTHING }
  const folders = projectFolders(source)
  const builds = [...compose.flatMap(({ build }) => build ?? []), ...jobs.flatMap((job) => job.builds)]
  const built = (folder: string) =>
    ownDockerfile(source, folder) !== undefined || builds.some(({ context }) => context === folder)
  const services = folders.filter((folder) => folder !== "" && built(folder)).filter(notBelowAnother)
  if (services.length === 0 || ownDockerfile(source, "") !== undefined) return root
  const [only = ""] = services
  if (services.length === 1 && folders.includes("") && !isWorkspace(source))
    return {
      ...root,
      ...asking(
        "services",
        `is ${only} (${placeOf(source, only)}) the service, rather than the root? Then write services: { ${nameOf(only, services)}: ${only} }`,
      ),
    }
  const places = services.map((path) => ({ name: nameOf(path, services), path }))
  return {
    places,
    settings: places.map((place): InitSetting => ({
      key: ["services", place.name],
      value: place.path,
      reason: placeOf(source, place.path),
    })),
    questions: otherProjects(source, folders, services),
  }
}

const isWorkspace = (source: InitSource): boolean =>
  /^\[tool\.uv\.workspace\]/m.test(source.texts["pyproject.toml"] ?? "")

/** The folders that declare packages of Python. */
function projectFolders(source: InitSource): string[] {
  const manifests = Object.keys(source.texts).filter(
    (path) =>
      OWN_MANIFESTS.some((matches) => matches(posix.basename(path))) || posix.basename(path) === "Pipfile",
  )
  const folders = [...new Set(manifests.map(folderOfFile))].filter((folder) => !APART.test(folder))
  return folders
    .filter((folder) => declaresPackages(manifestsIn(source, folder)))
    .filter((folder) => posix.basename(folder) !== "requirements")
    .sort()
}

const notBelowAnother = (folder: string, _: number, all: readonly string[]): boolean =>
  !above(folder).some((other) => other !== "" && all.includes(other))

const ownDockerfile = (source: InitSource, folder: string): string | undefined =>
  source.paths.find((path) => folderOfFile(path) === folder && DOCKERFILE.test(posix.basename(path)))

function placeOf(source: InitSource, folder: string): string {
  const manifests = Object.keys(manifestsIn(source, folder)).filter(
    (name) => !name.includes("/") && !DOCKERFILE.test(name),
  )
  const named = ["pyproject.toml", "setup.py"].find((name) => manifests.includes(name)) ?? manifests[0] ?? ""
  const dockerfile = ownDockerfile(source, folder)
  return [posix.join(folder, named), ...(dockerfile === undefined ? [] : [posix.basename(dockerfile)])].join(
    " and ",
  )
}

/** The name of a folder as a DNS label; with the folders above it if another one is called the same. */
function nameOf(folder: string, all: readonly string[]): string {
  const base = posix.basename(folder)
  const isUnique = all.filter((other) => posix.basename(other) === base).length === 1
  return dnsLabel(isUnique ? base : folder)
}

/** A question about projects that are neither a service nor used by one. */
function otherProjects(
  source: InitSource,
  folders: readonly string[],
  services: readonly string[],
): InitFindings["questions"] {
  const patterns = DEPENDENCY_FILES.map(glob)
  const texts = Object.fromEntries(
    Object.entries(source.texts).filter(([path]) => patterns.some((matches) => matches(path))),
  )
  const used = services.flatMap((service) => localDependencies(service, texts))
  const others = folders.filter(
    (folder) =>
      folder !== "" &&
      !services.some((service) => folder === service || folder.startsWith(`${service}/`)) &&
      !used.includes(folder),
  )
  if (others.length === 0) return []
  return [
    {
      key: "services",
      text: `has no Dockerfile, and no service requires it: ${someOf(others, 5)}. Name it in services or shared if it is one or used by one`,
    },
  ]
}
