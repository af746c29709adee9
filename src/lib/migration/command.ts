import type { Config } from "../config/config.js"

/** Migration commands by the file in the source's root that identifies the tool. */
const KNOWN: Readonly<Record<string, string>> = {
  "alembic.ini": "alembic upgrade head",
  "manage.py": "python manage.py migrate --noinput",
}

/** The migration command: the configured one, else that of a tool that the source uses. */
export const migrationCommand = (
  configured: string | undefined,
  rootFiles: readonly string[],
): string | undefined => configured ?? Object.entries(KNOWN).find(([file]) => rootFiles.includes(file))?.[1]

/** The command that migrates a deployment's database; undefined if there is none or "none" is configured. */
export function deployedMigration(
  { deploy, tests }: Pick<Config, "deploy" | "tests">,
  rootFiles: readonly string[],
): string | undefined {
  const command = migrationCommand(deploy.migrate.command ?? tests.migrate, rootFiles)
  return command === "none" ? undefined : command
}

/** Time limits of a migration, in seconds. */
export interface MigrationLimits {
  /** Limit of the command. */
  timeout: number
  /** Limit of waiting for another migration. */
  lockTimeout: number
  /** Limit of waiting for the database. */
  connectTimeout: number
}

/**
 * Default limits.
 *
 * Ten minutes are the limit of a stage. Concurrent migrations of one database are rare, and waiting is all that keeps
 * the second from failing. A database that restarts is back within seconds.
 */
export const LIMITS: MigrationLimits = { timeout: 600, lockTimeout: 300, connectTimeout: 15 }

/** Arguments of `slipway_migrate.py`. */
export interface MigrationArguments extends MigrationLimits {
  command: string
  /** Name of the variable with the database's URL. */
  variable: string
  /** Name by which others see who holds the lock. */
  run: string
  /** For a command that only prints: without database and lock, and with nothing but its output. */
  bare?: boolean
}

/** The command line with the program's text: images of services have Python, but no place for a file. */
export const migrationArgv = (script: string, options: MigrationArguments): string[] => [
  "python",
  "-c",
  script,
  `--variable=${options.variable}`,
  `--run=${options.run}`,
  `--timeout=${options.timeout}`,
  `--lock-timeout=${options.lockTimeout}`,
  `--connect-timeout=${options.connectTimeout}`,
  ...(options.bare ? ["--bare"] : []),
  "--",
  options.command,
]

/** Matches a command up to `alembic`, its options before `upgrade`, and the target revision. */
const UPGRADE =
  /^(.*\balembic\b(?:\s+(?!upgrade\b|\S*\balembic\s)[^\s|&;]+)*)\s+upgrade\s+([^\s|&;-][^\s|&;]*)\s*$/

/** Alembic's other commands, derived from an upgrade command; undefined for any other command. */
export function alembicCommands(command: string) {
  const [, alembic, target] = UPGRADE.exec(command) ?? []
  if (alembic === undefined || target === undefined) return undefined
  return {
    /** Prints the SQL from a revision on and runs nothing. */
    sql: (from: string) => `${alembic} upgrade ${from}:${target} --sql`,
    downgrade: (to: string) => `${alembic} downgrade ${to}`,
    history: `${alembic} history`,
  }
}
