import { existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { HOME, paths } from "../../lib/home.js"

/** Disk space for an engine and its builds. */
export const NEEDED_GIGABYTES = 6
/** The kernel's limit for the length of a socket's path. */
const LONGEST_SOCKET_PATH = 107

/** Checks that the kit can build and start an engine here. Fails before anything is built. */
export function checkMachine(): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0) throw fail("NOT_ROOT", [])
  if (paths.socket.length > LONGEST_SOCKET_PATH) throw fail("HOME_TOO_LONG", [HOME, LONGEST_SOCKET_PATH])
  const free = freeGigabytes(HOME)
  if (!existsSync(paths.store) && free < NEEDED_GIGABYTES)
    throw fail("DISK_FULL", [HOME, free, NEEDED_GIGABYTES])
}

/** Free disk space at a path that need not exist yet. */
export function freeGigabytes(path: string): number {
  while (!existsSync(path)) path = dirname(path)
  const { bavail, bsize } = statfsSync(path)
  return Math.floor((bavail * bsize) / 1e9)
}
