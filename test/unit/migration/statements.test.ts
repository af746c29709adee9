import { describe, expect, test } from "vitest"
import { findStatements, revisionsOf } from "../../../src/lib/migration/statements.js"

/** What is found, as `rule table.column`. */
const found = (sql: string, types = {}): string[] =>
  findStatements(sql, types).map(({ rule, table, column }) =>
    [rule, [table, column].filter((part) => part !== undefined).join(".")].join(" "),
  )

describe("statements that destroy", () => {
  test.each<[string, string[]]>([
    ["DROP TABLE jobs", ["drop-table jobs"]],
    ['drop table if exists public.jobs, audit."Log" CASCADE', ["drop-table jobs", "drop-table audit.Log"]],
    ["DROP SCHEMA audit CASCADE", ["drop-table audit"]],
    [
      "ALTER TABLE jobs DROP COLUMN note, DROP size CASCADE",
      ["drop-column jobs.note", "drop-column jobs.size"],
    ],
    ["ALTER TABLE ONLY jobs DROP COLUMN IF EXISTS note", ["drop-column jobs.note"]],
    ["TRUNCATE jobs, owners CASCADE", ["truncate jobs", "truncate owners"]],
    ["TRUNCATE TABLE ONLY jobs", ["truncate jobs"]],
    ["DELETE FROM jobs", ["delete-all jobs"]],
    ["DELETE FROM jobs USING (SELECT 1 WHERE true) x", ["delete-all jobs"]],
    [
      "WITH gone AS (DELETE FROM jobs RETURNING *) INSERT INTO old SELECT * FROM gone WHERE id > 1",
      ["delete-all jobs"],
    ],
    ["DO $$ BEGIN IF true THEN DROP TABLE jobs; END IF; END $$", ["drop-table jobs"]],
    ["DO $$ BEGIN EXECUTE 'ALTER TABLE jobs DROP COLUMN note'; END $$", ["drop-column jobs.note"]],
    ["DO LANGUAGE plpgsql $x$ BEGIN EXECUTE $y$TRUNCATE jobs$y$; END $x$", ["truncate jobs"]],
  ])("%s", (sql, expected) => {
    expect(found(sql)).toEqual(expected)
  })
})

