import { redact } from "../text/redact.js"
import { oneLine } from "../text/words.js"

/** Error of a command that failed in a container. */
interface ExecError extends Error {
  cmd: string[]
  exitCode: number
  stdout: string
  stderr: string
}

/** True for an ExecError, by its name: the official TypeScript runtime doesn't export the class to modules. */
export function isExecError(error: unknown): error is ExecError {
  return error instanceof Error && error.name === "ExecError"
}

/** Number of the last lines that explain a failed command. */
const LAST_LINES = 3

/** Formats the failure of a command: what ran, its exit code and its last words. */
export function execErrorText({
  cmd,
  exitCode,
  stdout,
  stderr,
}: Omit<ExecError, "name" | "message">): string {
  const program = cmd.filter((word) => !word.startsWith("-")).slice(0, 3)
  const lines = (stderr.trim() || stdout.trim()).split("\n").filter((line) => line.trim() !== "")
  const said = oneLine(lines.slice(-LAST_LINES).join("; "))
  return `\`${oneLine(program.join(" "))}\` ended with exit code ${exitCode}: ${said || "it says nothing more"}`
}

/**
 * Returns an error's message without the engine's trace id.
 *
 * Of a command that failed the engine's client says the exit code alone: then that is the command with its last words.
 */
export function messageOf(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replace(
    /(?<! ) *\[traceparent:[\w-]+\]/g,
    "",
  )
  return redact(isExecError(error) && /^exit code: \d+$/.test(message) ? execErrorText(error) : message)
}
