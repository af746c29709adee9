/** What a command that failed in a container throws. */
export interface ExecError extends Error {
  exitCode: number
  stdout: string
  stderr: string
}

/** By its name: the official TypeScript runtime has no such class among what modules can import. */
export function isExecError(error: unknown): error is ExecError {
  return error instanceof Error && error.name === "ExecError"
}
