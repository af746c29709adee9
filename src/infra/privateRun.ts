import type { Container } from "@dagger.io/dagger"
import { execute, type Execution } from "../stage/execute.js"
import { privateText } from "../stage/privateFiles.js"
import { OUT } from "./terraform.js"

/** Files that the script writes the tool's output to. */
const [STDOUT, STDERR] = [`${OUT}/stdout`, `${OUT}/stderr`]

/**
 * Runs a command of the script that reaches state or plan.
 *
 * The script writes the output to files, since the engine's telemetry has what is printed, and a provider's message may
 * hold any value.
 */
export async function executePrivately(
  container: Container,
  command: readonly string[],
  seconds: number,
): Promise<Execution> {
  // They exist even if the script could not be started.
  const run = await execute(container.withNewFile(STDOUT, "").withNewFile(STDERR, ""), command, seconds)
  if (run.began === Infinity) return run
  const [stdout, stderr] = await Promise.all(
    [STDOUT, STDERR].map((path) => privateText(run.container.file(path))),
  )
  return { ...run, stdout: run.stdout + (stdout ?? ""), stderr: run.stderr + (stderr ?? "") }
}
