import type { CiHost } from "../../../src/lib/config/wrappers.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { groupsOfJob, type CiJob, isSignedFor } from "../../../src/lib/pipeline/policy.js"
import { CHECKED, type Group } from "../../../src/lib/pipeline/stages.js"
import type { Verdict } from "../../../src/lib/run/verdict.js"
import { say } from "../../lib/progress.js"
import type { Variables } from "../../lib/variables.js"
import { type HostEvent, hostEvent, manualRequest, unresolvedVariables } from "../hosts/event.js"
import { reportToHost } from "../hosts/report.js"
import { aliases, keepTokens, tokenRequests } from "../hosts/tokens.js"
import { printCommands } from "../../lib/output.js"
import { registerSecretAddresses } from "../../module/secretAddress.js"
import { type CiOptions, decisionOf } from "./ci.js"
import { runCi, runServices } from "./services.js"
import { absoluteSource, configured, gitStateOf } from "./sourceFolder.js"

/**
 * Runs the pipeline for a CI host's job and reports to the host by its own means.
 *
 * Options take precedence over the host's variables. Returns the exit code.
 */
export async function runCiJob(host: CiHost, job: CiJob | undefined, options: CiOptions): Promise<number> {
  const { env } = process
  for (const variable of unresolvedVariables(env)) env[variable] = ""
  const event = hostEvent(host, env, configured(absoluteSource(options.source))?.branches)
  const { only = [], ...answers } = manualRequest(event, env) ?? {}
  const all = { ...event, ...answers, ...options }
  const part = await partOf(jobFor(event, job, env), all, only)
  if (part === undefined) return ExitCode.passed
  Object.assign(env, aliases(host, env))
  const requests = tokenRequests(host, env, part.groups).filter(
    ({ name }) => isSignedFor(all.event) || name !== "SIGSTORE_ID_TOKEN",
  )
  const tokens = await keepTokens(requests, (token) => {
    if (host === "github") printCommands([`::add-mask::${token}`])
    if (host === "azure") printCommands([`##vso[task.setsecret]${token}`])
  })
  registerSecretAddresses(tokens.addresses)
  try {
    const { code } = await runServices(all, part.only, async ({ out, verdict }, place) => {
      if (verdict === undefined) return
      const { commands, messages } = await reportToHost(host, out, ofJob(job, verdict), env, place)
      printCommands(commands)
      for (const message of messages) process.stdout.write(`${message}\n`)
    })
    return code
  } finally {
    tokens.end()
  }
}

/** Runs the part of an event that a job runs, or all of it. Returns the exit code. */
export async function runJob(job: CiJob | undefined, options: CiOptions): Promise<number> {
  if (job === undefined) return runCi(options)
  const part = await partOf(job, options, [])
  return part === undefined ? ExitCode.passed : (await runServices(options, part.only)).code
}

/** What a job runs of an event. */
interface Part {
  groups: readonly Group[]
  /** The groups to ask the module for; none for all of the event. */
  only: readonly string[]
}

/** The part of an event that a job runs; undefined if that is nothing. */
async function partOf(
  job: CiJob | undefined,
  options: CiOptions,
  only: readonly string[],
): Promise<Part | undefined> {
  const source = absoluteSource(options.source)
  const { groups } = decisionOf({ ...options, source }, await gitStateOf(source), only)
  const own = job === undefined ? groups : groupsOfJob(job, groups, options.event ?? "local")
  if (own.length === groups.length) return { groups, only }
  if (own.length > 0) return { groups: own, only: own }
  say(`the job "${job ?? ""}" has nothing to run here: this event runs ${groups.join(", ")}`)
  return undefined
}

/** The job to run: what Jenkins finds by indexing branches, all of them at first, delivers nothing; a hotfix branch that the host reports as unprotected delivers nothing, as anybody can push to it. */
export function jobFor({ ref }: Pick<HostEvent, "ref">, job: CiJob | undefined, env: Variables) {
  if (job === "delivery" && /BranchIndexingCause/.test(env["SLIPWAY_CAUSE"] ?? "")) {
    say("Jenkins has only indexed the branches, which delivers nothing: push, or start the build by hand")
    return "checks"
  }
  const isProtected = env["GITHUB_REF_PROTECTED"] ?? env["CI_COMMIT_REF_PROTECTED"]
  if (job === "checks" || isProtected !== "false" || !ref.startsWith("refs/heads/hotfix/")) return job
  say(`${ref} isn't protected at this host, so nothing is released: only its checks run`)
  return "checks"
}

/** The verdict without what another job has reported already: annotations and alerts would be there twice. */
const ofJob = (job: CiJob | undefined, verdict: Verdict): Verdict =>
  job === "delivery" || job === "preview"
    ? { ...verdict, stages: verdict.stages.filter(({ group }) => !CHECKED.some((known) => known === group)) }
    : verdict
