import { type Dirent, lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { IGNORED } from "../../../src/lib/image/ignored.js"
import { glob } from "../../../src/lib/security/glob.js"
import { type DoctorFinding, ok, warning } from "./finding.js"

/** Sizes above which an upload is slow. */
const MANY_BYTES = 100e6
const MANY_FILES = 20_000
const NAMED = 3

/** A folder and all that is below it. */
export interface Size {
  path: string
  bytes: number
  files: number
}

/** Checks the size of an upload to the engine, and names the largest folders. */
export function uploadFinding(folder: string): DoctorFinding {
  const sizes = sizesBelow(folder)
  const all = sizes.get("") ?? { path: "", bytes: 0, files: 0 }
  const value = `${megabytes(all.bytes)} in ${all.files} files are uploaded the first time`
  if (all.bytes < MANY_BYTES && all.files < MANY_FILES) return ok("upload", value)
  const named = largest([...sizes.values()], all).map(({ path, bytes }) => `${path} (${megabytes(bytes)})`)
  return warning(
    "upload",
    `${value}; the largest: ${named.join(", ") || "single files"}`,
    "move files that are not sources out of the folder, or take the sources from git: --source=https://…#COMMIT",
  )
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`

/** Sizes by folder, with the total under the empty path; without ignored files and symbolic links. */
export function sizesBelow(folder: string): Map<string, Size> {
  const ignored = IGNORED.map(glob)
  const sizes = new Map<string, Size>()
  const visit = (path: string): Size => {
    const size = { path, bytes: 0, files: 0 }
    for (const entry of entries(join(folder, path))) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`
      if (ignored.some((matches) => matches(below))) continue
      const part = entry.isDirectory()
        ? visit(below)
        : { bytes: entry.isFile() ? lstatSync(join(folder, below)).size : 0, files: 1 }
      size.bytes += part.bytes
      size.files += part.files
    }
    sizes.set(path, size)
    return size
  }
  visit("")
  return sizes
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return [] // an unreadable folder isn't uploaded either
  }
}

/** The deepest folders with a large part of the upload; without their parents, which would add nothing. */
function largest(sizes: readonly Size[], all: Size): Size[] {
  const heavy = sizes.filter(
    ({ path, bytes, files }) =>
      path !== "" &&
      ((all.bytes >= MANY_BYTES && bytes > all.bytes / 5) ||
        (all.files >= MANY_FILES && files > all.files / 5)),
  )
  return heavy
    .filter(({ path }) => !heavy.some((other) => other.path.startsWith(`${path}/`)))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, NAMED)
}
