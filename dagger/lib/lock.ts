import { spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"

/**
 * Runs `work` while holding the lock of a file, exclusively on this machine.
 *
 * The kernel releases the lock when its holder dies in any way: flock(1) holds it while our end of its standard input
 * is open.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  const holder = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const exited = new Promise<void>((resolve) => holder.once("close", () => resolve()))
  await new Promise<void>((resolve, reject) => {
    holder.once("error", reject)
    holder.once("exit", () => reject(new Error(`locking "${file}": flock ended`)))
    holder.stdout.once("data", () => resolve())
  })
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await exited
  }
}
