import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from "node:fs"
import { randomUUID } from "node:crypto"
import { dirname, join, resolve } from "node:path"
import { ExitCode, fail } from "../../src/lib/errors.js"
import { duration } from "../../src/lib/report/place.js"
import { visible } from "../../src/lib/report/escape.js"
import { fullRef } from "../../src/lib/release/ref.js"
import { shellQuote } from "../../src/lib/shellQuote.js"
import { DELIVERED } from "../../src/lib/stages.js"
import type { StageResult, Verdict } from "../../src/lib/verdict.js"
import { callModule, daggerWithProgress } from "../dagger.js"
import { say } from "../lib/progress.js"
import { deployArguments, type DeployOptions, given } from "./deploy.js"
import { fromFork } from "./fork.js"
import { infraArguments, type InfraOptions } from "./infra.js"
import { notifyArguments } from "./origin.js"
import {
  publishedTo,
  registryArguments,
  type RegistryOptions,
  secretArguments,
  signerArguments,
} from "./credentials.js"
import { absoluteSource, type Commit, commitOf, refuseDirty, uncommittedDigest } from "./source.js"

export interface CiOptions extends RegistryOptions, InfraOptions, DeployOptions {
  source: string
  out: string
  event?: string
  ref?: string
  baseRef?: string
  fork?: boolean
  sha?: string
  committed?: string
  origin?: string
  /** Of the sources, where they are not as in the commit. */
  digest?: string
  runId?: string
  now?: string
  json?: boolean
  /** The addresses of what the Dockerfile's commands may mount. */
  secret?: string[]
  /** Who signs without a key. */
  identity?: string
  issuer?: string
  /** A registry of Slipway's own, which lasts as long as the engine's cache. */
  embedded?: boolean
  /** What makes output harmless to who reads it for commands. */
  inert?: (output: string) => string
}

/** How a run ended. */
export interface Ran {
  code: number
  out: string
  /** Absent where the run left none. */
  verdict?: Verdict
}

/** What `ci` writes. */
const ARTIFACTS = [
  ...["verdict.json", "summary.md", "report.html", "failures.txt"],
  ...["junit", "sarif", "logs", "coverage", "trivy", "terraform", "sbom", "release", "deploy"],
  ...["k6", "zap", "gitlab", "cleanup"],
]

/** Makes the folder of the reports, without what an earlier run left: no old verdict is taken for a new one. */
export function prepareOut(path: string): string {
  const out = resolve(path)
  try {
    mkdirSync(out, { recursive: true })
    for (const name of ARTIFACTS) rmSync(join(out, name), { recursive: true, force: true })
  } catch (error) {
    throw fail("OUT_NOT_FOLDER", [out, error instanceof Error ? error.message : String(error)])
  }
  return out
}

/** The arguments of `dagger` that run the pipeline, or these groups of stages, on a source by its whole path. */
export function ciArguments(
  options: CiOptions,
  commit: Commit,
  only: readonly string[],
  notify: readonly string[] = [],
): string[] {
  const { source, event = "local", embedded } = options
  const call = [...callModule(source), ...given("now", options.now)]
  return [
    ...call,
    `--invocation=${shellQuote(["dagger", ...call])}`,
    ...infraArguments(options, event, only),
    ...(delivers(event, only) ? [...deployArguments(options), ...notify] : []),
    "ci",
    `--event=${event}`,
    `--ref=${fullRef(event, options.ref ?? commit.ref)}`,
    ...given("base-ref", options.baseRef),
    ...((options.fork ?? (event === "pull_request" && fromFork(process.env))) ? ["--fork"] : []),
    `--sha=${options.sha ?? commit.sha}`,
    `--committed=${options.committed ?? commit.committed}`,
    `--origin=${options.origin ?? commit.origin}`,
    ...given("path", commit.path || undefined),
    ...given("digest", options.digest || undefined),
    `--run-id=${options.runId ?? randomUUID()}`,
    ...only.map((group) => `--only=${group}`),
    ...secretArguments(options.secret),
    ...(embedded ? ["--embedded"] : []),
    ...releaseArguments(options, only),
  ]
}

/** Whether this may reach an environment: nothing else is handed its secrets. */
const delivers = (event: string, only: readonly string[]): boolean =>
  only.length === 0
    ? ["push", "tag", "schedule"].includes(event)
    : only.some((group) => DELIVERED.some((known) => known === group))

