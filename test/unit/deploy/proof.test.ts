import { expect, test } from "vitest"
import { demandProof, proofLines, schemaText } from "../../../src/lib/deploy/proof.js"
import { StepFailure } from "../../../src/lib/deploy/stepFailure.js"
import { judgeStatements, parseExemptions } from "../../../src/lib/migration/exemptions.js"
import { proofOf, type ProofStep } from "../../../src/lib/migration/proof.js"
import { findStatements } from "../../../src/lib/migration/statements.js"
import { parsed } from "../migration/parsed.js"

const SQL = `-- Running upgrade 1 -> 2
ALTER TABLE jobs DROP COLUMN note;
DROP TABLE owners;
`
const ALLOWED = `exemptions:
  - {revision: "2", rule: drop-column, reason: nobody reads it, owner: ann}
`

const step = (name: ProofStep["name"], status: ProofStep["status"] = "passed", reason = "fine") => ({
  name,
  status,
  reason,
  milliseconds: 7,
  log: "",
})

const { findings } = judgeStatements(findStatements(parsed(SQL)), parseExemptions(ALLOWED).exemptions, {
  now: new Date("2026-01-01"),
  range: ["2"],
})
const failed = proofOf(
  [
    step("database"),
    step("statements", "failed", "drops"),
    step("upgrade"),
    step("downgrade", "failed", "not reversible"),
  ],
  findings,
)
const passed = proofOf([step("database"), step("upgrade")], findings)

function failureOf(work: () => void): StepFailure {
  try {
    work()
  } catch (error) {
    if (error instanceof StepFailure) return error
  }
  throw new Error("no failure")
}

test("demandProof fails without proof, with the failed steps and the statements without an exemption", () => {
  const { message, details } = failureOf(() => demandProof(failed, "v1.2.2", "production"))
  expect(message).toBe(
    "it is not proven that v1.2.2 works on the new schema, as production requires: statements: drops; the database was not touched",
  )
  expect(details).toEqual([
    "statements: drops",
    "downgrade: not reversible",
    expect.stringMatching(/^2:3: drop-table owners: /),
  ])
})

test("demandProof accepts a proof, and proofLines lists its steps and exemptions", () => {
  expect(() => demandProof(passed, "v1.2.2", "production")).not.toThrow()
  expect(proofLines(passed)).toEqual(
    expect.arrayContaining([
      "upgrade: fine",
      "downgrade: nothing to migrate",
      "2: drop-column jobs, allowed by ann: nobody reads it",
    ]),
  )
})

test("schemaText says whether the previous version works on the schema", () => {
  expect(schemaText("v1.2.2")).toBe(
    "the schema stays as it was migrated; whether v1.2.2 works with it was not proven",
  )
  expect(schemaText("v1.2.2", failed)).toBe(schemaText("v1.2.2"))
  expect(schemaText("v1.2.2", passed)).toBe(
    "the schema stays as it was migrated, on which v1.2.2 was proven to work",
  )
})
