import { expect, test } from "vitest"
import { printed, statementsOf } from "../../../src/lib/migration/sql.js"

const split = (sql: string): string[] => statementsOf(sql).map(({ tokens }) => printed(tokens))

test.each<[string, string[]]>([
  ["", []],
  ["-- DROP TABLE a;\n", []],
  ["/* a /* nested */ DROP TABLE a; */ SELECT 1", ["select 1"]],
  ["SELECT 'it''s; DROP TABLE a'; SELECT 2", ["select '…'", "select 2"]],
  ["SELECT E'a\\'; DROP TABLE a'; SELECT 2", ["select '…'", "select 2"]],
  ["SELECT 'a\\'; SELECT 2", ["select '…'", "select 2"]],
  ["SELECT $$; DROP TABLE a; $$; SELECT $a$ $$ ; $a$", ["select '…'", "select '…'"]],
  ['DROP TABLE "a;--""b"."C"', ['DROP TABLE "a;--""b"."C"']],
  ["select a$1 from b where c=$1", ["select a$1 FROM b WHERE c = $ 1"]],
  ["SELECT 'never closed; DROP TABLE a", ["select '…'"]],
  ["SELECT $x$ never closed; DROP TABLE a", ["select '…'"]],
  ["/* never closed; DROP TABLE a", []],
  [
    "ALTER TABLE a ALTER b TYPE numeric(6, 2) USING b::numeric",
    ["ALTER TABLE a ALTER b TYPE numeric (6, 2) USING b::numeric"],
  ],
])("%j", (sql, expected) => {
  expect(split(sql)).toEqual(expected)
})

test("a statement knows its line and its revision", () => {
  const sql = `BEGIN;

-- Running upgrade  -> 0001

CREATE TABLE
  a (b text DEFAULT '
-- Running upgrade 0001 -> 0666
');
-- Running upgrade 0001, 0002 -> 0003
SELECT 1
-- Running upgrade 0003 -> 0004
SELECT 2
`
  expect(statementsOf(sql).map(({ line, revision }) => [line, revision])).toEqual([
    [1, undefined],
    [5, "0001"],
    [10, "0003"],
    [12, "0004"],
  ])
})

test("a long text is read in time that grows with it", () => {
  const begun = Date.now()
  statementsOf(`${"/*".repeat(50_000)}${"'a''".repeat(50_000)}`)
  statementsOf(`${"$a$ ' ".repeat(50_000)}`)
  statementsOf("$".repeat(100_000))
  statementsOf("-- Running upgrade ".repeat(20_000))
  expect(Date.now() - begun).toBeLessThan(3000)
})