describe("statements that lock, or break the previous release", () => {
  test.each<[string, string[]]>([
    ["UPDATE jobs SET note = ''", ["update-all jobs"]],
    ["ALTER TABLE jobs ALTER COLUMN note SET NOT NULL", ["set-not-null jobs.note"]],
    ["ALTER TABLE jobs ALTER note DROP DEFAULT", ["drop-default jobs.note"]],
    ["CREATE INDEX ix ON jobs (note)", ["create-index jobs"]],
    ["CREATE UNIQUE INDEX IF NOT EXISTS ix ON ONLY public.jobs USING btree (note)", ["create-index jobs"]],
    ["CREATE INDEX ON jobs (note)", ["create-index jobs"]],
    ["DROP INDEX ix", ["drop-index ix"]],
    ["REINDEX TABLE jobs", ["reindex jobs"]],
    ["ALTER TABLE jobs ADD CONSTRAINT c CHECK (size > 0)", ["add-constraint jobs"]],
    ["ALTER TABLE jobs ADD CONSTRAINT f FOREIGN KEY(owner) REFERENCES owners (id)", ["add-foreign-key jobs"]],
    ["ALTER TABLE jobs ADD FOREIGN KEY(owner) REFERENCES owners (id)", ["add-foreign-key jobs"]],
    ["ALTER TABLE jobs ADD CONSTRAINT u UNIQUE (note)", ["add-unique jobs"]],
    ["ALTER TABLE jobs ADD PRIMARY KEY (id)", ["add-unique jobs"]],
    ["ALTER TABLE jobs ADD COLUMN a integer NOT NULL", ["required-column jobs.a"]],
    ["ALTER TABLE jobs ADD a uuid DEFAULT gen_random_uuid()", ["volatile-default jobs.a"]],
    ["ALTER TABLE jobs ADD a bigserial", ["volatile-default jobs.a"]],
    ["ALTER TABLE jobs ADD a bigint GENERATED ALWAYS AS IDENTITY", ["volatile-default jobs.a"]],
    ["ALTER TABLE jobs ADD a int GENERATED ALWAYS AS (size * 2) STORED", ["volatile-default jobs.a"]],
    ["ALTER TABLE jobs ADD a integer DEFAULT 1 REFERENCES owners(id)", ["add-foreign-key jobs.a"]],
    ["ALTER TABLE jobs ADD a integer UNIQUE", ["add-unique jobs.a"]],
    ["ALTER TABLE jobs RENAME TO tasks", ["rename jobs"]],
    ["ALTER TABLE jobs RENAME COLUMN note TO remark", ["rename jobs.note"]],
    ["ALTER TABLE jobs RENAME note TO remark", ["rename jobs.note"]],
    ["ALTER TABLE jobs SET SCHEMA old", ["rename jobs"]],
    ["ALTER TYPE job_status RENAME VALUE 'a' TO 'b'", ["rename job_status"]],
    ["ALTER TABLE jobs SET UNLOGGED", ["rewrite-table jobs"]],
    ["ALTER TABLE jobs ATTACH PARTITION jobs_1 FOR VALUES IN (1)", ["attach-partition jobs"]],
    ["VACUUM (FULL, ANALYZE) jobs", ["vacuum-full jobs"]],
    ["VACUUM FULL jobs", ["vacuum-full jobs"]],
    ["CLUSTER jobs USING ix", ["cluster jobs"]],
    ["LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE", ["lock-table jobs"]],
    ["REFRESH MATERIALIZED VIEW totals", ["refresh-view totals"]],
    ["DROP VIEW totals", ["drop-object totals"]],
    ["DROP TYPE job_status", ["drop-object job_status"]],
  ])("%s", (sql, expected) => {
    expect(found(sql)).toEqual(expected)
  })
})

test.each([
  "SELECT 'DROP TABLE jobs'",
  "INSERT INTO jobs (note) VALUES ('; DELETE FROM jobs')",
  "COMMENT ON TABLE jobs IS $$DROP TABLE jobs;$$",
  "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM jobs $$",
  "DELETE FROM jobs WHERE id = 1",
  "WITH old AS (SELECT id FROM jobs) DELETE FROM jobs USING old WHERE old.id = jobs.id",
  "UPDATE jobs SET note = '' WHERE note IS NULL",
  "INSERT INTO jobs (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'x'",
  "SELECT * FROM jobs FOR UPDATE",
  "ALTER TABLE jobs ADD COLUMN a integer DEFAULT '0' NOT NULL",
  "ALTER TABLE jobs ADD COLUMN a varchar(16) DEFAULT 'x' NOT NULL",
  "ALTER TABLE jobs ADD COLUMN a timestamp(3) with time zone DEFAULT now()",
  "ALTER TABLE jobs ADD COLUMN a numeric(6, 2) NULL",
  "ALTER TABLE jobs ADD COLUMN a integer REFERENCES owners (id) ON DELETE CASCADE",
  "ALTER TABLE jobs ADD CONSTRAINT c CHECK (size > 0) NOT VALID",
  "ALTER TABLE jobs ADD CONSTRAINT f FOREIGN KEY (owner) REFERENCES owners (id) NOT VALID",
  "ALTER TABLE jobs ADD CONSTRAINT u UNIQUE USING INDEX ix",
  "ALTER TABLE jobs VALIDATE CONSTRAINT c",
  "ALTER TABLE jobs DROP CONSTRAINT c",
  "ALTER TABLE jobs RENAME CONSTRAINT c TO d",
  "ALTER TABLE jobs ALTER note DROP NOT NULL, ALTER note SET DEFAULT ''",
  "ALTER INDEX a RENAME TO b",
  "CREATE INDEX CONCURRENTLY ix ON jobs (note)",
  "DROP INDEX CONCURRENTLY ix",
  "REINDEX (CONCURRENTLY) TABLE jobs",
  "VACUUM jobs",
  "CREATE TABLE a (b int UNIQUE REFERENCES owners(id)); CREATE INDEX ix ON a (b); ALTER TABLE a ADD CHECK (b > 0); DROP TABLE a",
  "CREATE TABLE a (b int); ALTER TABLE a RENAME TO c; CREATE INDEX ix ON c (b); UPDATE c SET b = 1",
  "CREATE TEMP TABLE a AS SELECT 1; TRUNCATE a",
  "ALTER TABLE jobs ADD a text; ALTER TABLE jobs RENAME a TO b; ALTER TABLE jobs DROP b",
  "DELETE FROM alembic_version; DROP TABLE alembic_version",
])("%s: nothing", (sql) => {
  expect(found(sql)).toEqual([])
})

