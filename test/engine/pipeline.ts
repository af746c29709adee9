import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import type { StageResult, Verdict } from "../../src/lib/run/verdict.js"
import { dagger, type Ended, engineEnvironment } from "./dagger.js"

export const GATES = join(REPOSITORY, "test/fixtures/gates")
/** Path of the fixture that fails a quality gate. */
export const gate = (name: string): string => join(GATES, name)
export const SUITES = join(REPOSITORY, "test/fixtures/suites")
export const SCANS = join(REPOSITORY, "test/fixtures/scans")
export const APP = join(REPOSITORY, "test/app")
export const SLIPWAY = join(REPOSITORY, "dagger/slipway.js")

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Creates a folder, which is deleted after the file's tests. */
export const folder = (): string => mkdtempSync(join(scratch, "f-"))

export type Files = Record<string, string | Buffer>

export function write(root: string, files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  return root
}

/** Creates a source with these files. */
export const service = (files: Files): string => write(folder(), files)

/** Creates a source from copies of these folders. */
export function copyOf(...sources: string[]): string {
  const root = folder()
  for (const source of sources) cpSync(source, root, { recursive: true })
  return root
}

/** Formats the date that is this many days from today. */
export const day = (offset: number): string =>
  new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

/** A finished run of `slipway` with its reports. */
export interface CiRun extends Ended {
  out: string
  /** Undefined if the run left none. */
  verdict: Verdict | undefined
  stage: (name: string) => StageResult
  read: (name: string) => string
}

/** Runs `slipway` with these arguments. */
export async function slipway(...args: string[]): Promise<Ended> {
  const env = await engineEnvironment()
  const { exitCode, stdout, stderr } = await run({ nothrow: true, env })`node ${SLIPWAY} ${args}`
  return { exitCode, stdout, stderr }
}

/** Runs `slipway ci` on a source. */
export const ci = (source: string, ...more: string[]): Promise<CiRun> => runOn("ci", source, ...more)

/** Runs `slipway ci`, or another command with a verdict, on a source. */
export async function runOn(
  command: string | readonly string[],
  source: string,
  ...more: string[]
): Promise<CiRun> {
  const out = folder()
  const ended = await slipway(...[command].flat(), `--source=${source}`, `--out=${out}`, ...more)
  const read = (name: string) => readFileSync(join(out, name), "utf8")
  const verdict = existsSync(join(out, "verdict.json"))
    ? (JSON.parse(read("verdict.json")) as Verdict)
    : undefined
  const stage = (name: string) => {
    const found = verdict?.stages.find((known) => known.name === name)
    if (found === undefined) throw new Error(`no stage ${name}: ${ended.stdout}${ended.stderr}`)
    return found
  }
  return { ...ended, out, verdict, stage, read }
}

/** Maps the stages' names to their statuses. */
export const statuses = ({ verdict }: CiRun): Record<string, string> =>
  Object.fromEntries(verdict?.stages.map(({ name, status }) => [name, status]) ?? [])

/** Runs `dagger call` with Slipway's module on a source. */
export const callOn = (source: string, ...args: string[]): Promise<Ended> =>
  dagger(["call", `--mod=${REPOSITORY}`, `--source=${source}`, ...args], { cwd: REPOSITORY })

interface Sarif {
  runs: { tool: { driver: { name: string; version: string } }; results: Result[] }[]
}

interface Result {
  ruleId: string
  message: { text: string }
  locations?: { physicalLocation: { artifactLocation: { uri: string }; region?: { startLine: number } } }[]
}

/** Reads a tool's SARIF report: the tool's version, and the place of each finding. */
export function sarifOf(ended: CiRun, tool: string): { version: string; places: Place[] } {
  const { runs } = JSON.parse(ended.read(`sarif/${tool}.sarif`)) as Sarif
  const places = runs.flatMap(({ results }) => results.map(placeOf))
  return { version: runs[0]?.tool.driver.version ?? "", places }
}

interface Place {
  rule: string
  message: string
  file: string | undefined
  line: number | undefined
}

function placeOf({ ruleId, message, locations }: Result): Place {
  const { artifactLocation, region } = locations?.[0]?.physicalLocation ?? {}
  const file = artifactLocation && artifactLocation.uri.split("/").map(decodeURIComponent).join("/")
  return { rule: ruleId, message: message.text, file, line: region?.startLine }
}

/** Lists the elements of an XML document in document order; throws if it isn't well-formed. */
export function xmlElements(text: string): string[] {
  const open: string[] = []
  const seen: string[] = []
  const body = text.replace(/^<\?xml[^>]*\?>\n/, "")
  const tag = /<(\/?)([a-z]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<>]+)/gy
  while (tag.lastIndex < body.length) {
    const at = tag.lastIndex
    const match = tag.exec(body)
    if (match === null) throw new Error(`not well formed: ${body.slice(at, at + 80)}`)
    const [, closing, name = "", , empty] = match
    if (name === "") continue
    if (closing && open.pop() !== name) throw new Error(`</${name}> closes nothing`)
    if (!closing) seen.push(name)
    if (!closing && !empty) open.push(name)
  }
  if (open.length > 0) throw new Error(`<${open.join("><")}> is left open`)
  return seen
}
