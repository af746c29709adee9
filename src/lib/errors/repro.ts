import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of repeating a run from its verdict. */
export const reproErrors = {
  NO_VERDICT: (file: string, reason: string) => ({
    message: `${quote(file)} is no verdict: ${reason}`,
    remedy: "pass the verdict.json of a run, such as out/verdict.json or one from a CI host's artifacts",
    exitCode: ExitCode.badInput,
  }),
  NO_INPUTS: (file: string) => ({
    message: `${quote(file)} doesn't say what its run was made with`,
    remedy: "it is of an earlier version of Slipway: use the command that it has for the stage (repro)",
    exitCode: ExitCode.badInput,
  }),
  NOTHING_FAILED: (what: string) => ({
    message: `there is no stage that failed in that run: ${what}`,
    remedy: "name a stage to repeat it all the same",
    exitCode: ExitCode.badInput,
  }),
  ONLY_EFFECTS: (stages: readonly string[]) => ({
    message: `what failed changes things outside: ${stages.join(", ")}`,
    remedy: "--shell opens a container to look around in; --effects runs it again, with its effects",
    exitCode: ExitCode.badInput,
  }),
  SECRETS_MISSING: (names: readonly string[]) => ({
    message: `that run had secrets that are not set here: ${names.join(", ")}`,
    remedy: "export them; a verdict holds only their names",
    exitCode: ExitCode.badInput,
  }),
  SOURCE_GONE: (commit: string, tried: readonly string[]) => ({
    message: [`the sources of that run${commit === "" ? "" : ` (${commit})`} can't be had:`, ...tried].join(
      "\n  ",
    ),
    remedy: "pass --source with a folder that has the same content or a repository that has the commit",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