describe("a column's new type", () => {
  test.each<[string, string, string[]]>([
    ["character varying(16)", "VARCHAR(40)", []],
    ["character varying(16)", "TEXT", []],
    ["character varying(16)", "VARCHAR", []],
    ["numeric(6,2)", "NUMERIC(8, 2)", []],
    ["integer", "INTEGER", []],
    ["integer", "BIGINT", ["change-type jobs.note"]],
    ["date", "TIMESTAMP", ["change-type jobs.note"]],
    ["uuid", "TEXT USING note::text", ["change-type jobs.note"]],
    ["numeric(6,2)", "NUMERIC(8, 4)", ["change-type jobs.note"]],
    ["character varying(16)", "VARCHAR(8)", ["narrow-type jobs.note"]],
    ["numeric(6,2)", "NUMERIC(6, 4)", ["narrow-type jobs.note"]],
    ["text", "VARCHAR(8)", ["narrow-type jobs.note"]],
    ["bigint", "INTEGER", ["narrow-type jobs.note"]],
    ["text", "INTEGER USING note::integer", ["narrow-type jobs.note"]],
    ["timestamp with time zone", "DATE", ["narrow-type jobs.note"]],
  ])("%s to %s", (from, to, expected) => {
    expect(found(`ALTER TABLE jobs ALTER COLUMN note TYPE ${to}`, { "jobs.note": from })).toEqual(expected)
  })

  test("that nobody knows the old one of is a change", () => {
    expect(found("ALTER TABLE jobs ALTER note SET DATA TYPE text")).toEqual(["change-type jobs.note"])
  })

  test("is the old one of the next change", () => {
    const sql = "ALTER TABLE jobs ALTER note TYPE text; ALTER TABLE jobs ALTER note TYPE varchar(5)"
    expect(found(sql, { "jobs.note": "varchar(3)" })).toEqual(["narrow-type jobs.note"])
  })
})

test("a finding says where it stands, and what to do", () => {
  const sql = `BEGIN;
-- Running upgrade 0001 -> 0002
ALTER TABLE jobs DROP COLUMN note;
-- Running upgrade 0002 -> 0003
UPDATE jobs
SET note = 'hunter2';
`
  expect(findStatements(sql)).toMatchObject([
    {
      rule: "drop-column",
      effect: "destroys",
      revision: "0002",
      line: 3,
      statement: "ALTER TABLE jobs DROP COLUMN note",
    },
    {
      rule: "update-all",
      effect: "locks",
      revision: "0003",
      line: 5,
      statement: "UPDATE jobs SET note = '…'",
    },
  ])
  expect(findStatements(sql)[0]?.instead).toContain("in the next one")
  expect(revisionsOf(sql)).toEqual(["0002", "0003"])
})

test("what stands in a block is found on its line", () => {
  expect(findStatements("SELECT 1;\nDO $$\nBEGIN\n  DROP TABLE jobs;\nEND $$;")).toMatchObject([{ line: 4 }])
  expect(findStatements("DO $$\nBEGIN\n  EXECUTE '\n    DROP TABLE jobs';\nEND $$;")).toMatchObject([
    { line: 4 },
  ])
})
