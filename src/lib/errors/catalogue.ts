/**
 * The catalogue of errors: a function per code that states the failure, with the value quoted, and the next step.
 * The `slipway` command exits with the exit code of the error.
 */
import { cleanupErrors } from "./cleanup.js"
import { commitErrors } from "./commit.js"
import { deployErrors } from "./deploy.js"
import { engineErrors } from "./engine.js"
import { type Catalogue, type CatalogueEntry, ExitCode, quote } from "./entry.js"
import { hostErrors } from "./host.js"
import { imageErrors } from "./image.js"
import { infraErrors } from "./infra.js"
import { kubeErrors } from "./kube.js"
import { metricsErrors } from "./metrics.js"
import { monitoringErrors } from "./monitoring.js"
import { pythonErrors } from "./python.js"
import { releaseErrors } from "./release.js"
import { serviceErrors } from "./services.js"
import { reproErrors } from "./repro.js"
import { redact } from "../text/redact.js"

export { ExitCode } from "./entry.js"

const catalogue = {
  EMPTY_SOURCE: () => ({
    message: "the source contains no files",
    remedy: "pass the service's folder, for example --source=.",
    exitCode: ExitCode.badInput,
  }),
  NO_SOURCE: (source: string) => ({
    message: `source folder not found: ${quote(source)}`,
    remedy: "pass the service's folder, for example --source=., or a git address",
    exitCode: ExitCode.badInput,
  }),
  OUT_NOT_FOLDER: (out: string, reason: string) => ({
    message: `can't write reports to ${quote(out)}: ${reason}`,
    remedy: "pass a writable folder, for example --out=out",
    exitCode: ExitCode.badInput,
  }),
  OUT_UNWRITABLE: (file: string, reason: string) => ({
    message: `can't write the log ${quote(file)}: ${reason}`,
    remedy: "free some space, or pass a folder on another disk, for example --out=/tmp/out",
    exitCode: ExitCode.infrastructure,
  }),
  NOT_PYTHON: (seen: string[]) => ({
    message: `not a Python project: no .py file in the source (found ${seen.map(quote).join(", ")})`,
    remedy: "pass the folder that holds the service's Python code, for example --source=./service",
    exitCode: ExitCode.badInput,
  }),
  CONFIG_INVALID: (file: string, problems: string[], total = problems.length) => ({
    message: [`${file} has ${total} ${total === 1 ? "problem" : "problems"}:`, ...problems].join("\n  "),
    remedy: "fix each line above; `slipway schema` prints every key",
    exitCode: ExitCode.badInput,
  }),
  BASELINE_INVALID: (problems: string[], total = problems.length) => ({
    message: [
      `the baseline has ${total} ${total === 1 ? "problem" : "problems"}:`,
      ...problems,
      ...(total > problems.length ? [`… and ${total - problems.length} more`] : []),
    ].join("\n  "),
    remedy: "take the file of the last commit and run `slipway baseline`, which only removes from it",
    exitCode: ExitCode.badInput,
  }),
  BASELINE_REASON: () => ({
    message: "no reason for which the baseline grows",
    remedy: 'say why, for example --grow="flake8 8 has new rules"',
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_STAGE: (name: string, known: readonly string[]) => ({
    message: `unknown stage ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_SHELL: (name: string, known: readonly string[]) => ({
    message: `unknown shell ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  INVALID_TIME: (value: string) => ({
    message: `invalid time ${quote(value)}`,
    remedy: "pass a time as in RFC 3339, for example 2026-03-01T12:00:00Z, or none for the present",
    exitCode: ExitCode.badInput,
  }),
  GATE_FAILED: (failures: string) => ({
    message: failures.trimEnd(),
    remedy: "fix the findings above; `slipway fix` fixes formatting",
    exitCode: ExitCode.gateFailed,
  }),
  UNKNOWN_EVENT: (event: string, known: readonly string[]) => ({
    message: `unknown event ${quote(event)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  WATCH_EVENT: (event: string) => ({
    message: `--watch runs local runs alone, not the event ${quote(event)}: each edit would repeat its effects`,
    remedy: "leave out --event, or --watch",
    exitCode: ExitCode.badInput,
  }),
  WATCH_ADDRESS: (source: string) => ({
    message: `--watch can't see edits of a source at an address: ${quote(source)}`,
    remedy: "pass a folder, for example --source=.",
    exitCode: ExitCode.badInput,
  }),
  DIRTY: (paths: readonly string[], total = paths.length) => ({
    message: `uncommitted changes: ${paths.map(quote).join(", ")}${total > paths.length ? ` and ${total - paths.length} more` : ""}`,
    remedy: "commit or stash them: a release must match its commit exactly",
    exitCode: ExitCode.badInput,
  }),
  ...engineErrors,
  ...hostErrors,
  ...imageErrors,
  ...pythonErrors,
  ...releaseErrors,
  ...serviceErrors,
  ...infraErrors,
  ...kubeErrors,
  ...commitErrors,
  ...deployErrors,
  ...reproErrors,
  ...monitoringErrors,
  ...metricsErrors,
  ...cleanupErrors,
} satisfies Catalogue

export type ErrorCode = keyof typeof catalogue

/** An error that a user can act on. Its message carries the quoted value, the remedy and the code. */
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

/** Returns the exit code for an error; an unexpected error counts as a failure of the infrastructure. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof SlipwayError ? error.exitCode : ExitCode.infrastructure

/** Creates the error of a code: `throw fail("UNKNOWN_STAGE", [name, stages])`. */
export function fail<C extends ErrorCode>(
  code: C,
  args: Parameters<(typeof catalogue)[C]>,
  options?: ErrorOptions,
): SlipwayError {
  const { message, remedy, exitCode } = (catalogue[code] as (...args: unknown[]) => CatalogueEntry)(...args)
  // Whatever is quoted may be a secret in the wrong place.
  return new SlipwayError(code, exitCode, redact(message), remedy, options)
}
