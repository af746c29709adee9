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
import { findStatements, revisionsOf } from "../lib/migration/statements.js"
import { ownMessage } from "../lib/run/outcome.js"
import {
  type Bench,
  closeBench,
  openBench,
  runMigration,
  runPrint,
  runProgram,
  runSql,
} from "./scratchDatabase.js"
import { messageOf } from "../stage/stage.js"
import { texts } from "../stage/texts.js"

/** What a proof is made of. */
export interface ProofOptions {
  /** Of the new release: where the exemptions and the sample data are. */
  source: Directory
  config: Config
  /** The release that runs now, and to which a rollback would go back. */
  previous: Container
  next: Container
  /** What the previous release has to answer. */
  smoke: Smoke
  /** Sample data: an `.sql` file in the source, or a command in the previous image. Left out, rows are made up. */
  sample?: string
  /** How long each step may take, in seconds. */
  timeout?: number
  /** By which exemptions expire. */
  now?: Date
}

/** What the steps share. */
interface Walk extends ProofOptions {
  bench: Bench
  command: string
  seconds: number
  /** Takes a step; returns whether it passed. */
  step: (name: ProofStepName, work: () => Promise<StepResult>) => Promise<boolean>
  statements: JudgedFinding[]
}

const TIMEOUT = 300

/**
 * Proves that the previous release works on the schema of the new one, on a database of the proof's own: at the previous
 * schema with sample data, upgraded, the previous release started on it and asked, downgraded, asked again, upgraded
 * again. Tells what the migrations do that must not happen unseen. Never throws for what the service does wrong.
 */
export async function proveMigration(options: ProofOptions): Promise<Proof> {
  const { source, config, timeout: seconds = TIMEOUT } = options
  const taken: (ProofStep & { log: string })[] = []
  const statements: JudgedFinding[] = []
  const step: Walk["step"] = async (name, work) => {
    const begun = Date.now()
    const { log = "", ...result } = await work().catch((error: unknown) => stepFailed(messageOf(error)))
    taken.push({ name, ...result, log, milliseconds: Date.now() - begun })
    return result.status === "passed"
  }
  const command = deployedMigration(config, await source.glob("*"))
  if (command === undefined) {
    await step("database", () => Promise.resolve(stepFailed(NO_COMMAND)))
    return proofOf(taken, statements)
  }
  let bench: Bench | undefined
  await step("database", async () => {
    bench = await openBench(config, seconds)
    return stepPassed(`PostgreSQL ${config.tests.postgres.version}, of its own`)
  })
  if (bench === undefined) return proofOf(taken, statements)
  try {
    await walk({ ...options, bench, command, seconds, step, statements })
  } finally {
    await closeBench(bench)
  }
  return proofOf(taken, statements)
}

const NO_COMMAND =
  "nothing tells how the database is migrated: say so in slipway.yaml, `deploy: { migrate: { command: … } }`"

/** The steps, each only where those that it depends on passed. */
async function walk(walking: Walk): Promise<void> {
  const { bench, step, previous, command } = walking
  let revision = ""
  const migrated = await step("previous schema", async () => {
    const outcome = await runMigration(previous, command, bench)
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
    const filled = await fill(walking)
    before = await schemaNow(bench)
    return filled
  })
  if (before === undefined) return
  await rest(walking, revision, before)
}

/** The steps from the previous schema on. */
async function rest(walking: Walk, revision: string, before: Schema): Promise<void> {
  const { bench, step, next, command } = walking
  await step("statements", () => readStatements(walking, revision, before))
  let after = before
  let changed = true
  const upgraded = await step("upgrade", async () => {
    const { status, kind, reason, log } = await runMigration(next, command, bench)
    changed = kind !== "unchanged"
    after = await schemaNow(bench)
    return status === "passed" ? stepPassed(reason, log) : stepFailed(reason, log)
  })
  if (!upgraded || !changed) return
  await step("previous release on the new schema", () => ask(walking))
  const back = await step("downgrade", () => downgrade(walking, revision, before))
  if (!back) return
  await step("previous release after the downgrade", () => ask(walking))
  await step("upgrade again", async () => {
    const { status, reason, log } = await runMigration(next, command, bench)
    if (status !== "passed") return stepFailed(reason, log)
    return sameSchema(after, await schemaNow(bench), "after the first upgrade", log)
  })
}

async function schemaNow(bench: Bench): Promise<Schema> {
  const run = await runSql(bench, "slipway_schema.sql")
  if (run.exitCode !== 0) throw new Error(`the schema can't be read: ${ownMessage(run)}`)
  return readSchema(run.stdout)
}

async function fill({ bench, sample, source, previous }: Walk): Promise<StepResult> {
  if (sample !== undefined && !sample.endsWith(".sql")) {
    const { status, reason, log } = await runMigration(previous, sample, bench)
    return status === "passed" ? stepPassed(`by ${sample}`, log) : stepFailed(reason, log)
  }
  const file = sample === undefined ? undefined : source.file(sample)
  const run = await runSql(bench, file ?? "slipway_sample.sql")
  const log = run.stdout + run.stderr
  if (run.exitCode !== 0) return stepFailed(ownMessage(run), log)
  return file === undefined ? sampleResult(run.stdout) : stepPassed(`by ${sample}`, log)
}

async function readStatements(walking: Walk, revision: string, before: Schema): Promise<StepResult> {
  const { bench, next, command, source, statements, now = new Date() } = walking
  const alembic = alembicCommands(command)
  if (alembic === undefined)
    return stepFailed(
      `no SQL to be read comes from ${JSON.stringify(command)}, only from \`alembic upgrade …\``,
    )
  const { exemptions, outcome } = parseExemptions((await texts(source, [EXEMPTIONS_FILE]))[EXEMPTIONS_FILE])
  if (outcome !== undefined) return stepFailed(outcome.reason)
  const run = await runPrint(next, alembic.sql(target(revision)), bench)
  if (run.exitCode !== 0)
    return stepFailed(`its SQL can't be printed: ${ownMessage(run)}`, run.stdout + run.stderr)
  const sql = sqlOnly(run.stdout)
  const known =
    exemptions.length > 0 ? historyRevisions((await runPrint(next, alembic.history, bench)).stdout) : []
  const judged = judgeStatements(findStatements(sql, before.types), exemptions, {
    now,
    range: revisionsOf(sql),
    ...(known.length > 0 && { known }),
  })
  statements.push(...judged.findings)
  return statementsResult(judged, sql)
}

/** Starts the previous release by its image's own command, and asks it. */
async function ask({ bench, previous, smoke }: Walk): Promise<StepResult> {
  const command = [...(await previous.entrypoint()), ...(await previous.defaultArgs())]
  const settings = JSON.stringify({ ...smoke, command })
  const { stdout, stderr } = await runProgram(previous, "slipway_smoke.py", settings, bench)
  return smokeOutcome(stdout || stderr, smoke)
}

async function downgrade(
  { bench, next, command }: Walk,
  revision: string,
  before: Schema,
): Promise<StepResult> {
  const alembic = alembicCommands(command)
  if (alembic === undefined)
    return stepFailed(`nothing tells how ${JSON.stringify(command)} is undone; only Alembic's is known`)
  const { status, reason, log } = await runMigration(next, alembic.downgrade(target(revision)), bench)
  if (status !== "passed") return stepFailed(reason, log)
  return sameSchema(before, await schemaNow(bench), "before the upgrade", log)
}

/** What Alembic calls a revision of ours. */
const target = (revision: string): string => (revision === "none" ? "base" : revision)
