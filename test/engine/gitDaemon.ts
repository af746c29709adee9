import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { freePort, hostAddress } from "./dagger.js"

/**
 * Serves the bare repositories of a folder to the engine during a callback, which receives the daemon's address.
 *
 * Anybody may push if `more` says so: `--enable=receive-pack`.
 */
export async function serving<T>(
  folder: string,
  use: (address: string) => Promise<T>,
  more: readonly string[] = [],
): Promise<T> {
  const [host, port] = [hostAddress(), await freePort()]
  const options = ["--export-all", `--base-path=${folder}`, `--listen=${host}`, `--port=${port}`, ...more]
  // A process group of its own, so that the helper that git starts is ended with it.
  const daemon = spawn("git", ["daemon", ...options], { detached: true, stdio: "ignore" })
  await sleep(200)
  try {
    return await use(`git://${host}:${port}`)
  } finally {
    if (daemon.pid) process.kill(-daemon.pid)
  }
}
