import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { freePort, hostAddress } from "./dagger.js"

/** Serves the bare repositories below a folder to the engine while something goes on, which is told where. */
export async function serving<T>(folder: string, use: (address: string) => Promise<T>): Promise<T> {
  const [host, port] = [hostAddress(), await freePort()]
  const options = ["--export-all", `--base-path=${folder}`, `--listen=${host}`, `--port=${port}`]
  // In a group of its own, which takes the helper with it that git starts.
  const daemon = spawn("git", ["daemon", ...options], { detached: true, stdio: "ignore" })
  await sleep(200)
  try {
    return await use(`git://${host}:${port}`)
  } finally {
    if (daemon.pid) process.kill(-daemon.pid)
  }
}