/** Nothing secret goes to what has no use for it: checks alone, and a registry of Slipway's own. */
function releaseArguments(options: CiOptions, only: readonly string[]): string[] {
  const releases =
    !options.embedded && (only.length === 0 || only.includes("release") || only.includes("deploy"))
  return [
    ...registryArguments(options, releases ? publishedTo(options.source) : "nobody"),
    ...(releases ? signerArguments() : []),
    ...given("identity", options.identity),
    ...given("issuer", options.issuer),
  ]
}

/** Runs the pipeline, or these groups of stages, and prints the outcome. Returns the exit code. */
export const runCi = async (options: CiOptions, only: string[] = []): Promise<number> =>
  (await runPipeline(options, only)).code

/** The same, with the verdict. */
export async function runPipeline(options: CiOptions, only: readonly string[]): Promise<Ran> {
  const source = absoluteSource(options.source)
  const out = prepareOut(options.out)
  if ((options.event ?? "local") !== "local" && !options.embedded) await refuseDirty(source, out)
  const commit = await commitOf(source)
  const digest = options.digest ?? (await uncommittedDigest(source, out, commit))
  const notify = delivers(options.event ?? "local", only)
    ? await notifyArguments(source, join(out, "logs"))
    : []
  return runTree(ciArguments({ ...options, source, digest }, commit, only, notify), out, options)
}

/** Calls a function that returns the artifacts of a run, and prints the outcome. */
export async function runTree(
  args: readonly string[],
  out: string,
  { json, inert = String }: Pick<CiOptions, "json" | "inert">,
): Promise<Ran> {
  const log = join(out, "logs/dagger.log")
  const file = join(out, "verdict.json")
  let code: number
  let complete = false
  try {
    code = await daggerWithProgress([...args, "export", `--path=${out}`], log)
    complete = code === 0 || (code !== 130 && endedLate(log))
  } finally {
    // What was written before it broke off may be half a verdict.
    if (!complete) rmSync(file, { force: true })
  }
  if (code === 130) return { code, out }
  if (!existsSync(file)) return { code: noVerdict(log), out }
  const written = readFileSync(file, "utf8")
  const verdict = JSON.parse(written) as Verdict
  if (json) process.stdout.write(written)
  else process.stdout.write(inert(verdictText(verdict, out)))
  return { code: verdict.exitCode, out, verdict }
}

/** Whether all was done, and only the end of the session took longer than `dagger` (0.21.8) waits for it: ten seconds. */
const endedLate = (log: string): boolean => {
  const errors = readFileSync(log, "utf8").match(/^Error: .*$/gm) ?? []
  return (
    errors.length > 0 && errors.every((line) => /^Error: cleanup failed: "close dagger session"/.test(line))
  )
}

/** Bytes; reports are larger. */
const LEAST_ROOM = 1024 * 1024

/** Says what the engine's own last words were. */
export function noVerdict(log: string): number {
  const lines = readFileSync(log, "utf8").split("\n")
  const errors = lines.filter((line) => /^Error: |! /.test(line)).slice(-3)
  // The engine often knows only that its receiver has gone.
  const { bavail, bsize } = statfsSync(dirname(log))
  const full = bavail * bsize < LEAST_ROOM ? [`no space left on the disk of ${dirname(log)}`] : []
  say(["the run gave no verdict:", ...full, ...errors, `→ ${log} holds all that the engine said`].join("\n"))
  return ExitCode.infrastructure
}

function verdictText(verdict: Verdict, out: string): string {
  const failures = join(out, "failures.txt")
  const lines = [
    ...verdict.stages.map(stageLine),
    ...(existsSync(failures) ? ["", readFileSync(failures, "utf8").trimEnd()] : []),
    ...(verdict.problem === null ? [] : [verdict.problem]),
    "",
    `${verdict.status} in ${duration(verdict.milliseconds)}; reports in ${out}`,
  ]
  return `${lines.join("\n")}\n`
}

const SIGNS: Record<StageResult["status"], string> = { passed: "✓", failed: "✗", error: "✗", skipped: "-" }

function stageLine({ name, status, milliseconds, cached, reason }: StageResult): string {
  const time = `${duration(milliseconds)}${cached ? ", cached" : ""}`
  return `${SIGNS[status]} ${name.padEnd(16)} ${visible(reason)} (${time})`
}
