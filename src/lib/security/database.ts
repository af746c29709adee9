import type { Outcome } from "../run/finding.js"
import { fields, parseJson, text } from "../text/json.js"

/** Content of Trivy's `metadata.json` on its vulnerability database. */
interface Database {
  version: number
  /** When it was made. */
  made: Date
  /** When a newer one was due. */
  next?: Date
  downloaded?: Date
}

const HOUR = 3_600_000
const MINUTE = 60_000
/** Most that clocks may differ. */
const SKEW = HOUR

/** Reads `metadata.json`; undefined if it lacks the database's age. */
export function readDatabase(metadata: string): Database | undefined {
  const { Version, UpdatedAt, NextUpdate, DownloadedAt } = fields(parseJson(metadata))
  const [made, next, downloaded] = [UpdatedAt, NextUpdate, DownloadedAt].map(date)
  if (made === undefined) return undefined
  return {
    version: typeof Version === "number" ? Version : 0,
    made,
    ...(next === undefined ? {} : { next }),
    ...(downloaded === undefined ? {} : { downloaded }),
  }
}

/** Parses a time as Go writes it, where the year 1 stands for none. */
function date(value: unknown): Date | undefined {
  const milliseconds = Date.parse(text(value))
  return milliseconds > 0 ? new Date(milliseconds) : undefined
}

/** Describes the database's age: `made 2026-11-20 06:12 UTC, 3 h old`. */
export const databaseText = (database: Database, now: Date): string =>
  `${made(database)}, ${span(now.getTime() - database.made.getTime())} old`

const made = (database: Database): string =>
  `made ${database.made.toISOString().slice(0, 16).replace("T", " ")} UTC`

/** Returns an error if the database is too old to be relied upon. */
export function databaseProblem(
  database: Database | undefined,
  now: Date,
  limit: number,
): Outcome | undefined {
  if (database === undefined) return error("the vulnerability database doesn't say how old it is")
  const age = now.getTime() - database.made.getTime()
  if (age < -SKEW)
    return error(`the vulnerability database is dated in the future (${made(database)}), so a clock is wrong`)
  if (age <= limit * 1000) return undefined
  return error(
    `the vulnerability database is ${hours(Math.ceil(age / MINUTE) * MINUTE)} old (${made(database)}), and may be at most ${hours(limit * 1000)}`,
  )
}

const error = (reason: string): Outcome => ({ status: "error", reason, findings: [] })

/** Formats a duration in its largest units: `12 min`, `3 h`, `2 d 4 h`. */
function span(milliseconds: number): string {
  const whole = Math.floor(milliseconds / HOUR)
  if (whole < 48) return whole < 1 ? hours(milliseconds) : `${whole} h`
  return whole % 24 === 0 ? `${whole / 24} d` : `${Math.floor(whole / 24)} d ${whole % 24} h`
}

/** Formats a duration in hours and minutes: `48 h 5 min`. */
function hours(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / MINUTE))
  const [whole, rest] = [Math.floor(minutes / 60), minutes % 60]
  if (whole === 0) return `${rest} min`
  return rest === 0 ? `${whole} h` : `${whole} h ${rest} min`
}
