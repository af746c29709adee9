import { posix } from "node:path"
import { TOOL_FILES } from "../gates/tools.js"
import { MANIFESTS } from "../python/project.js"
import { glob } from "../security/glob.js"
import { above } from "./dependencies.js"
import type { ServicePlace } from "./places.js"

/** Files above a service that its tools look for: manifests, locks, and settings of tools. */
const ABOVE = [
  ...MANIFESTS,
  "Pipfile",
  "uv.toml",
  "poetry.toml",
  "pdm.toml",
  ...TOOL_FILES,
  "conftest.py",
  ".pre-commit-config.yaml",
  ".gitignore",
] as const

/** A service with everything that it uses of its repository. */
export interface ServiceView extends ServicePlace {
  /** Folders and files beside its own, from the repository's root. */
  uses: readonly string[]
}

/** Patterns of these files in the folders above a service. */
const filesAbove = (path: string): string[] =>
  above(path).flatMap((folder) => ABOVE.map((name) => posix.join(folder, name)))

/** Patterns of the files that a service may see beside its own folder. */
export const surroundings = ({ path, uses }: ServiceView): string[] => [...filesAbove(path), ...uses]

/** Files at the root that every service depends on. */
const ROOT = ["slipway.yaml", ".slipway"]

const isIn = (folder: string, file: string): boolean => file === folder || file.startsWith(`${folder}/`)

/** The first of these files, paths from the repository's root, that concerns a service; undefined if none does. */
export function touchedBy(view: ServiceView, files: readonly string[]): string | undefined {
  const folders = [view.path, ...view.uses, ...ROOT]
  const patterns = filesAbove(view.path).map(glob)
  return files.find(
    (file) => folders.some((folder) => isIn(folder, file)) || patterns.some((matches) => matches(file)),
  )
}
