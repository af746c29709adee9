import type { Container } from "@dagger.io/dagger"
import { isExecError } from "../lib/run/execError.js"
import type { ToolRun } from "../lib/run/finding.js"
import { didNotFinish, RECORD, recorded } from "../lib/run/command.js"
import { shellQuote } from "../lib/text/shellQuote.js"

/** A finished run, with the container as it left it. */
export interface Execution extends ToolRun {
  /** When it began, in milliseconds since 1970. */
  began: number
  container: Container
}

/**
 * Runs a command, with so many seconds for it. How it ended is in the result, whatever that was; so are its files.
 *
 * A run that was ended early is no result that may be kept. Where the cache holds such a one, the command is run again,
 * under a key that has not been used yet.
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
    if (!isExecError(error)) throw error
    const { exitCode, stdout, stderr } = error
    return { exitCode, began: Infinity, stdout, stderr, container: done }
  }
}

/** What a stage's log holds: the command, and all that it said. */
export const logOf = (command: readonly string[], { stdout, stderr }: ToolRun): string =>
  `$ ${shellQuote(command)}\n${stdout}${stderr}`

/** When a stage's run began and how long it was waited for. `asked` is when its result was asked for. */
export const timing = ({ began }: Execution, asked: number) => ({
  milliseconds: Date.now() - asked,
  cached: began < asked,
  began: Math.min(began, asked),
})
