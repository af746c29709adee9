/**
 * The one catalogue of errors: a function per code, each giving what failed, with the value quoted,
 * and what to do next. A code's exit code is what the `slipway` command ends with.
 */

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
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

interface Entry {
  message: string
  remedy: string
  exitCode: ExitCode
}

const quote = (value: string): string =>
  JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value)

const catalogue = {
  EMPTY_SOURCE: () => ({
    message: "the source holds no files",
    remedy: "pass the service's folder, for example --source=.",
    exitCode: ExitCode.badInput,
  }),
  NO_SOURCE: (source: string) => ({
    message: `there is no folder ${quote(source)} to check`,
    remedy: "pass the service's folder, for example --source=., or a git address",
    exitCode: ExitCode.badInput,
  }),
  OUT_NOT_FOLDER: (out: string, reason: string) => ({
    message: `no reports can be left in ${quote(out)}: ${reason}`,
    remedy: "pass a folder that can be written to, for example --out=out",
    exitCode: ExitCode.badInput,
  }),
  NOT_PYTHON: (seen: string[]) => ({
    message: `the source is no Python project: no .py file in it (found ${seen.map(quote).join(", ")})`,
    remedy: "pass the folder that holds the service's Python code, for example --source=./service",
    exitCode: ExitCode.badInput,
  }),
  CONFIG_INVALID: (file: string, problems: string[], total = problems.length) => ({
    message: [`${file} has ${total} ${total === 1 ? "problem" : "problems"}:`, ...problems].join("\n  "),
    remedy: "mend each line above; `slipway.schema.json` lists every key",
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_STAGE: (name: string, known: readonly string[]) => ({
    message: `unknown stage ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  INVALID_TIME: (value: string) => ({
    message: `${quote(value)} is no time`,
    remedy: "give one as RFC 3339 has it, for example 2026-03-01T12:00:00Z, or none for the present",
    exitCode: ExitCode.badInput,
  }),
  GATE_FAILED: (failures: string) => ({
    message: failures.trimEnd(),
    remedy: "mend what is listed, or run `fix` for what a tool can mend by itself",
    exitCode: ExitCode.gateFailed,
  }),
  NOT_ROOT: () => ({
    message: "making a Dagger engine takes root on Linux",
    remedy:
      "run as root, or install the dagger CLI and a container runtime, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST",
    exitCode: ExitCode.infrastructure,
  }),
  NO_CLI: (host: string, version: string) => ({
    message: `the engine at ${quote(host)} is to be used, but there is no dagger command of at least ${version}`,
    remedy: "install the dagger CLI, or unset _EXPERIMENTAL_DAGGER_RUNNER_HOST",
    exitCode: ExitCode.infrastructure,
  }),
  HOME_TOO_LONG: (home: string, limit: number) => ({
    message: `the engine's socket below ${quote(home)} would have a path of more than ${limit} characters`,
    remedy: "set SLIPWAY_HOME to a shorter path",
    exitCode: ExitCode.infrastructure,
  }),
  DISK_FULL: (path: string, free: number, needed: number) => ({
    message: `${quote(path)} has ${free} GB left, and ${needed} GB are needed`,
    remedy: "free some space, or set SLIPWAY_HOME to a folder on another disk",
    exitCode: ExitCode.infrastructure,
  }),
  PACKAGE_MISSING: (names: string[], reason: string) => ({
    message: `installing the Debian packages ${names.map(quote).join(", ")}: ${reason}`,
    remedy: "install them by hand, then run this again",
    exitCode: ExitCode.infrastructure,
  }),
  ROOT_BUILD: (reason: string) => ({
    message: `unpacking Debian packages: ${reason}`,
    remedy: "see whether the package named above can be had from this machine's package sources",
    exitCode: ExitCode.infrastructure,
  }),
  GO_BUILD: (reason: string) => ({
    message: `building from Go modules: ${reason}`,
    remedy: "a module that is refused can't be had from this machine's module proxy (GOPROXY)",
    exitCode: ExitCode.infrastructure,
  }),
  NPM_INSTALL: (what: string, reason: string) => ({
    message: `installing ${what}: ${reason}`,
    remedy: "a package that is refused can't be had from this machine's npm registry",
    exitCode: ExitCode.infrastructure,
  }),
  NO_NETWORK: (used: string[]) => ({
    message: `every private network that the engine could take is in use: ${used.join(", ")}`,
    remedy: "remove a route below 10.0.0.0/8 that isn't needed",
    exitCode: ExitCode.infrastructure,
  }),
  ENGINE_START: (reason: string) => ({
    message: `the engine did not start:\n${reason}`,
    remedy: "`slipway engine logs` shows the whole log",
    exitCode: ExitCode.infrastructure,
  }),
} satisfies Record<string, (...args: never[]) => Entry>

export type ErrorCode = keyof typeof catalogue

/** An error that a user can act upon. Its message carries the code, the value quoted and the remedy. */
export class SlipwayError extends Error {
  override readonly name = "SlipwayError"

  constructor(
    readonly code: ErrorCode,
    readonly exitCode: ExitCode,
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${message}\n→ ${remedy} [${code}]`, options)
  }
}

/** What an error makes the command end with: one that nobody foresaw is the infrastructure's. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof SlipwayError ? error.exitCode : ExitCode.infrastructure

/** Makes the error of a code: `throw fail("UNKNOWN_STAGE", [name, stages])`. */
export function fail<C extends ErrorCode>(
  code: C,
  args: Parameters<(typeof catalogue)[C]>,
  options?: ErrorOptions,
): SlipwayError {
  const { message, remedy, exitCode } = (catalogue[code] as (...args: unknown[]) => Entry)(...args)
  return new SlipwayError(code, exitCode, message, remedy, options)
}
