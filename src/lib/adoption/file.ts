import { fail } from "../errors/catalogue.js"
import { clip, visible } from "../text/escape.js"
import { fields, isFields, text } from "../text/json.js"
import { oneLine } from "../text/words.js"
import { ADOPTION_FILE, type AdoptionBaseline, BASELINED, type BaselinedStage } from "./entries.js"
import { type Entries, type Growth, NO_ENTRIES } from "./entries.js"
import { placeOf, syntaxPlace } from "./place.js"

/** Version of the format. */
const VERSION = 1

/** The number of problems to list. */
const MOST_LISTED = 20

const MOST_FINDINGS = 1_000_000

/** Reads the file; undefined for a service without one. Fails with BASELINE_INVALID, a problem a line. */
export function parseAdoption(content: string | undefined): AdoptionBaseline | undefined {
  if (content === undefined) return undefined
  const { adoption, problems } = readAdoption(content)
  if (adoption !== undefined) return adoption
  throw fail("BASELINE_INVALID", [problems.slice(0, MOST_LISTED), problems.length])
}

/** Problem at a path of keys. */
interface Fault {
  path: readonly string[]
  message: string
}

/** Reads the file, or lists its problems, each with its place. */
export function readAdoption(content: string): { adoption?: AdoptionBaseline; problems: string[] } {
  const body = content.replace(/^\uFEFF/, "")
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      problems: [
        `${ADOPTION_FILE}:${syntaxPlace(body, reason)}: not valid JSON: ${visible(oneLine(reason))}`,
      ],
    }
  }
  const faults: Fault[] = []
  const adoption = read(parsed, faults)
  if (faults.length === 0) return { adoption, problems: [] }
  return { problems: faults.map(({ path, message }) => [where(body, path), message].join(": ")) }
}

const where = (body: string, path: readonly string[]): string =>
  [
    `${ADOPTION_FILE}:${placeOf(body, path)}`,
    ...(path.length === 0 ? [] : [visible(clip(path.join(" › "), 300))]),
  ].join(": ")

function read(parsed: unknown, faults: Fault[]): AdoptionBaseline {
  const { version, findings = {}, coverage, grown = [], ...others } = fields(parsed)
  if (version !== VERSION) faults.push({ path: ["version"], message: `expected ${VERSION}` })
  for (const key of Object.keys(others)) faults.push({ path: [key], message: "unknown key" })
  if (coverage !== undefined && !isPercentage(coverage))
    faults.push({ path: ["coverage"], message: "expected a percentage, from 0 to 100" })
  if (!Array.isArray(grown) || !grown.every(isGrowth))
    faults.push({ path: ["grown"], message: "expected a list of on, reason and findings" })
  return {
    findings: readStages(findings, faults),
    ...(isPercentage(coverage) && { coverage }),
    grown: Array.isArray(grown) ? grown.filter(isGrowth) : [],
  }
}

const isPercentage = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= 100

const isGrowth = (value: unknown): value is Growth => {
  const { on, reason, findings, ...others } = fields(value)
  return (
    /^\d{4}-\d\d-\d\d$/.test(text(on)) &&
    text(reason).trim() !== "" &&
    Number.isSafeInteger(findings) &&
    Object.keys(others).length === 0
  )
}

function readStages(value: unknown, faults: Fault[]): Map<BaselinedStage, Entries> {
  const path = ["findings"]
  if (!isFields(value)) faults.push({ path, message: "expected findings by stage" })
  return new Map(
    Object.entries(fields(value)).flatMap(([name, files]): [BaselinedStage, Entries][] => {
      const stage = BASELINED.find((known) => known === name)
      if (stage !== undefined) return [[stage, readFiles(files, [...path, name], faults)]]
      faults.push({ path: [...path, name], message: `expected one of ${BASELINED.join(", ")}` })
      return []
    }),
  )
}

function readFiles(value: unknown, path: readonly string[], faults: Fault[]): Entries {
  if (!isFields(value)) {
    faults.push({ path, message: "expected findings by file" })
    return NO_ENTRIES
  }
  return new Map(
    Object.entries(value).map(([file, keys]) => [file, readKeys(keys, [...path, file], faults)] as const),
  )
}

/** A rule, and the digest of a line. */
const KEY = /^\S{1,100}( [0-9a-f]{12})?$/

function readKeys(value: unknown, path: readonly string[], faults: Fault[]): Map<string, number> {
  if (!isFields(value)) faults.push({ path, message: "expected numbers by rule and line" })
  const counts = new Map<string, number>()
  for (const [key, number] of Object.entries(fields(value)))
    if (!KEY.test(key))
      faults.push({
        path: [...path, key],
        message: "expected a rule, or a rule, a space and the 12 digits of a line",
      })
    else if (typeof number === "number" && Number.isInteger(number) && number > 0 && number <= MOST_FINDINGS)
      counts.set(key, number)
    else faults.push({ path: [...path, key], message: "expected how often it is there: 1 or more" })
  return counts
}

/** Writes the file: sorted, an entry a line, so that two branches that fix different findings merge. */
export function formatAdoption({ findings, coverage, grown }: AdoptionBaseline): string {
  const stages = BASELINED.flatMap((stage) => {
    const files = [...(findings.get(stage) ?? NO_ENTRIES)].filter(([, keys]) => keys.size > 0)
    return files.length === 0
      ? []
      : [[stage, sortedObject(files.map(([file, keys]) => [file, sortedObject(keys)]))]]
  })
  const content = {
    version: VERSION,
    ...(coverage !== undefined && { coverage }),
    ...(grown.length > 0 && { grown }),
    findings: Object.fromEntries(stages) as object,
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

const sortedObject = (entries: Iterable<readonly [string, unknown]>): object =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
