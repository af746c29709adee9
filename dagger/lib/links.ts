import { lstatSync } from "node:fs"
import { dirname, sep } from "node:path"

/** True for a folder itself, not for a link to one. */
export const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** The path itself if it is a link, or a folder on its way from a given folder that is one. */
export function linkIn(path: string, folder: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path
  const parent = dirname(path)
  return parent.startsWith(folder + sep) ? linkIn(parent, folder) : undefined
}
