/**
 * The one catalogue of errors: a function per code, each giving what failed, with the value quoted,
 * and what to do next. A code's exit code is what the `slipway` command ends with.
 */
import { cleanupErrors } from "./cleanup.js"
import { deployErrors } from "./deploy.js"
import { engineErrors } from "./engine.js"
import { type Catalogue, type CatalogueEntry, ExitCode, quote } from "./entry.js"
import { hostErrors } from "./host.js"
import { imageErrors } from "./image.js"
import { infraErrors } from "./infra.js"
import { kubeErrors } from "./kube.js"
import { metricsErrors } from "./metrics.js"
import { monitoringErrors } from "./monitoring.js"
import { releaseErrors } from "./release.js"
import { reproErrors } from "./repro.js"

export { ExitCode } from "./entry.js"

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
  OUT_UNWRITABLE: (file: string, reason: string) => ({
    message: `what the run says can't be written to ${quote(file)}: ${reason}`,
    remedy: "make room there, or pass a folder on another disk, for example --out=/tmp/out",
    exitCode: ExitCode.infrastructure,
  }),
  NOT_PYTHON: (seen: string[]) => ({
    message: `the source is no Python project: no .py file in it (found ${seen.map(quote).join(", ")})`,
    remedy: "pass the folder that holds the service's Python code, for example --source=./service",
    exitCode: ExitCode.badInput,
  }),
  CONFIG_INVALID: (file: string, problems: string[], total = problems.length) => ({
    message: [`${file} has ${total} ${total === 1 ? "problem" : "problems"}:`, ...problems].join("\n  "),
    remedy: "fix each line above; `slipway.schema.json` lists every key",
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_STAGE: (name: string, known: readonly string[]) => ({
    message: `unknown stage ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_SHELL: (name: string, known: readonly string[]) => ({
    message: `there is no completion for the shell ${quote(name)}`,
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
  UNKNOWN_EVENT: (event: string, known: readonly string[]) => ({
    message: `unknown event ${quote(event)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  DIRTY: (paths: readonly string[], total = paths.length) => ({
    message: `not as in the commit: ${paths.map(quote).join(", ")}${total > paths.length ? ` and ${total - paths.length} more` : ""}`,
    remedy: "commit or stash them; a release names a commit, and must be of it",
    exitCode: ExitCode.badInput,
  }),
  ...engineErrors,
  ...hostErrors,
  ...imageErrors,
  ...releaseErrors,
  ...infraErrors,
  ...kubeErrors,
  ...deployErrors,
  ...reproErrors,
  ...monitoringErrors,
  ...metricsErrors,
  ...cleanupErrors,
} satisfies Catalogue

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
  const { message, remedy, exitCode } = (catalogue[code] as (...args: unknown[]) => CatalogueEntry)(...args)
  return new SlipwayError(code, exitCode, message, remedy, options)
}
