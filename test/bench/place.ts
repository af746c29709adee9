import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { engineEnvironment } from "../../dagger/module/call.js"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import type { StageResult, Verdict } from "../../src/lib/run/verdict.js"

/** A folder of copies to edit, and the commands that are timed on them. */
export interface Place {
  path: (name: string) => string
  /** Copies a folder of this repository. */
  copy: (from: string, name: string) => string
  /** Appends a comment that was never there before. */
  edit: (file: string, sign: string) => void
  write: (file: string, text: string) => void
  /** Returns a text that neither this run nor an earlier one has used, and that is in no cache. */
  fresh: () => string
  dagger: (...args: string[]) => Promise<string>
  /** Runs `slipway` as a user would. */
  slipway: (command: string, source: string, ...options: string[]) => Promise<SlipwayRun>
  environment: NodeJS.ProcessEnv
  remove: () => void
}

/** Verdict and files of a run. `slipway` fails if the run fails, since its time would be meaningless. */
export interface SlipwayRun {
  verdict: Verdict
  read: (file: string) => string
}

export type Bench = (place: Place, rounds: number) => Promise<void>

const SKIP = /\/(node_modules|\.git|out|sdk|test)$/

export async function makePlace(): Promise<Place> {
  const environment = await engineEnvironment()
  const root = mkdtempSync(join(tmpdir(), "slipway-bench-"))
  const path = (name: string) => join(root, name)
  const dagger = async (...args: string[]) =>
    (await run({ env: environment })`dagger --silent ${args}`).stdout.trim()
  let count = 0
  const fresh = () => `${Date.now()}-${++count}`
  return {
    path,
    copy: (from, name) => {
      const filter = (file: string) => !/__pycache__$/.test(file) && (from !== "." || !SKIP.test(file))
      cpSync(join(REPOSITORY, from), path(name), { recursive: true, filter })
      return path(name)
    },
    edit: (file, sign) => appendFileSync(file, `\n${sign} ${fresh()}\n`),
    write: (file, text) => writeFileSync(file, text),
    fresh,
    dagger,
    slipway: (command, source, ...options) =>
      slipway(environment, [command, `--source=${source}`, ...options], path("out")),
    environment,
    remove: () => rmSync(root, { recursive: true }),
  }
}

async function slipway(env: NodeJS.ProcessEnv, command: string[], out: string): Promise<SlipwayRun> {
  const args = [join(REPOSITORY, "dagger/slipway.js"), ...command, `--out=${out}`]
  const { exitCode, stdout, stderr } = await run({ env, nothrow: true })`node ${args}`
  if (exitCode !== 0)
    throw new Error(`slipway ${command.join(" ")} ended with ${exitCode ?? -1}: ${stdout}${stderr}`)
  const read = (file: string) => readFileSync(join(out, file), "utf8")
  return { verdict: JSON.parse(read("verdict.json")) as Verdict, read }
}

export function stageOf({ verdict }: SlipwayRun, name: string): StageResult {
  const found = verdict.stages.find((stage) => stage.name === name)
  if (found === undefined) throw new Error(`no stage ${name}`)
  return found
}

/** Fails if a stage's result came from the cache unexpectedly, or didn't though it should have. */
export function expectCached(run: SlipwayRun, name: string, expected: boolean): void {
  const { cached } = stageOf(run, name)
  if (cached !== expected) throw new Error(`${name} came from the cache: ${String(cached)}`)
}
