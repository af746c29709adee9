import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of monitoring and notifications. */
export const monitoringErrors = {
  RULES: (reason: string, exitCode: ExitCode = ExitCode.gateFailed) => ({
    message: `promtool rejects the alert rules: ${reason}`,
    remedy: "print the rules with `slipway alerts` and check monitoring in slipway.yaml",
    exitCode,
  }),
  RULES_STALE: (file: string) => ({
    message: `${quote(file)} differs from the rules that slipway.yaml defines`,
    remedy: "regenerate it: slipway alerts --yes",
    exitCode: ExitCode.gateFailed,
  }),
  UNKNOWN_RESULT: (result: string, known: readonly string[]) => ({
    message: `unknown deployment result ${quote(result)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  INVALID_DURATION: (value: string) => ({
    message: `invalid duration ${quote(value)}`,
    remedy: 'use 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h"',
    exitCode: ExitCode.badInput,
  }),
  UNDER_WAY: (version: string, phase: string, run: string) => ({
    message: `the deployment of ${quote(version)} by run ${quote(run)} is in progress (${phase})`,
    remedy: "wait until it ends, since it watches the version itself; see `slipway status`",
    exitCode: ExitCode.badInput,
  }),
  UNWELL: (version: string, environment: string, reason: string, done: string) => ({
    message: `${version} in ${environment} is unhealthy: ${reason}; ${done}`,
    remedy: "see `slipway status`, `slipway logs` and `slipway events`",
    exitCode: ExitCode.gateFailed,
  }),
} satisfies Catalogue
