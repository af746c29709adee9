import type { Container } from "@dagger.io/dagger"
import { isExecError, messageOf } from "../lib/run/execError.js"
import type { ToolRun } from "../lib/run/finding.js"
import { didNotFinish, RECORD, recorded } from "../lib/run/command.js"
import { shellQuote } from "../lib/text/shellQuote.js"

/** A finished run with the resulting container. */
export interface Execution extends ToolRun {
  /** The start, in milliseconds since 1970. */
  began: number
  container: Container
}

/**
 * Runs a command with a timeout; returns its result and files, whatever its exit code.
 *
 * A run that timed out or was killed is not a valid result: if the cache holds one, the command runs again with a new
 * cache key.
 */
export async function execute(
  container: Container,
  command: readonly string[],
  seconds: number,
): Promise<Execution> {
  const asked = Date.now()
  for (let attempt = container; ;) {
    const run = await finished(attempt.withExec(recorded(command, seconds)))
    if (!didNotFinish(run) || run.began >= asked) return run
    attempt = container.withEnvVariable("SLIPWAY_AFTER", String(run.began))
  }
}

async function finished(done: Container): Promise<Execution> {
  try {
    const [exitCode, began, stdout, stderr] = await Promise.all([
      done.file(RECORD.exitCode).contents(),
      done.file(RECORD.began).contents(),
      done.stdout(),
      done.stderr(),
    ])
    return { exitCode: Number(exitCode), began: Number(began), stdout, stderr, container: done }
  } catch (error) {
    // A check of a bound service that failed looks like the command's own failure.
    if (!isExecError(error) || messageOf(error).includes("(aliased as ")) throw error
    const { exitCode, stdout, stderr } = error
    return { exitCode, began: Infinity, stdout, stderr, container: done }
  }
}

/** Formats a stage's log: the command and all of its output. */
export const logOf = (command: readonly string[], { stdout, stderr }: ToolRun): string =>
  `$ ${shellQuote(command)}\n${stdout}${stderr}`

/** Returns the start of a stage's run, and how long it took since its result was requested at `asked`. */
export const timing = ({ began }: Execution, asked: number) => ({
  milliseconds: Date.now() - asked,
  cached: began < asked,
  began: Math.min(began, asked),
})
