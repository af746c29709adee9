import type { Config } from "../config/config.js"

/** Migration commands by the file in the source's root that tells the tool. */
const KNOWN: Readonly<Record<string, string>> = {
  "alembic.ini": "alembic upgrade head",
  "manage.py": "python manage.py migrate --noinput",
}

/** The command that migrates: the one that the configuration names, else that of a tool the source uses. */
export const migrationCommand = (
  configured: string | undefined,
  rootFiles: readonly string[],
): string | undefined => configured ?? Object.entries(KNOWN).find(([file]) => rootFiles.includes(file))?.[1]

/** The command that migrates a deployment's database, if there is one: "none" says that there is none. */
export function deployedMigration(
  { deploy, tests }: Pick<Config, "deploy" | "tests">,
  rootFiles: readonly string[],
): string | undefined {
  const command = migrationCommand(deploy.migrate.command ?? tests.migrate, rootFiles)
  return command === "none" ? undefined : command
}

/** How long a migration may take, and wait, in seconds. */
export interface MigrationLimits {
  /** For the command. */
  timeout: number
  /** For another migration to end. */
  lockTimeout: number
  /** For the database to answer. */
  connectTimeout: number
}

/**
 * Defaults. Ten minutes are what a stage has; two migrations of one database are seldom, and the second's wait is all
 * that keeps it from failing; a database that restarts is back within seconds.
 */
export const LIMITS: MigrationLimits = { timeout: 600, lockTimeout: 300, connectTimeout: 15 }

/** Arguments of `slipway_migrate.py`. */
export interface MigrationArguments extends MigrationLimits {
  command: string
  /** Which variable holds the database's URL. */
  variable: string
  /** Name by which others see who holds the lock. */
  run: string
  /** For a command that only prints: no database is asked, no lock taken, and its output stands by itself. */
  bare?: boolean
}

/** The command line of the program of this text: images of services have Python, but no place to put a file. */
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

/** The words of a command up to `alembic`, its options before `upgrade`, and what it upgrades to. */
const UPGRADE = /^(.*\balembic\b(?:\s+(?!upgrade\b)[^\s|&;]+)*)\s+upgrade\s+([^\s|&;-][^\s|&;]*)\s*$/

/** Alembic's other commands, made of one that upgrades; undefined for what isn't Alembic's. */
export function alembicCommands(command: string) {
  const [, alembic, target] = UPGRADE.exec(command) ?? []
  if (alembic === undefined || target === undefined) return undefined
  return {
    /** Prints the SQL from a revision on, and runs nothing. */
    sql: (from: string) => `${alembic} upgrade ${from}:${target} --sql`,
    downgrade: (to: string) => `${alembic} downgrade ${to}`,
    history: `${alembic} history`,
  }
}
