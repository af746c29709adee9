import { spawn } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { basename, delimiter, dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { inCiJob } from "./output.js"
import type { Variables } from "./variables.js"

/** A program that opens a file as a double click would. */
export interface Opener {
  command: string
  /** Takes the file's name in its folder, since it doesn't know this system's paths. */
  byName?: boolean
  /** Ends with another exit code than 0 although it opens the file. */
  anyCode?: boolean
}

/** What the choice of an opener depends on. */
export interface Desktop {
  platform: NodeJS.Platform
  env: Variables
  /** True for a program that can be run. */
  has: (command: string) => boolean
}

const EXPLORER: Opener = { command: "explorer.exe", byName: true, anyCode: true }

/** Returns the opener of this machine, or the reason why nothing can be opened here. */
export function openerOf({ platform, env, has }: Desktop): Opener | string {
  if (inCiJob(env)) return "this is a job of a CI host"
  if (platform === "darwin") return { command: "open" }
  if (platform === "win32") return EXPLORER
  // In WSL the browser is that of Windows, whatever display there is.
  if (env["WSL_DISTRO_NAME"]) {
    const found = [{ command: "wslview" }, EXPLORER].find(({ command }) => has(command))
    if (found !== undefined) return found
  }
  // Editors that work on a remote machine set BROWSER to a program that opens one at home.
  if (!env["DISPLAY"] && !env["WAYLAND_DISPLAY"] && !env["BROWSER"]) return "there is no display"
  return has("xdg-open") ? { command: "xdg-open" } : "there is no xdg-open"
}

/** True if a program of this name is in PATH. */
export const inPath = (command: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return folder !== ""
    } catch {
      return false
    }
  })

/** Milliseconds after which an opener that still runs counts as one that has succeeded: it may be the browser. */
const PATIENCE_MS = 3000

/** Opens a file. Returns the reason if it can't be opened. */
export async function openFile(file: string, opener: Opener): Promise<string | undefined> {
  const { command, byName = false, anyCode = false } = opener
  // Detached and without this terminal: a browser outlives the command, and what it says is nobody's business.
  const child = spawn(command, [byName ? basename(file) : file], {
    cwd: dirname(file),
    stdio: "ignore",
    detached: true,
  })
  const ended = new Promise<string | undefined>((resolve) => {
    child.once("error", ({ message }) => resolve(message))
    child.once("exit", (code) => resolve(code === 0 || anyCode ? undefined : `${command} ended with ${code}`))
  })
  child.unref()
  const waited = new AbortController()
  const patience = sleep(PATIENCE_MS, undefined, { signal: waited.signal }).catch(() => undefined)
  try {
    return await Promise.race([ended, patience])
  } finally {
    waited.abort()
  }
}
