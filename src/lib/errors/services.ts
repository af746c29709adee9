import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of repositories, their services and their settings. */
export const serviceErrors = {
  UNKNOWN_SERVICE: (name: string, known: readonly string[]) => ({
    message: `unknown service ${quote(name)}`,
    remedy:
      known.length === 0
        ? "name it in slipway.yaml at the root: `services: { api: services/api }`, or pass its folder: --path services/api"
        : `choose one of ${known.join(", ")}, or pass a folder: --path services/api`,
    exitCode: ExitCode.badInput,
  }),
  WHICH_SERVICE: (known: readonly string[]) => ({
    message: `this repository has several services: ${known.join(", ")}`,
    remedy: `choose one: --service ${known[0] ?? "api"}`,
    exitCode: ExitCode.badInput,
  }),
  NO_SERVICE_FOLDER: (path: string) => ({
    message: `the service's folder ${quote(path)} is not in the source`,
    remedy: "correct it below `services` in slipway.yaml at the root, or --path",
    exitCode: ExitCode.badInput,
  }),
  SETTINGS_EXIST: (files: readonly string[]) => ({
    message: `there is already ${files.map(quote).join(", ")}, which slipway init doesn't overwrite`,
    remedy: "print what it would add: slipway init --print",
    exitCode: ExitCode.badInput,
  }),
  SOURCE_UNWRITABLE: (path: string, reason: string) => ({
    message: `can't write ${quote(path)} in the source: ${reason}`,
    remedy: "rename or delete what is in the way; links out of the source aren't followed",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
