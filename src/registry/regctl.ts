import { type Container, dag } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { imageReference, REGCTL_VERSION } from "../stage/images.js"
import { setTimeout as sleep } from "timers/promises"
import { registryError, registryFailure } from "../lib/release/registryError.js"
import type { ToolRun } from "../lib/run/finding.js"
import { runEach } from "./cosign.js"

/** Creates a container with regctl, for images in registries and layouts. */
export const regctlContainer = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("regctl", REGCTL_VERSION, config.images))
    .withUser("0") // for mounted files

/** Runs regctl with each list of arguments, and retries transient failures after a while. */
export async function regctlRuns(
  tools: Container,
  calls: readonly (readonly string[])[],
): Promise<ToolRun[]> {
  const command = (args: readonly string[]) => ["regctl", "-v", "error", ...args]
  const runs = await runEach(tools, calls.map(command))
  for (const wait of WAITS) {
    const again = runs.flatMap((run, index) =>
      run.exitCode !== 0 && registryFailure(run).retry ? [index] : [],
    )
    if (again.length === 0) break
    await sleep(wait)
    const tried = await runEach(
      tools,
      again.map((index) => command(calls[index] ?? [])),
    )
    again.forEach((index, at) => (runs[index] = tried[at] ?? runs[index] ?? NOT_RUN))
  }
  return runs
}

/** Returns the tags of a repository; none if it doesn't exist yet. */
export async function tagsOf(repository: string, tools: Container): Promise<string[]> {
  const run = await tryRegctl(tools, ["tag", "ls", repository])
  if (run.exitCode === 0) return run.stdout.split("\n").filter(Boolean)
  if (registryFailure(run).kind === "missing") return []
  throw registryError(run, repository)
}

/** Milliseconds before each retry; regctl itself retries several times within each attempt. */
export const WAITS = [2000, 8000]
export const NOT_RUN: ToolRun = { exitCode: 1, stdout: "", stderr: "regctl was not run" }
export async function tryRegctl(tools: Container, args: readonly string[]): Promise<ToolRun> {
  const [run] = await regctlRuns(tools, [args])
  if (run === undefined) throw new Error("regctl was not run")
  return run
}
