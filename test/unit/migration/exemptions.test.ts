import { describe, expect, test } from "vitest"
import { findingLine, judgeStatements, parseExemptions } from "../../../src/lib/migration/exemptions.js"
import { findStatements } from "../../../src/lib/migration/statements.js"
import { parsed } from "./parsed.js"

const NOW = new Date("2026-03-01T12:00:00Z")
const SQL = "-- Running upgrade 0001 -> 0002\nALTER TABLE jobs DROP COLUMN note;\n"
const GOOD = "revision: '0002', rule: drop-column, reason: nobody reads it, owner: ann"

const judge = (entry: string, known?: string[]) => {
  const { exemptions, outcome } = parseExemptions(`exemptions:\n  - {${entry}}\n`)
  expect(outcome).toBeUndefined()
  const place = { now: NOW, range: ["0002"], ...(known && { known }) }
  const { findings, problems } = judgeStatements(findStatements(parsed(SQL)), exemptions, place)
  return { allowed: findings[0]?.exemption !== undefined, problems, line: findings.map(findingLine).join() }
}

test("parseExemptions returns nothing without a file", () => {
  expect(parseExemptions(undefined)).toEqual({ exemptions: [] })
})

describe("judgeStatements", () => {
  test.each([GOOD, `${GOOD}, table: jobs`, `${GOOD}, expires: 2026-03-01`])(
    "{%s} allows a finding",
    (entry) => {
      expect(judge(entry)).toMatchObject({ allowed: true, problems: [] })
    },
  )

  test.each([
    [GOOD.replace("nobody reads it", ""), "gives no reason"],
    [GOOD.replace("ann", ""), "has no owner"],
    [`${GOOD}, expires: 2026-02-28`, "expired on 2026-02-28"],
    [`${GOOD}, table: owners`, "matches nothing"],
    [GOOD.replace("drop-column", "drop-table"), "matches nothing"],
  ])("{%s} allows nothing", (entry, problem) => {
    const { allowed, problems } = judge(entry)
    expect(allowed).toBe(false)
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect(problems[0]).toMatch(/^\.slipway\/migrations\.yaml:2: the exemption of 0002 from drop-/)
  })

  test("reports an exemption's fault with the finding", () => {
    expect(judge(`${GOOD}, expires: 2026-02-28`).line).toContain("expired on 2026-02-28")
  })

  test("ignores an exemption of an earlier revision, but not of an unknown one", () => {
    const entry = GOOD.replace("0002", "0001")
    expect(judge(entry, ["0001", "0002"])).toMatchObject({ allowed: false, problems: [] })
    expect(judge(entry, ["0002"]).problems).toEqual([
      expect.stringContaining('no migration has the revision "0001"'),
    ])
  })
})

test.each([
  ["exemptions:\n  - {revision: '0002', rule: drop-colum}\n", /2:30 exemptions\[0\]\.rule: .*drop-column/],
  ["exemptions:\n  - {rule: drop-column}\n", /the key revision is missing/],
])("parseExemptions refuses %j", (text, problem) => {
  const { exemptions, outcome } = parseExemptions(text)
  expect(exemptions).toEqual([])
  const lines = outcome?.findings.map(({ line, column, message }) => `${line}:${column} ${message}`)
  expect(lines?.join("\n")).toMatch(problem)
})

test("findingLine names no object if the finding has none", () => {
  const [finding] = findStatements(parsed("-- Running upgrade 0001 -> 0002\nDROP TABEL jobs;"))
  expect(finding && findingLine(finding)).toMatch(/^0002:2: unparsed: PostgreSQL's parser rejects it /)
})

test("findingLine gives place, statement, reason and an alternative", () => {
  expect(findStatements(parsed(SQL)).map(findingLine)).toEqual([
    "0002:2: drop-column jobs.note: what the column holds is lost, and the previous release still reads it; " +
      "stop using it in this release, and take it away in the next one, once no pod of this one needs it; " +
      "or exempt it in .slipway/migrations.yaml",
  ])
})
