/** Error of a command that failed in a container. */
interface ExecError extends Error {
  exitCode: number
  stdout: string
  stderr: string
}

/** True for an ExecError, by its name: the official TypeScript runtime doesn't export the class to modules. */
export function isExecError(error: unknown): error is ExecError {
  return error instanceof Error && error.name === "ExecError"
}
