import { fail, type SlipwayError } from "../errors/catalogue.js"
import type { MigrationOutcome } from "./outcome.js"

/** The error of a migration that did not pass; undefined for one that did. */
export function migrationError(
  { status, kind, reason }: MigrationOutcome,
  command: string,
): SlipwayError | undefined {
  if (status === "passed") return undefined
  if (kind === "timeout") return fail("MIGRATION_TIMEOUT", [command, reason])
  if (kind === "locked") return fail("MIGRATION_LOCKED", [reason])
  if (kind === "database") return fail("MIGRATION_DATABASE", [reason])
  if (kind === "no-command") return fail("NO_MIGRATION_COMMAND", [command, reason])
  if (kind === "misconfigured")
    return fail("NO_DATABASE_URL", [/(\w+) is not set/.exec(reason)?.[1] ?? reason])
  if (kind === "lost" || kind === "stopped") return fail("MIGRATION_LOST", [reason])
  return fail("MIGRATION_FAILED", [command, reason])
}
