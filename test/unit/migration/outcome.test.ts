import { describe, expect, test } from "vitest"
import { migrationOutcome, type MigrationRun } from "../../../src/lib/migration/outcome.js"

/** A log of the program: `before` and `after`, with lines between them. */
const log = (before: string, after: string, between = "", own = "") => `slipway: the lock is held
slipway: revision before: ${before}
slipway: running alembic upgrade head
${between}
${own}slipway: the command ended with 1
slipway: revision after: ${after}
slipway: the lock is free
`
const TRACE = `Traceback (most recent call last):
  File "a.py", line 1, in <module>
psycopg.errors.CheckViolation: check constraint "jobs_tried" is violated by some row

The above exception was the direct cause of the following exception:

sqlalchemy.exc.IntegrityError: (psycopg.errors.CheckViolation) check constraint "jobs_tried" is violated
[SQL: ALTER TABLE jobs ADD CONSTRAINT jobs_tried CHECK (attempts > 0)]`

describe("migrationOutcome", () => {
  test.each<[string, MigrationRun, string, string, string]>([
    [
      "that did it",
      { exitCode: 0, log: log("0001", "0002") },
      "migrated",
      "migrated from 0001 to 0002",
      "passed",
    ],
    [
      "with nothing to do",
      { exitCode: 0, log: log("0002", "0002") },
      "unchanged",
      "nothing to do: the database is at 0002",
      "passed",
    ],
    [
      "without a driver",
      { exitCode: 0, log: log("unknown", "unknown") },
      "migrated",
      "migrated; nobody could ask",
      "passed",
    ],
    [
      "that failed half-way",
      { exitCode: 1, log: log("0001", "0002", TRACE) },
      "failed",
      'sqlalchemy.exc.IntegrityError: (psycopg.errors.CheckViolation) check constraint "jobs_tried" is violated (exit code 1); half-way: the database came from 0001 and is at 0002 now',
      "failed",
    ],
    [
      "that failed at once",
      { exitCode: 1, log: log("0001", "0001", "FAILED: Can't locate revision") },
      "failed",
      "FAILED: Can't locate revision (exit code 1); the database is still at 0001",
      "failed",
    ],
    [
      "that said nothing",
      { exitCode: 3, log: "" },
      "failed",
      "it said nothing (exit code 3); nobody could ask",
      "failed",
    ],
    [
      "that hung",
      {
        exitCode: 124,
        log: log(
          "0001",
          "0001",
          "",
          "slipway: the command took longer than 2 s, and was ended\nslipway: it waited for session 7 of app (psql) since now\n",
        ),
      },
      "timeout",
      "the command took longer than 2 s, and was ended; it waited for session 7 of app (psql) since now; the database is still at 0001",
      "failed",
    ],
    [
      "whose own command ended with 124",
      { exitCode: 124, log: log("0001", "0001", "x: error: timed out") },
      "failed",
      "x: error: timed out (exit code 124)",
      "failed",
    ],
    [
      "without a database",
      { exitCode: 69, log: "slipway: the database can't be reached: refused\n" },
      "database",
      "the database can't be reached: refused",
      "error",
    ],
    [
      "whose own command ended with 69",
      { exitCode: 69, log: log("0001", "0001", "x") },
      "failed",
      "x (exit code 69)",
      "failed",
    ],
    [
      "beside another",
      {
        exitCode: 75,
        log: "slipway: waiting for the lock: another migration runs, session 7\nslipway: the lock was not got within 1 s: another migration runs, session 7\n",
      },
      "locked",
      "the lock was not got within 1 s: another migration runs, session 7",
      "error",
    ],
    [
      "without Alembic",
      { exitCode: 127, log: "slipway: this image has no command 'alembic'\n" },
      "no-command",
      "this image has no command 'alembic'",
      "error",
    ],
    [
      "without the module",
      { exitCode: 1, log: log("none", "none", "/usr/bin/python: No module named alembic") },
      "no-command",
      "No module named alembic",
      "error",
    ],
    [
      "without a URL",
      { exitCode: 78, log: "slipway: the variable PG_URL is not set\n" },
      "misconfigured",
      "the variable PG_URL is not set",
      "error",
    ],
    [
      "that somebody ended",
      { exitCode: 143, log: log("0001", "0001") },
      "stopped",
      "somebody ended it; the database is still at 0001",
      "error",
    ],
    ["whose pod is gone", { log: "" }, "lost", "the Job's pod is gone", "error"],
    [
      "whose pod never ran",
      { log: "", diagnosis: "the image api@sha256:0 can't be pulled: not found" },
      "lost",
      "the image api@sha256:0 can't be pulled",
      "error",
    ],
    [
      "that the cluster ended",
      {
        log: log("0001", "0001").slice(0, 80),
        job: { conditions: [{ type: "Failed", status: "True", reason: "DeadlineExceeded" }] },
      },
      "timeout",
      "the Job was ended at its deadline",
      "failed",
    ],
  ])("%s", (_, run, kind, reason, status) => {
    const outcome = migrationOutcome(run)
    expect(outcome.kind).toBe(kind)
    expect(outcome.reason).toContain(reason)
    expect(outcome.reason).not.toContain("\n")
    expect(outcome.status).toBe(status)
  })
})

test("migrationOutcome distinguishes revisions", () => {
  expect(migrationOutcome({ exitCode: 1, log: log("0001", "0002", TRACE) })).toMatchObject({
    before: "0001",
    after: "0002",
  })
  expect(migrationOutcome({ exitCode: 0, log: log("unknown", "unknown (lost)") })).not.toHaveProperty("after")
})
