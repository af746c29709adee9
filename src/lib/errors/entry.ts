import { redact } from "../text/redact.js"

/** The exit codes of the command, with their meanings. */
export const ExitCode = {
  /** Everything that was requested passed. */
  passed: 0,
  /** A gate failed: the service needs a change. */
  gateFailed: 1,
  /** Changes or drift were found, for commands that report them by exit code. */
  changes: 2,
  /** The infrastructure failed: engine, registry, network; the service may be fine. */
  infrastructure: 3,
  /** Bad input: source, configuration or arguments. */
  badInput: 4,
  /** The run was interrupted: by Ctrl-C, or by a CI host that cancelled the job. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The texts of an error and its exit code. */
export interface CatalogueEntry {
  /** The failure, with the value quoted. */
  message: string
  /** The allowed values, or the next step. */
  remedy: string
  exitCode: ExitCode
}

/** Errors by code. */
export type Catalogue = Record<string, (...args: never[]) => CatalogueEntry>

/** Quotes a value for a message, without what looks like a secret in it. */
export function quote(value: string): string {
  const shown = redact(value)
  return JSON.stringify(shown.length > 200 ? `${shown.slice(0, 200)}…` : shown)
}
