import { describe, expect, test } from "vitest"
import { databaseProblem, databaseText, readDatabase } from "../../../src/lib/security/database.js"

const METADATA =
  '{"Version":2,"NextUpdate":"2026-11-21T06:12:34.123456789Z","UpdatedAt":"2026-11-20T06:12:34.123456789Z","DownloadedAt":"2026-11-20T08:00:00Z"}'

const database = (UpdatedAt: string) => readDatabase(JSON.stringify({ Version: 2, UpdatedAt }))
const at = (text: string): Date => new Date(text)
const TWO_DAYS = 48 * 3600

describe("readDatabase", () => {
  test("reads Go's times", () => {
    expect(readDatabase(METADATA)).toEqual({
      version: 2,
      made: at("2026-11-20T06:12:34.123Z"),
      next: at("2026-11-21T06:12:34.123Z"),
      downloaded: at("2026-11-20T08:00:00Z"),
    })
  })

  test("treats Go's zero time as none", () => {
    const zero = "0001-01-01T00:00:00Z"
    expect(readDatabase(METADATA.replace("2026-11-20T08:00:00Z", zero))).not.toHaveProperty("downloaded")
    expect(database(zero)).toBeUndefined()
  })

  test.each(["", "{}", "null", '{"UpdatedAt": 5}', '{"UpdatedAt": "yesterday"}'])(
    "returns undefined for %j",
    (text) => {
      expect(readDatabase(text)).toBeUndefined()
    },
  )
})

test.each([
  ["2026-11-20T06:12:59Z", "0 min"],
  ["2026-11-20T06:57:00Z", "44 min"],
  ["2026-11-20T09:13:00Z", "3 h"],
  ["2026-11-22T06:00:00Z", "47 h"],
  ["2026-11-22T06:13:00Z", "2 d"],
  ["2026-11-22T10:13:00Z", "2 d 4 h"],
  ["2026-11-20T06:00:00Z", "0 min"], // a clock that is a little behind
])("databaseText at %s shows the age %s", (now, age) => {
  const made = readDatabase(METADATA)
  expect(made && databaseText(made, at(now))).toBe(`made 2026-11-20 06:12 UTC, ${age} old`)
})

describe("databaseProblem", () => {
  test.each([
    ["2026-11-20T06:00:00Z", "young enough"],
    ["2026-11-22T06:00:00Z", "just young enough"],
  ])("accepts the database at %s", (now) => {
    expect(databaseProblem(database("2026-11-20T06:00:00Z"), at(now), TWO_DAYS)).toBeUndefined()
  })

  test.each([
    ["2026-11-22T06:00:01Z", "48 h 1 min"],
    ["2026-11-23T07:20:00Z", "73 h 20 min"],
  ])("reports the database at %s as too old: %s", (now, age) => {
    expect(databaseProblem(database("2026-11-20T06:00:00Z"), at(now), TWO_DAYS)).toEqual({
      status: "error",
      reason: `the vulnerability database is ${age} old (made 2026-11-20 06:00 UTC), and may be at most 48 h`,
      findings: [],
    })
  })

  test("reports a database of unknown age or from the future", () => {
    const now = at("2026-11-20T06:00:00Z")
    expect(databaseProblem(undefined, now, TWO_DAYS)?.reason).toContain("doesn't say how old it is")
    expect(databaseProblem(database("2026-11-20T06:59:00Z"), now, TWO_DAYS)).toBeUndefined()
    expect(databaseProblem(database("2036-11-20T06:00:00Z"), now, TWO_DAYS)).toMatchObject({
      status: "error",
      reason:
        "the vulnerability database is dated in the future (made 2036-11-20 06:00 UTC), so a clock is wrong",
    })
  })
})
