import { join } from "node:path"
import { randomUUID } from "node:crypto"
import { configWarnings } from "../../../src/lib/config/parse.js"
import { fullRef } from "../../../src/lib/release/gitRef.js"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import { DELIVERED } from "../../../src/lib/pipeline/stages.js"
import { callModule } from "../../module/call.js"
import { say } from "../../lib/progress.js"
import { currentName } from "../../lib/renamed.js"
import { optionalArgument } from "../../module/arguments.js"
import { deployArguments, type DeployOptions } from "./deploy.js"
import { fromFork } from "../hosts/fork.js"
import { infraArguments, type InfraOptions } from "./infra.js"
import { notifyArguments } from "./actor.js"
import {
  configuredRecipient,
  registryArguments,
  type RegistryOptions,
  secretArguments,
  signerArguments,
} from "./credentials.js"
import { beginRun, runWithVerdict, prepareOut, type OutputOptions, type RunResult } from "./runWithVerdict.js"
import {
  absoluteSource,
  type GitState,
  gitStateOf,
  refuseDirty,
  settingsOf,
  uncommittedDigest,
} from "./sourceFolder.js"

export interface CiOptions extends RegistryOptions, InfraOptions, DeployOptions, OutputOptions {
  source: string
  out: string
  event?: string
  ref?: string
  baseRef?: string
  fork?: boolean
  sha?: string
  committed?: string
  origin?: string
  /** Digest of the sources if they differ from the commit. */
  digest?: string
  runId?: string
  now?: string
  /** Addresses of the secrets that the Dockerfile's commands may mount. */
  secret?: string[]
  /** Identity of a keyless signer. */
  identity?: string
  issuer?: string
  /** Use the embedded registry, which lasts as long as the engine's cache. */
  embedded?: boolean
}

/** The arguments of `dagger` that run the pipeline, or these groups of stages; `source` is an absolute path. */
export function ciArguments(
  options: CiOptions,
  commit: GitState,
  only: readonly string[],
  notify: readonly string[] = [],
): string[] {
  const { source, event = "local" } = options
  const call = callModule(source, options.now)
  return [
    ...call,
    `--invocation=${shellQuote(["dagger", ...call])}`,
    ...infraArguments(options, event, only),
    ...(delivers(event, only) ? [...deployArguments(options), ...notify] : []),
    ...releaseArguments(options, only),
    ...commitArguments(options, commit),
    "ci",
    `--event=${event}`,
    `--ref=${fullRef(event, options.ref ?? commit.ref)}`,
    ...optionalArgument("base-ref", options.baseRef),
    ...((options.fork ?? (event === "pull_request" && fromFork(process.env))) ? ["--fork"] : []),
    `--run-id=${options.runId ?? randomUUID()}`,
    ...only.map((name) => `--only=${currentName(name)}`),
    ...secretArguments(options.secret),
  ]
}

/** The commit of the sources: the options take precedence over git. */
const commitArguments = (options: CiOptions, commit: GitState): string[] => [
  "with-commit",
  `--sha=${options.sha ?? commit.sha}`,
  `--committed=${options.committed ?? commit.committed}`,
  `--origin=${options.origin ?? commit.origin}`,
  ...optionalArgument("path", commit.path || undefined),
  ...optionalArgument("digest", options.digest || undefined),
]

/** True if the run may deploy to an environment: no other run gets its secrets. */
const delivers = (event: string, only: readonly string[]): boolean =>
  only.length === 0
    ? ["push", "tag", "schedule"].includes(event)
    : only.some((group) => DELIVERED.some((known) => known === group))

/** Registry and signer; without secrets for a run that releases nothing or uses the embedded registry. */
function releaseArguments(options: CiOptions, only: readonly string[]): string[] {
  const releases =
    !options.embedded && (only.length === 0 || only.includes("release") || only.includes("deploy"))
  return [
    ...registryArguments(options, releases ? configuredRecipient(options.source) : "nobody"),
    ...signerArguments({ identity: options.identity, issuer: options.issuer }, releases),
  ]
}

/** Runs the pipeline, or these groups of stages, and prints the outcome. Returns the exit code. */
export const runCi = async (options: CiOptions, only: string[] = []): Promise<number> =>
  (await runPipeline(options, only)).code

/** Runs the pipeline like `runCi`. Returns the verdict too. */
export async function runPipeline(options: CiOptions, only: readonly string[]): Promise<RunResult> {
  const source = absoluteSource(options.source)
  const { event = "local", runId = randomUUID() } = options
  for (const warning of configWarnings(settingsOf(source))) say(`! ${warning}`)
  const begun = beginRun(
    { id: runId, event, ref: options.ref ?? "", sha: options.sha ?? "" },
    callModule(source, options.now),
  )
  return runWithVerdict(prepareOut(options.out), begun, options, async (out) => {
    if (event !== "local" && !options.embedded) await refuseDirty(source, out)
    const commit = await gitStateOf(source)
    const digest = options.digest ?? (await uncommittedDigest(source, out, commit))
    const notify = delivers(event, only) ? await notifyArguments(source, join(out, "logs")) : []
    const args = ciArguments({ ...options, source, digest, runId }, commit, only, notify)
    return [...args, `--journal=${begun.mark}`]
  })
}
