import { type FSWatcher, readdirSync, watch } from "node:fs"
import { dirname, join, relative } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { visible } from "../../../src/lib/text/escape.js"
import { isFolder } from "../../lib/links.js"
import { say } from "../../lib/progress.js"
import { run } from "../../lib/shell.js"
import { contentDigest, MADE_BY_TOOLS, sourceFiles } from "./sourceFolder.js"

/** Milliseconds without a change after which files count as saved: editors and git write several. */
const QUIET_MS = 300

/** Waits for edits of a source: of what git knows or would add, but for the reports. */
export class SourceEdits {
  readonly #watchers = new Map<string, FSWatcher>()
  #wake: () => void = () => undefined
  #woken = false
  #stopped = false
  #warned = false

  constructor(
    readonly source: string,
    readonly out: string,
  ) {}

  /** The state of the content: equal content is the same state. */
  state = (): Promise<string> => contentDigest(this.source, this.out)

  /** Waits until the content differs from a state. Returns false if it was stopped before. */
  async differsFrom(state: string): Promise<boolean> {
    for (;;) {
      // Before the content is read, so that no edit falls between.
      await this.#watchFolders()
      if (this.#stopped) return false
      if ((await this.state()) !== state) return this.#settled()
      await this.#woke()
    }
  }

  /** Ends waiting. */
  stop(): void {
    this.#stopped = true
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    this.#changed()
  }

  #changed = (): void => {
    this.#woken = true
    this.#wake()
  }

  /** Waits for the next change of any file, and until changes pause. */
  async #woke(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (this.#woken) resolve()
    })
    await this.#settled()
  }

  /** Waits until no file has changed for a while. Returns false if it was stopped meanwhile. */
  async #settled(): Promise<boolean> {
    do {
      this.#woken = false
      await sleep(QUIET_MS)
    } while (this.#woken && !this.#stopped)
    return !this.#stopped
  }

  /** Watches the folders that there are now. */
  async #watchFolders(): Promise<void> {
    const folders = new Set(await foldersOf(this.source, this.out))
    for (const [folder, watcher] of this.#watchers)
      if (!folders.has(folder)) {
        watcher.close()
        this.#watchers.delete(folder)
      }
    if (this.#stopped) return
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watchFolder(folder)
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(join(this.source, folder), this.#changed)
      // A folder that is gone; its parent's watcher has said so.
      watcher.on("error", () => {
        watcher.close()
        this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, watcher)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === "ENOENT" || code === "ENOTDIR" || this.#warned) return
      this.#warned = true
      say(`! not every folder can be watched: ${visible(message)}`)
    }
  }
}

/** The folders of a source whose content can matter, relative to it; never those that git ignores, nor the reports. */
export async function foldersOf(source: string, out: string): Promise<string[]> {
  const own = relative(source, out)
  const folders = new Set(["."])
  const add = (folder: string): void => {
    for (let at = folder; !folders.has(at) && at !== "/"; at = dirname(at)) folders.add(at)
  }
  for (const file of await sourceFiles(source)) add(dirname(file))
  // Git lists no folder without a file, in which the next one may be made.
  for (const folder of await untrackedFolders(source)) add(folder)
  return [...folders].filter((folder) => folder !== own && !folder.startsWith(`${own}/`))
}

/** Folders in which git tracks nothing and ignores nothing, with those below; without git all that an upload includes. */
async function untrackedFolders(source: string): Promise<string[]> {
  const list = ["ls-files", "-z", "--others", "--directory", "--exclude-standard"]
  const { stdout, exitCode } = await run({ nothrow: true })`git -C ${source} ${list}`
  if (exitCode !== 0) return (await sourceFiles(source)).filter((name) => isFolder(join(source, name)))
  const tops = stdout.split("\0").filter((name) => name.endsWith("/"))
  return tops.flatMap((name) => [name.replace(/\/$/, ""), ...foldersBelow(source, name)])
}

/** All folders below one, without those that tools make. */
function foldersBelow(source: string, top: string): string[] {
  if (!isFolder(join(source, top))) return []
  return readdirSync(join(source, top), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    .filter((folder) => !MADE_BY_TOOLS.test(folder))
}
