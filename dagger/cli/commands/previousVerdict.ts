import { createHash } from "node:crypto"
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { visible } from "../../../src/lib/text/escape.js"
import { fields, isFields, parseJson, strings, text } from "../../../src/lib/text/json.js"
import { isFolder } from "../../lib/links.js"
import { say } from "../../lib/progress.js"

/** Folder in the reports with the last verdict of each branch and choice of stages. */
export const PREVIOUS = "previous"

/** The number of verdicts that are kept. */
const KEPT = 20

/** Larger files are no verdicts. */
const MOST_BYTES = 50_000_000

/** What a run is of: only runs of the same branch and the same stages are compared by default. */
export interface RunSubject {
  ref: string
  /** The groups or stages that were asked for; none for all of the event. */
  only: readonly string[]
}

/**
 * Keeps the verdict in a folder for reports, which is about to be emptied, for the next run of its branch.
 *
 * A run that broke off knows too little to be compared with, so that the one before stays.
 */
export function keepVerdict(out: string): void {
  const verdict = readPlain(join(out, "verdict.json"))
  const { run, record } = fields(parseJson(verdict ?? ""))
  // Runs of single functions have no inputs.
  if (!isFields(run) || !isFields(run["inputs"]) || !isFields(record)) return
  const { only } = fields(run["inputs"]["arguments"])
  const folder = join(out, PREVIOUS)
  // The source may hold a link of this name.
  if (!isFolder(folder)) rmSync(folder, { force: true })
  mkdirSync(folder, { recursive: true })
  const name = nameOfSubject({ ref: text(run["ref"]), only: strings(only) })
  rmSync(join(folder, name), { recursive: true, force: true })
  renameSync(join(out, "verdict.json"), join(folder, name))
  forgetOldest(folder)
}

function forgetOldest(folder: string): void {
  const age = (name: string) => lstatSync(join(folder, name)).mtimeMs
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"))
  for (const name of names.sort((a, b) => age(b) - age(a)).slice(KEPT)) rmSync(join(folder, name))
}

/**
 * Returns the verdict to compare a run with: the given file, or the one that was kept; undefined if there is none.
 *
 * A given file that can't be read is said in one line: the run itself doesn't need it.
 */
export function previousVerdict(
  out: string,
  given: string | undefined,
  subject: RunSubject,
): string | undefined {
  const kept = join(out, PREVIOUS, nameOfSubject(subject))
  const file = given === undefined ? undefined : resolve(given)
  // The last verdict in the folder for reports has been kept from being overwritten.
  if (file === undefined || file === join(out, "verdict.json"))
    return readPlain(kept) === undefined ? undefined : kept
  const problem = problemOf(file)
  if (problem === undefined) return file
  say(`! not compared with the last run: ${visible(file)} ${problem}`)
  return undefined
}

/** The file of one of several services, of which each has its reports in a folder of its name. */
export const previousOfService = (given: string, service: string): string =>
  join(dirname(given), service, basename(given))

function nameOfSubject({ ref, only }: RunSubject): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([ref, [...only].sort()]))
    .digest("hex")
  const name = ref.replace(/^refs\/(heads|tags)\//, "").replace(/[^\w.-]/g, "-")
  return `${name.slice(0, 60)}-${digest.slice(0, 12)}.json`
}

/** The content of a file; undefined for a link, what is no file, and what is too large. */
function readPlain(file: string): string | undefined {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  return stat?.isFile() === true && stat.size <= MOST_BYTES ? readFileSync(file, "utf8") : undefined
}

function problemOf(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return "doesn't exist"
  if (!stat.isFile()) return "is no file"
  return stat.size > MOST_BYTES ? "is too large for a verdict" : undefined
}
