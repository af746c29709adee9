import { oneLine } from "../text/words.js"
import { count } from "../text/words.js"
import { findingLine, type JudgedFinding, type Judgement } from "./exemptions.js"
import type { Schema } from "./schema.js"
import { schemaChanges } from "./schema.js"

/** Steps of a proof, in order. */
export const PROOF_STEPS = [
  "database",
  "previous schema",
  "sample data",
  "statements",
  "upgrade",
  "previous release on the new schema",
  "downgrade",
  "previous release after the downgrade",
  "upgrade again",
] as const

export type ProofStepName = (typeof PROOF_STEPS)[number]

export interface ProofStep {
  name: ProofStepName
  /** `skipped`: a step before it failed, or there is nothing to do. */
  status: "passed" | "failed" | "skipped"
  reason: string
  milliseconds: number
}

/** Proof that a rollback may leave the schema of the new release in place. */
export interface Proof {
  proven: boolean
  /** One line: what was proven, or the first step that failed. */
  reason: string
  steps: ProofStep[]
  /** Unsafe statements of the migrations, with the exemptions that allow them. */
  statements: JudgedFinding[]
  log: string
}

/** Result of one step. */
export interface StepResult {
  status: "passed" | "failed" | "skipped"
  reason: string
  log?: string
}

export const stepPassed = (reason: string, log = ""): StepResult => ({ status: "passed", reason, log })
export const stepFailed = (reason: string, log = ""): StepResult => ({
  status: "failed",
  reason: oneLine(reason),
  log,
})

/** Builds the proof from the steps that ran; the others are listed as skipped. */
export function proofOf(
  taken: readonly (ProofStep & { log: string })[],
  statements: readonly JudgedFinding[],
): Proof {
  const failed = taken.find(({ status }) => status === "failed")
  const steps = PROOF_STEPS.map((name): ProofStep => {
    const found = taken.find((step) => step.name === name)
    if (found === undefined)
      return {
        name,
        status: "skipped",
        reason: failed ? `not tried: ${failed.name} failed` : "nothing to migrate",
        milliseconds: 0,
      }
    const { status, reason, milliseconds } = found
    return { name, status, reason, milliseconds }
  })
  const proven = failed === undefined && taken.length > 0
  const upgrade = taken.find(({ name }) => name === "upgrade")
  return {
    proven,
    reason:
      failed === undefined
        ? `the previous release works on the new schema and after a downgrade (${upgrade?.reason ?? "nothing to migrate"})`
        : `${failed.name}: ${failed.reason}`,
    steps,
    statements: [...statements],
    log: taken.map(({ name, status, log }) => `== ${name}: ${status}\n${log.trimEnd()}\n`).join("\n"),
  }
}

/** Judges the statements: each needs an exemption, and each exemption a statement. */
export function statementsResult({ findings, problems }: Judgement, log: string): StepResult {
  const open = findings.filter(({ exemption }) => exemption === undefined)
  const lines = [...open.map(findingLine), ...problems]
  if (lines.length > 0)
    return stepFailed(
      [lines[0], lines.length > 1 ? `and ${count(lines.length - 1, "more")}` : ""].join(" "),
      [...lines, log].join("\n"),
    )
  const exempt = findings.length > 0 ? `; ${count(findings.length, "statement")} by exemption` : ""
  return stepPassed(`nothing that destroys, locks or breaks${exempt}`, log)
}

/** Checks that a schema has not changed. */
export function sameSchema(before: Schema, after: Schema, when: string, log: string): StepResult {
  const changes = schemaChanges(before, after)
  const [first = ""] = changes
  if (changes.length === 0) return stepPassed(`the schema is as it was ${when}`, log)
  const more = changes.length > 1 ? ` and ${count(changes.length - 1, "more difference")}` : ""
  return stepFailed(`the schema is not as it was ${when}: ${first}${more}`, [...changes, log].join("\n"))
}

/** Parses the output of `slipway_sample.sql`: the rows of each table, and why it has fewer than it should. */
export function sampleResult(printed: string): StepResult {
  const tables = printed
    .split("\n")
    .filter((line) => line.includes("\t"))
    .map((line) => {
      const [name = "", rows = "0", problem = ""] = line.split("\t")
      return { name, rows: Number(rows), problem }
    })
  const empty = tables.filter(({ rows }) => rows === 0)
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  const without = empty.map(({ name, problem }) => `none in ${name}${problem && ` (${problem})`}`)
  const made = `${count(total, "row")} in ${count(tables.length - empty.length, "table")}`
  return stepPassed(oneLine([made, ...without].join("; ")), printed)
}

/** Blanks lines of the service's own logging in Alembic's output. Lines keep their numbers. */
export const sqlOnly = (printed: string): string =>
  printed
    .split("\n")
    .map((line) => (NO_SQL.test(line) ? "" : line))
    .join("\n")

const NO_SQL =
  /^(?:\s*\{".*\}\s*|(?:DEBUG|INFO|WARN(?:ING)?|ERROR)\b[ :\t].*|\d{4}-\d\d-\d\d[T ]\d\d:.*|\[\d{4}-.*)$/

/** Revisions that `alembic history` lists: `0001 -> 0002 (head), what it does`. */
export const historyRevisions = (printed: string): string[] =>
  Array.from(printed.matchAll(/^\S.*? -> (\w+)/gm), ([, revision = ""]) => revision)
