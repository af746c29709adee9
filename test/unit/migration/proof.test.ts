import { describe, expect, test } from "vitest"
import { judgeStatements } from "../../../src/lib/migration/exemptions.js"
import {
  historyRevisions,
  PROOF_STEPS,
  proofOf,
  type ProofStep,
  sameSchema,
  sampleResult,
  sqlOnly,
  statementsResult,
} from "../../../src/lib/migration/proof.js"
import { readSchema, schemaChanges } from "../../../src/lib/migration/schema.js"
import { findStatements } from "../../../src/lib/migration/statements.js"
import { parsed } from "./parsed.js"

const step = (name: ProofStep["name"], status: ProofStep["status"] = "passed", reason = "fine") => ({
  name,
  status,
  reason,
  milliseconds: 7,
  log: `what ${name} said\n`,
})

describe("proofOf", () => {
  test("is proven if every step passed", () => {
    const proof = proofOf(
      PROOF_STEPS.map((name) => step(name, "passed", name === "upgrade" ? "migrated from 1 to 2" : "fine")),
      [],
    )
    expect(proof.proven).toBe(true)
    expect(proof.reason).toBe(
      "the previous release works on the new schema and after a downgrade (migrated from 1 to 2)",
    )
    expect(proof.log).toContain("== downgrade: passed\nwhat downgrade said\n")
  })

  test("is not proven if a step failed; the first is the reason, and later ones are skipped", () => {
    const taken = [
      step("database"),
      step("previous schema"),
      step("statements", "failed", "drops"),
      step("upgrade", "failed", "broke"),
    ]
    const { proven, reason, steps } = proofOf(taken, [])
    expect({ proven, reason }).toEqual({ proven: false, reason: "statements: drops" })
    expect(steps.map(({ status }) => status)).toEqual([
      "passed",
      "passed",
      "skipped",
      "failed",
      "failed",
      "skipped",
      "skipped",
      "skipped",
      "skipped",
    ])
    expect(steps.at(-1)?.reason).toBe("not tried: statements failed")
  })

  test("is proven if there is nothing to migrate, but not without steps", () => {
    const { proven, steps } = proofOf([step("database"), step("upgrade")], [])
    expect(proven).toBe(true)
    expect(steps.at(-1)).toMatchObject({ status: "skipped", reason: "nothing to migrate" })
    expect(proofOf([], []).proven).toBe(false)
  })
})

test.each<[string, string, string, string]>([
  ["SELECT 1;", "", "passed", "nothing that destroys, locks or breaks"],
  ["DROP TABLE a;", "", "failed", "0002:2: drop-table a: all its rows are lost"],
  ["DROP TABLE a; DROP TABLE b;", "a", "failed", "0002:2: drop-table b"],
  ["DROP TABLE a;", "a", "passed", "nothing that destroys, locks or breaks; 1 statement by exemption"],
  ["SELECT 1;", "a", "failed", "matches nothing that its revision does"],
  ["DROP TABLE b; DROP TABLE c;", "", "failed", "exempt it in .slipway/migrations.yaml and 1 more"],
])("statementsResult of %j with an exemption of %j", (sql, table, status, reason) => {
  const entry = {
    revision: "0002",
    rule: "drop-table" as const,
    reason: "r",
    owner: "o",
    expires: "",
    line: 2,
  }
  const judgement = judgeStatements(
    findStatements(parsed(`-- Running upgrade 0001 -> 0002\n${sql}`)),
    table === "" ? [] : [{ ...entry, table }],
    { now: new Date(), range: ["0002"] },
  )
  const result = statementsResult(judgement, "sql")
  expect(result.status).toBe(status)
  // The reason is clipped; the log has all of it.
  expect(`${result.reason}\n${result.log}`).toContain(status === "passed" ? reason : reason.slice(0, 40))
})

const SCHEMA = "table\tjobs\tplain\t\ncolumn\tjobs.note\ttext\tnot null\nrows\tjobs\t3\t\n"

describe("schemas", () => {
  test("readSchema returns columns, types and rows", () => {
    expect(readSchema(SCHEMA)).toEqual({
      parts: ["table jobs plain", "column jobs.note text not null"],
      types: { "jobs.note": "text" },
      rows: { jobs: 3 },
    })
  })

  test.each<[string, string[]]>([
    [SCHEMA, []],
    [SCHEMA.replace("\t3", "\t5"), []],
    [SCHEMA.replace("\t3", "\t1"), ["2 of 3 rows of jobs are lost"]],
    [
      SCHEMA.replace("not null", ""),
      ["missing: column jobs.note text not null", "not there before: column jobs.note text"],
    ],
    ["", ["missing: table jobs plain", "missing: column jobs.note text not null"]],
  ])("schemaChanges lists the differences of %j", (after, changes) => {
    expect(schemaChanges(readSchema(SCHEMA), readSchema(after))).toEqual(changes)
  })

  test("sameSchema fails for another schema, with all differences in the log", () => {
    const result = sameSchema(readSchema(SCHEMA), readSchema(""), "before", "said")
    expect(result.status).toBe("failed")
    expect(result.reason).toBe(
      "the schema is not as it was before: missing: table jobs plain and 1 more difference",
    )
    expect(result.log).toContain("missing: column jobs.note")
    expect(sameSchema(readSchema(SCHEMA), readSchema(SCHEMA), "before", "said")).toMatchObject({
      status: "passed",
    })
  })
})

test("sampleResult lists the tables without rows", () => {
  expect(sampleResult("jobs\t3\t\nowners\t1\tone failed\npayments\t0\tviolates check x\n").reason).toBe(
    "4 rows in 2 tables; none in payments (violates check x)",
  )
})

test("sqlOnly blanks the lines that a service logs among its SQL", () => {
  const printed = `INFO  [alembic.runtime.migration] Running upgrade
{"level": "info"}
2026-01-01 10:00:00,123 up
-- Running upgrade  -> 0001
SELECT '{"a": 1}';
`
  expect(sqlOnly(printed)).toBe(`\n\n\n-- Running upgrade  -> 0001\nSELECT '{"a": 1}';\n`)
})

test("historyRevisions reads Alembic's history", () => {
  const printed = `0002 -> 0003 (head), what it does -> more
<base> -> 0001, the first
0001, 0002 -> ab12 (mergepoint), merged
`
  expect(historyRevisions(printed)).toEqual(["0003", "0001", "ab12"])
})
