import { posix } from "node:path"
import { without } from "../text/json.js"
import { findRequirements, type ProjectFiles } from "../python/project.js"
import { VERSION_FILES } from "../python/versions.js"
import { above, workspaceAbove } from "./dependencies.js"

/** Files in the folders above that hold for a service without its own. */
export const INHERITED: readonly string[] = [".python-version", ".tool-versions", ".pre-commit-config.yaml"]

/** True if files declare packages. */
export const declaresPackages = (manifests: ProjectFiles): boolean =>
  findRequirements(manifests).files.length > 0 ||
  manifests.Pipfile !== undefined ||
  manifests["Pipfile.lock"] !== undefined

/** What the folders of a repository say of a service. */
export interface DeclaringFolders {
  /** The service's folder, and its own files by name. */
  path: string
  own: ProjectFiles
  /** The folder that declares its packages, its own or the nearest above, and that one's files by name. */
  home: string
  declaring: ProjectFiles
  /** Texts by path, of the folders above and `home`: `INHERITED`, pyproject.toml and `uv.lock`. */
  files: ProjectFiles
}

/**
 * A service's manifests of several folders, as if they were in one, and the folder of uv's lock.
 *
 * A member of uv's workspace has the lock of the workspace. What says the version of Python is the nearest to the service.
 */
export function manifestsTogether({ path, own, home, declaring, files }: DeclaringFolders): {
  manifests: ProjectFiles
  lockFolder: string
} {
  const ofService = Object.entries(own).filter(
    ([name]) => (VERSION_FILES as readonly string[]).includes(name) || INHERITED.includes(name),
  )
  const together = { ...declaring, ...nearest(path, files), ...Object.fromEntries(ofService) }
  const workspace = workspaceAbove(home, files)
  if (workspace === undefined) return { manifests: together, lockFolder: home }
  const unlocked = without(together, "uv.lock")
  const lock = files[posix.join(workspace, "uv.lock")]
  return {
    manifests: lock === undefined ? unlocked : { ...unlocked, "uv.lock": lock },
    lockFolder: workspace,
  }
}

/** The inherited files of the folders above, each the nearest. */
const nearest = (path: string, files: ProjectFiles): ProjectFiles =>
  Object.fromEntries(
    above(path)
      .reverse()
      .flatMap((folder) => INHERITED.map((name) => [name, files[posix.join(folder, name)]]))
      .filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
