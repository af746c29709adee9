import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of repeating a run from its verdict. */
export const reproErrors = {
  NO_VERDICT: (file: string, reason: string) => ({
    message: `invalid verdict ${quote(file)}: ${reason}`,
    remedy: "pass the verdict.json of a run, such as out/verdict.json or one from a CI host's artifacts",
    exitCode: ExitCode.badInput,
  }),
  NO_INPUTS: (file: string) => ({
    message: `the verdict ${quote(file)} doesn't record the inputs of its run`,
    remedy: "it is from an earlier version of Slipway: run the command in the stage's field `repro`",
    exitCode: ExitCode.badInput,
  }),
  NOTHING_FAILED: (what: string) => ({
    message: `no stage of that run failed: ${what}`,
    remedy: "name a stage to repeat it anyway",
    exitCode: ExitCode.badInput,
  }),
  ONLY_EFFECTS: (stages: readonly string[]) => ({
    message: `not repeated, since the failed stages have effects: ${stages.join(", ")}`,
    remedy: "pass --shell to inspect the stage's container, or --effects to repeat it with its effects",
    exitCode: ExitCode.badInput,
  }),
  SECRETS_MISSING: (names: readonly string[]) => ({
    message: `secrets of that run are not set here: ${names.join(", ")}`,
    remedy: "export these variables; a verdict records only their names",
    exitCode: ExitCode.badInput,
  }),
  SOURCE_GONE: (commit: string, tried: readonly string[]) => ({
    message: [`the sources of that run${commit === "" ? "" : ` (${commit})`} not found:`, ...tried].join(
      "\n  ",
    ),
    remedy: "pass --source with a folder of the same content, or with a repository that has the commit",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
