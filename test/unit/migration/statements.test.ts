import { describe, expect, test } from "vitest"
import { findStatements } from "../../../src/lib/migration/statements.js"
import { parsed } from "./parsed.js"

/** Findings as `rule table.column`. */
const found = (sql: string, types = {}): string[] =>
  findStatements(parsed(sql), types).map(({ rule, table, column }) =>
    [rule, [table, column].filter((part) => part !== undefined).join(".")].join(" "),
  )

describe("findStatements reports destructive statements", () => {
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

describe("findStatements reports statements that lock, or break the previous release", () => {
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
])("findStatements accepts %s", (sql) => {
  expect(found(sql)).toEqual([])
})

describe("findStatements with a column's new type", () => {
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

  test("reports a change if the old type is unknown", () => {
    expect(found("ALTER TABLE jobs ALTER note SET DATA TYPE text")).toEqual(["change-type jobs.note"])
  })

  test("takes it as the old type of the next change", () => {
    const sql = "ALTER TABLE jobs ALTER note TYPE text; ALTER TABLE jobs ALTER note TYPE varchar(5)"
    expect(found(sql, { "jobs.note": "varchar(3)" })).toEqual(["narrow-type jobs.note"])
  })
})

test("findStatements reports places and alternatives", () => {
  const sql = `BEGIN;
-- Running upgrade 0001 -> 0002
ALTER TABLE jobs DROP COLUMN note;
-- Running upgrade 0002 -> 0003
UPDATE jobs
SET note = 'hunter2';
`
  expect(findStatements(parsed(sql))).toMatchObject([
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
  expect(findStatements(parsed(sql))[0]?.instead).toContain("in the next one")
  expect(parsed(sql).revisions).toEqual(["0002", "0003"])
})

test("findStatements reports the line of a statement in a block", () => {
  expect(findStatements(parsed("SELECT 1;\nDO $$\nBEGIN\n  DROP TABLE jobs;\nEND $$;"))).toMatchObject([
    { line: 4 },
  ])
  expect(findStatements(parsed("DO $$\nBEGIN\n  EXECUTE '\n    DROP TABLE jobs';\nEND $$;"))).toMatchObject([
    { line: 4 },
  ])
})

describe("findStatements with SQL that PostgreSQL's parser rejects", () => {
  test("reports it, and reads the statements around it", () => {
    const sql = `
-- Running upgrade 0001 -> 0002
SELECT 1;
ALTER TABEL jobs DROP note;
DROP TABLE jobs;
`
    expect(findStatements(parsed(sql))).toMatchObject([
      {
        rule: "unparsed",
        effect: "unknown",
        table: "",
        revision: "0002",
        line: 4,
        statement: "ALTER TABEL jobs DROP note",
        why: 'PostgreSQL\'s parser rejects it (syntax error at or near "TABEL"), so its effect is unknown',
      },
      { rule: "drop-table", table: "jobs", revision: "0002", line: 5 },
    ])
  })

  test("ends it with its revision, even if a string or a comment has no end", () => {
    const sql = `-- Running upgrade 0001 -> 0002
SELECT 'hunter2;
-- Running upgrade 0002 -> 0003
DROP TABLE jobs;
-- Running upgrade 0003 -> 0004
DROP TABLE owners; /* hunter3
`
    const found = findStatements(parsed(sql))
    expect(found.map(({ revision, rule }) => [revision, rule])).toEqual([
      ["0002", "unparsed"],
      ["0003", "drop-table"],
      ["0004", "unparsed"],
    ])
    expect(JSON.stringify(found)).not.toContain("hunter")
  })

  test("ignores it before the first revision, since a service may print anything", () => {
    const sql = "Using the database of tests\nBEGIN;\n-- Running upgrade  -> 0001\nDROP TABLE jobs;"
    expect(found(sql)).toEqual(["drop-table jobs"])
  })

  test("reports it in a block as well", () => {
    const sql = "SELECT 1;\nDO $$\nBEGIN\n  DROP TABEL jobs;\nEND $$;"
    expect(findStatements(parsed(sql))).toMatchObject([{ rule: "unparsed", line: 2, statement: "DO '…'" }])
  })
})

test.each<[string, string[]]>([
  ["/* a /* nested */ DROP TABLE a; */ SELECT 1", []],
  ["SELECT E'a\\'; DROP TABLE a'; DROP TABLE b", ["drop-table b"]],
  ["SELECT 'a\\'; DROP TABLE b", ["drop-table b"]],
  ["SELECT $$; DROP TABLE a; $$, $a$ $$ ; $a$; DROP TABLE b", ["drop-table b"]],
  ['DROP TABLE "a;--""b"."C"', ['drop-table a;--"b.C']],
  ['DROP TABLE größe, "Ünü"; DROP TABLE b', ["drop-table größe", "drop-table Ünü", "drop-table b"]],
  ["DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'jobs'); END $$", ["drop-table …"]],
  ["DO $$ BEGIN EXECUTE 'TRUNCATE ' || 'jobs' || ' CASCADE'; END $$", ["truncate jobs"]],
  ["DO $$ BEGIN EXECUTE current_setting('my.sql'); END $$", []],
  ["INSERT INTO old WITH gone AS (DELETE FROM jobs RETURNING *) SELECT * FROM gone", ["delete-all jobs"]],
  ["CREATE RULE r AS ON DELETE TO jobs DO INSTEAD DELETE FROM owners", []],
  ["VACUUM (FULL false) jobs", []],
  ["ALTER TABLE jobs ADD a timestamptz DEFAULT (now() AT TIME ZONE 'utc')", []],
  ["ALTER TABLE jobs ADD a int GENERATED ALWAYS AS (size * 2)", []],
  ["DROP FUNCTION f(integer), public.g; DROP TRIGGER t ON jobs", ["drop-object f", "drop-object g"]],
  ["ALTER FUNCTION f(integer) RENAME TO g; ALTER DOMAIN d RENAME CONSTRAINT a TO b", ["rename f"]],
])("findStatements for %s: %j", (sql, expected) => {
  expect(found(sql)).toEqual(expected)
})

test("findStatements assigns a statement to the revision of the preceding comment, not to one within a string", () => {
  const sql = `BEGIN;

-- Running upgrade  -> 0001

DROP TABLE
  a; SELECT '
-- Running upgrade 0001 -> 0666
';
-- Running upgrade 0001, 0002 -> 0003
SELECT 1
-- Running upgrade 0003 -> 0004
DROP TABLE b
`
  expect(parsed(sql).revisions).toEqual(["0001", "0003", "0004"])
  expect(findStatements(parsed(sql)).map(({ line, revision }) => [line, revision])).toEqual([
    [5, "0001"],
    [12, "0004"],
  ])
})
