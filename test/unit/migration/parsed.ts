import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { type ParsedSql, readParsedSql } from "../../../src/lib/migration/operations.js"

const ROOT = resolve(import.meta.dirname, "../../..")
const FIXTURE = join(ROOT, "test/fixtures/migrations/parsed.json")

/**
 * Output of `slipway_sql.py` by SQL text: unit tests install no parser. test/engine/migration.test.ts compares it with
 * the program's. After a change of a text or of the program, write it again with a Python that has pglast:
 *
 *     SLIPWAY_PGLAST=/path/to/python npx vitest run --project unit --no-file-parallelism test/unit/{migration,cli,deploy}
 */
const known = JSON.parse(readFileSync(FIXTURE, "utf8")) as Record<string, ParsedSql>

const python = process.env.SLIPWAY_PGLAST

/** Returns the real parser's output for a text. */
export function parsed(sql: string): ParsedSql {
  const found = python === undefined ? known[sql] : parse(sql, python)
  if (found === undefined)
    throw new Error(`${FIXTURE} lacks ${JSON.stringify(sql)}: see test/unit/migration/parsed.ts`)
  return found
}

function parse(sql: string, program: string): ParsedSql {
  const folder = mkdtempSync(join(tmpdir(), "parsed-"))
  const file = join(folder, "migration.sql")
  writeFileSync(file, sql)
  const printed = execFileSync(program, [join(ROOT, "src/scripts/slipway_sql.py"), file], {
    encoding: "utf8",
  })
  rmSync(folder, { recursive: true })
  const all = JSON.parse(readFileSync(FIXTURE, "utf8")) as Record<string, ParsedSql>
  const sorted = Object.entries({ ...all, [sql]: readParsedSql(printed) }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )
  writeFileSync(FIXTURE, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`)
  return readParsedSql(printed)
}
