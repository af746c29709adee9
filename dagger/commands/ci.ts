import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { randomUUID } from "node:crypto"
import { join, resolve } from "node:path"
import { ExitCode, fail } from "../../src/lib/errors.js"
import { duration } from "../../src/lib/report/place.js"
import { visible } from "../../src/lib/report/escape.js"
import { webAddress } from "../../src/lib/image/revision.js"
import { shellQuote } from "../../src/lib/shellQuote.js"
import type { StageResult, Verdict } from "../../src/lib/verdict.js"
import { callModule, daggerWithProgress } from "../dagger.js"
import { say } from "../lib/progress.js"
import { registryArguments, type RegistryOptions, signerArguments } from "./credentials.js"
import { run } from "../lib/shell.js"

export interface CiOptions extends RegistryOptions {
  source: string
  out: string
  event?: string
  ref?: string
  sha?: string
  runId?: string
  now?: string
  json?: boolean
  /** A registry of Slipway's own, which lasts as long as the engine's cache. */
  embedded?: boolean
}

/** What `ci` writes. */
const ARTIFACTS = [
  ...["verdict.json", "summary.md", "report.html", "failures.txt"],
  ...["junit", "sarif", "logs", "coverage", "trivy", "sbom", "release"],
]

/** A source as `--source` takes it from any folder: git addresses as they are, folders by their whole path. */
export function absoluteSource(source: string): string {
  if (/^\w+:\/\/|^git@/.test(source)) return source
  const folder = resolve(source)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw fail("NO_SOURCE", [folder])
  return folder
}

/** Makes the folder of the reports, without what an earlier run left: no old verdict is taken for a new one. */
function prepareOut(path: string): string {
  const out = resolve(path)
  try {
    mkdirSync(out, { recursive: true })
    for (const name of ARTIFACTS) rmSync(join(out, name), { recursive: true, force: true })
  } catch (error) {
    throw fail("OUT_NOT_FOLDER", [out, error instanceof Error ? error.message : String(error)])
  }
  return out
}

/** Runs the pipeline, or these groups of stages, and prints the outcome. Returns the exit code. */
export async function runCi(options: CiOptions, only: string[] = []): Promise<number> {
  const source = absoluteSource(options.source)
  const out = prepareOut(options.out)
  const commit = await commitOf(source)
  const call = [...callModule(source), ...(options.now === undefined ? [] : [`--now=${options.now}`])]
  const args = [
    ...call,
    `--invocation=${shellQuote(["dagger", ...call])}`,
    "ci",
    `--event=${options.event ?? "local"}`,
    `--ref=${options.ref ?? commit.ref}`,
    `--sha=${options.sha ?? commit.sha}`,
    `--committed=${commit.committed}`,
    `--origin=${commit.origin}`,
    `--run-id=${options.runId ?? randomUUID()}`,
    ...only.map((group) => `--only=${group}`),
    ...(options.embedded ? ["--embedded"] : []),
    ...registryArguments(options),
    ...signerArguments(),
    "export",
    `--path=${out}`,
  ]
  const log = join(out, "logs/dagger.log")
  const code = await daggerWithProgress(args, log)
  if (code === 130) return code
  const file = join(out, "verdict.json")
  if (code !== 0 || !existsSync(file)) return noVerdict(log)
  const written = readFileSync(file, "utf8")
  const verdict = JSON.parse(written) as Verdict
  if (options.json) process.stdout.write(written)
  else printVerdict(verdict, out)
  return verdict.exitCode
}

/** What git knows of a folder's sources; nothing of those at an address. */
async function commitOf(source: string) {
  const git = async (...args: string[]) =>
    (await run({ nothrow: true })`git -C ${source} ${args}`).stdout.trim()
  return {
    ref: await git("symbolic-ref", "--quiet", "HEAD"),
    sha: await git("rev-parse", "--verify", "--quiet", "HEAD"),
    committed: await git("log", "-1", "--format=%cI"),
    origin: webAddress(await git("remote", "get-url", "origin")),
  }
}

/** Says what the engine's own last words were. */
export function noVerdict(log: string): number {
  const lines = readFileSync(log, "utf8").split("\n")
  const errors = lines.filter((line) => /^Error: |! /.test(line)).slice(-3)
  say(["the run gave no verdict:", ...errors, `→ ${log} holds all that the engine said`].join("\n"))
  return ExitCode.infrastructure
}

function printVerdict(verdict: Verdict, out: string): void {
  const failures = join(out, "failures.txt")
  const lines = [
    ...verdict.stages.map(stageLine),
    ...(existsSync(failures) ? ["", readFileSync(failures, "utf8").trimEnd()] : []),
    ...(verdict.problem === null ? [] : [verdict.problem]),
    "",
    `${verdict.status} in ${duration(verdict.milliseconds)}; reports in ${out}`,
  ]
  process.stdout.write(`${lines.join("\n")}\n`)
}

const SIGNS: Record<StageResult["status"], string> = { passed: "✓", failed: "✗", error: "✗", skipped: "-" }

function stageLine({ name, status, milliseconds, cached, reason }: StageResult): string {
  const time = `${duration(milliseconds)}${cached ? ", cached" : ""}`
  return `${SIGNS[status]} ${name.padEnd(16)} ${visible(reason)} (${time})`
}
