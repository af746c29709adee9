import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of migrating a database. */
export const migrationErrors = {
  MIGRATION_FAILED: (command: string, reason: string) => ({
    message: `${quote(command)} failed: ${reason}`,
    remedy: "no pod was changed; mend the migration, or bring the database back to the revision before it",
    exitCode: ExitCode.gateFailed,
  }),
  MIGRATION_TIMEOUT: (command: string, reason: string) => ({
    message: `${quote(command)} was ended: ${reason}`,
    remedy: "no pod was changed; do it in smaller steps, or give it more time",
    exitCode: ExitCode.gateFailed,
  }),
  MIGRATION_LOCKED: (reason: string) => ({
    message: `the database is not migrated: ${reason}`,
    remedy:
      "wait until the other has ended, or end its session with pg_terminate_backend, and run this again",
    exitCode: ExitCode.infrastructure,
  }),
  MIGRATION_DATABASE: (reason: string) => ({
    message: `the database is not migrated: ${reason}`,
    remedy: "see whether it runs, and whether the cluster's pods reach it with this URL",
    exitCode: ExitCode.infrastructure,
  }),
  MIGRATION_LOST: (reason: string) => ({
    message: `nobody knows how the migration ended: ${reason}`,
    remedy:
      "look at the database's revision, then run this again: a migration that ran does nothing a second time",
    exitCode: ExitCode.infrastructure,
  }),
  NO_MIGRATION_COMMAND: (command: string, reason: string) => ({
    message: `${quote(command)} can't be run in the service's image: ${reason}`,
    remedy: "install it into the image, or say in slipway.yaml what migrates: `tests: { migrate: … }`",
    exitCode: ExitCode.badInput,
  }),
  NO_DATABASE_URL: (variable: string) => ({
    message: `there is no URL of the database to migrate, which the service takes from ${quote(variable)}`,
    remedy: "pass it as a secret, such as PRODUCTION_DATABASE_URL",
    exitCode: ExitCode.badInput,
  }),
  MIGRATION_EXEMPTIONS: (problems: readonly string[]) => ({
    message: problems.join("\n  "),
    remedy: "mend .slipway/migrations.yaml",
    exitCode: ExitCode.badInput,
  }),
  MIGRATION_UNPROVEN: (reasons: readonly string[]) => ({
    message: ["the previous release is not proven to work on the new schema:", ...reasons].join("\n  "),
    remedy:
      "mend what is listed; else a rollback would put the previous release on a schema that it can't use",
    exitCode: ExitCode.gateFailed,
  }),
} satisfies Catalogue
