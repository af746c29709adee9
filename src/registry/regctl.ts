import { type Container, dag } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { imageReference, REGCTL_VERSION } from "../stage/images.js"
import { setTimeout as sleep } from "timers/promises"
import { registryError, registryFailure } from "../lib/release/registryError.js"
import type { ToolRun } from "../lib/run/finding.js"
import { each } from "./cosign.js"
import { WAITS, NOT_RUN, persistently } from "./publish.js"

/** Reads and writes images in registries and layouts. */
export const regctl = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("regctl", REGCTL_VERSION, config.images))
    .withUser("0") // for mounted files

/** Runs regctl with each of these arguments, again after a while for what may pass by itself. */
export async function regctlRuns(
  tools: Container,
  calls: readonly (readonly string[])[],
): Promise<ToolRun[]> {
  const command = (args: readonly string[]) => ["regctl", "-v", "error", ...args]
  const runs = await each(tools, calls.map(command))
  for (const wait of WAITS) {
    const again = runs.flatMap((run, index) =>
      run.exitCode !== 0 && registryFailure(run).retry ? [index] : [],
    )
    if (again.length === 0) break
    await sleep(wait)
    const tried = await each(
      tools,
      again.map((index) => command(calls[index] ?? [])),
    )
    again.forEach((index, at) => (runs[index] = tried[at] ?? runs[index] ?? NOT_RUN))
  }
  return runs
}

/** The tags of a repository; one that isn't there yet has none. */
export async function tagsOf(repository: string, tools: Container): Promise<string[]> {
  const run = await persistently(tools, ["tag", "ls", repository])
  if (run.exitCode === 0) return run.stdout.split("\n").filter(Boolean)
  if (registryFailure(run).kind === "missing") return []
  throw registryError(run, repository)
}
