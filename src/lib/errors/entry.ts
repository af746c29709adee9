/** What the process exits with, and what each number means. */
export const ExitCode = {
  /** Everything that was asked for passed. */
  passed: 0,
  /** A gate failed: the service needs a change. */
  gateFailed: 1,
  /** Changes or drift, where asked for. */
  changes: 2,
  /** The infrastructure failed: engine, registry, network; the service may be fine. */
  infrastructure: 3,
  /** Bad input: source, configuration or arguments. */
  badInput: 4,
  /** Somebody ended it: Ctrl-C, or a CI host that cancels its job. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** What an error says, and what it makes the command end with. */
export interface CatalogueEntry {
  /** What failed, with the value quoted. */
  message: string
  /** What is allowed, or what to do next. */
  remedy: string
  exitCode: ExitCode
}

/** Errors by their codes. */
export type Catalogue = Record<string, (...args: never[]) => CatalogueEntry>

/** A value as a message shows it. */
export const quote = (value: string): string =>
  JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value)
