import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs"
import { join, relative } from "node:path"
import { paths } from "./home.js"
import { withLock } from "./lock.js"
import { step } from "./progress.js"

/** The inputs of a build: texts, and folders with the names and content of their files. */
export interface StoreInputs {
  texts?: string[]
  folders?: string[]
}

/** The first 16 hexadecimal digits of a SHA-256 over all inputs. */
export function contentKey({ texts = [], folders = [] }: StoreInputs): string {
  const hash = createHash("sha256")
  const add = (text: string | Buffer) => hash.update(`${text.length}\0`).update(text)
  texts.forEach(add)
  for (const folder of folders)
    for (const file of filesBelow(folder)) add(`${relative(folder, file)}\0${readFileSync(file, "latin1")}`)
  return hash.digest("hex").slice(0, 16)
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Days that the store keeps unused entries; checkouts of several versions share it. */
const KEPT_DAYS = 7

/** True if a folder has been built of these inputs. */
export const isStored = (name: string, inputs: StoreInputs): boolean => existsSync(folderOf(name, inputs))

const folderOf = (name: string, inputs: StoreInputs): string =>
  join(paths.store, `${name}-${contentKey(inputs)}`)

/**
 * Builds a folder once for each content of its inputs; later calls only read it.
 *
 * It is built under a temporary name and renamed when done, so that the folder is always complete. Its modification
 * time is that of the last use.
 */
export async function stored(
  name: string,
  inputs: StoreInputs,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = folderOf(name, inputs)
  if (existsSync(folder)) return markUsed(folder)
  return withLock(join(paths.store, `.${name}.lock`), async () => {
    if (existsSync(folder)) return markUsed(folder)
    const partial = join(paths.store, `.${name}.partial`)
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial)
    await step(name, () => build(partial))
    renameSync(partial, folder)
    return folder
  })
}

function markUsed(folder: string): string {
  const now = new Date()
  utimesSync(folder, now, now)
  return folder
}

/** Deletes unused entries. Call it only while no engine runs, since an engine reads from the store. */
export function sweepStore(): void {
  const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000
  for (const name of readdirSync(paths.store)) {
    const folder = join(paths.store, name)
    if (!name.startsWith(".") && statSync(folder).mtimeMs < oldest)
      rmSync(folder, { recursive: true, force: true })
  }
}
