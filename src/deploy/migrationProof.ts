import type { Container, Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { alembicCommands, deployedMigration } from "../lib/migration/command.js"
import {
  EXEMPTIONS_FILE,
  judgeStatements,
  type JudgedFinding,
  parseExemptions,
} from "../lib/migration/exemptions.js"
import {
  historyRevisions,
  type Proof,
  type ProofStep,
  type ProofStepName,
  proofOf,
  sameSchema,
  sampleResult,
  sqlOnly,
  statementsResult,
  stepFailed,
  stepPassed,
  type StepResult,
} from "../lib/migration/proof.js"
import { readSchema, type Schema } from "../lib/migration/schema.js"
import { type Smoke, smokeOutcome } from "../lib/migration/smoke.js"
import { findStatements } from "../lib/migration/statements.js"
import { ownMessage } from "../lib/run/outcome.js"
import {
  type ScratchDatabase,
  closeScratchDatabase,
  openScratchDatabase,
  runMigration,
  runPrint,
  runProgram,
  runSql,
} from "./scratchDatabase.js"
import { parseSql } from "./sqlParser.js"
import { messageOf } from "../lib/run/execError.js"
import { texts } from "../stage/texts.js"

/** The inputs of a proof. */
export interface MigrationProofOptions {
  /** The new release's source, with the exemptions and the sample data. */
  source: Directory
  config: Config
  /** The image of the running release, which a rollback would restore. */
  previous: Container
  next: Container
  /** The requests that the previous release has to answer. */
  smoke: Smoke
  /** Sample data: an `.sql` file in the source, or a command in the previous image. Generated, if left out. */
  sample?: string
  /** Seconds for each step. */
  timeout?: number
  /** The time for the expiry of exemptions. */
  now?: Date
}

/** The state that steps share. */
interface ProofRun extends MigrationProofOptions {
  database: ScratchDatabase
  command: string
  seconds: number
  /** Runs a step; returns true if it passed. */
  step: (name: ProofStepName, work: () => Promise<StepResult>) => Promise<boolean>
  statements: JudgedFinding[]
}

const TIMEOUT = 300

/**
 * Proves that the previous release works on the schema of the new one.
 *
 * On a database of its own: previous schema with sample data, upgrade, requests to the previous release, downgrade,
 * requests again, upgrade again. Reports destructive statements. Never throws for the service's faults.
 */
export async function proveMigration(options: MigrationProofOptions): Promise<Proof> {
  const { source, config, timeout: seconds = TIMEOUT } = options
  const taken: (ProofStep & { log: string })[] = []
  const statements: JudgedFinding[] = []
  const step: ProofRun["step"] = async (name, work) => {
    const startedAt = Date.now()
    const { log = "", ...result } = await work().catch((error: unknown) => stepFailed(messageOf(error)))
    taken.push({ name, ...result, log, milliseconds: Date.now() - startedAt })
    return result.status === "passed"
  }
  const command = deployedMigration(config, await source.glob("*"))
  if (command === undefined) {
    await step("database", () => Promise.resolve(stepFailed(NO_COMMAND)))
    return proofOf(taken, statements)
  }
  let database: ScratchDatabase | undefined
  await step("database", async () => {
    database = await openScratchDatabase(config, seconds)
    return stepPassed(`PostgreSQL ${config.tests.postgres.version}, of its own`)
  })
  if (database === undefined) return proofOf(taken, statements)
  try {
    await runProof({ ...options, database, command, seconds, step, statements })
  } finally {
    await closeScratchDatabase(database)
  }
  return proofOf(taken, statements)
}

const NO_COMMAND =
  "no migration command is known: set it in slipway.yaml, `deploy: { migrate: { command: … } }`"

/** Runs the steps, each only if those that it depends on passed. */
async function runProof(proof: ProofRun): Promise<void> {
  const { database, step, previous, command } = proof
  let revision = ""
  const migrated = await step("previous schema", async () => {
    const outcome = await runMigration(previous, command, database)
    revision = outcome.after ?? ""
    return {
      status: outcome.status === "passed" ? "passed" : "failed",
      reason: outcome.reason,
      log: outcome.log,
    }
  })
  if (!migrated) return
  let before: Schema | undefined
  await step("sample data", async () => {
    const filled = await fill(proof)
    before = await schemaNow(database)
    return filled
  })
  if (before === undefined) return
  await proveFromUpgrade(proof, revision, before)
}

/** Runs the steps from the previous schema on. */
async function proveFromUpgrade(proof: ProofRun, revision: string, before: Schema): Promise<void> {
  const { database, step, next, command } = proof
  await step("statements", () => readStatements(proof, revision, before))
  let after = before
  let changed = true
  const upgraded = await step("upgrade", async () => {
    const { status, kind, reason, log } = await runMigration(next, command, database)
    changed = kind !== "unchanged"
    after = await schemaNow(database)
    return status === "passed" ? stepPassed(reason, log) : stepFailed(reason, log)
  })
  if (!upgraded || !changed) return
  await step("previous release on the new schema", () => ask(proof))
  const back = await step("downgrade", () => downgrade(proof, revision, before))
  if (!back) return
  await step("previous release after the downgrade", () => ask(proof))
  await step("upgrade again", async () => {
    const { status, reason, log } = await runMigration(next, command, database)
    if (status !== "passed") return stepFailed(reason, log)
    return sameSchema(after, await schemaNow(database), "after the first upgrade", log)
  })
}

async function schemaNow(database: ScratchDatabase): Promise<Schema> {
  const run = await runSql(database, "slipway_schema.sql")
  if (run.exitCode !== 0) throw new Error(`the schema can't be read: ${ownMessage(run)}`)
  return readSchema(run.stdout)
}

async function fill({ database, sample, source, previous }: ProofRun): Promise<StepResult> {
  if (sample !== undefined && !sample.endsWith(".sql")) {
    const { status, reason, log } = await runMigration(previous, sample, database)
    return status === "passed" ? stepPassed(`by ${sample}`, log) : stepFailed(reason, log)
  }
  const file = sample === undefined ? undefined : source.file(sample)
  const run = await runSql(database, file ?? "slipway_sample.sql")
  const log = run.stdout + run.stderr
  if (run.exitCode !== 0) return stepFailed(ownMessage(run), log)
  return file === undefined ? sampleResult(run.stdout) : stepPassed(`by ${sample}`, log)
}

async function readStatements(proof: ProofRun, revision: string, before: Schema): Promise<StepResult> {
  const { database, next, command, source, statements, now = new Date() } = proof
  const alembic = alembicCommands(command)
  if (alembic === undefined)
    return stepFailed(`${JSON.stringify(command)} prints no SQL; only \`alembic upgrade …\` does`)
  const { exemptions, outcome } = parseExemptions((await texts(source, [EXEMPTIONS_FILE]))[EXEMPTIONS_FILE])
  if (outcome !== undefined) return stepFailed(outcome.reason)
  const run = await runPrint(next, alembic.sql(target(revision)), database)
  if (run.exitCode !== 0)
    return stepFailed(`its SQL can't be printed: ${ownMessage(run)}`, run.stdout + run.stderr)
  const sql = sqlOnly(run.stdout)
  const known =
    exemptions.length > 0 ? historyRevisions((await runPrint(next, alembic.history, database)).stdout) : []
  const parsed = await parseSql(sql, proof.config)
  const judged = judgeStatements(findStatements(parsed, before.types), exemptions, {
    now,
    range: parsed.revisions,
    ...(known.length > 0 && { known }),
  })
  statements.push(...judged.findings)
  return statementsResult(judged, sql)
}

/** Starts the previous release by its image's own command, and sends it requests. */
async function ask({ database, previous, smoke }: ProofRun): Promise<StepResult> {
  const command = [...(await previous.entrypoint()), ...(await previous.defaultArgs())]
  const settings = JSON.stringify({ ...smoke, command })
  const { stdout, stderr } = await runProgram(previous, "slipway_smoke.py", settings, database)
  return smokeOutcome(stdout || stderr, smoke)
}

async function downgrade(
  { database, next, command }: ProofRun,
  revision: string,
  before: Schema,
): Promise<StepResult> {
  const alembic = alembicCommands(command)
  if (alembic === undefined)
    return stepFailed(`no downgrade is known for ${JSON.stringify(command)}, only for Alembic`)
  const { status, reason, log } = await runMigration(next, alembic.downgrade(target(revision)), database)
  if (status !== "passed") return stepFailed(reason, log)
  return sameSchema(before, await schemaNow(database), "before the upgrade", log)
}

/** Returns Alembic's name of a revision. */
const target = (revision: string): string => (revision === "none" ? "base" : revision)
