import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of watching what is deployed, and of telling people. */
export const monitoringErrors = {
  RULES: (reason: string, exitCode: ExitCode = ExitCode.gateFailed) => ({
    message: `promtool doesn't take the alert rules: ${reason}`,
    remedy: "see what `slipway alerts` prints; monitoring in slipway.yaml says what they are made of",
    exitCode,
  }),
  RULES_STALE: (file: string) => ({
    message: `${quote(file)} isn't what slipway.yaml makes of it`,
    remedy: "make it anew: slipway alerts --yes",
    exitCode: ExitCode.gateFailed,
  }),
  UNKNOWN_RESULT: (result: string, known: readonly string[]) => ({
    message: `unknown result of a deployment ${quote(result)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  INVALID_DURATION: (value: string) => ({
    message: `${quote(value)} is no duration`,
    remedy: 'give 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h"',
    exitCode: ExitCode.badInput,
  }),
  UNDER_WAY: (version: string, phase: string, run: string) => ({
    message: `the deployment of ${quote(version)} by run ${quote(run)} is under way (${phase})`,
    remedy: "wait until it has ended: it watches the version itself; see `slipway status`",
    exitCode: ExitCode.badInput,
  }),
  UNWELL: (version: string, environment: string, reason: string, done: string) => ({
    message: `${version} in ${environment} isn't well: ${reason}; ${done}`,
    remedy: "see `slipway status`, `slipway logs` and `slipway events`",
    exitCode: ExitCode.gateFailed,
  }),
} satisfies Catalogue
