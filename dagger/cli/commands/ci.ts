import { join } from "node:path"
import { randomUUID } from "node:crypto"
import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import { configWarnings } from "../../../src/lib/config/parse.js"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { numberInRef, pullRequestOf } from "../../../src/lib/forge/pullRequest.js"
import { fullRef } from "../../../src/lib/release/gitRef.js"
import { isPreviewNumber, previewNumber, previewOf } from "../../../src/lib/text/previews.js"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import { environmentFor, groupsFor, type Trigger } from "../../../src/lib/pipeline/policy.js"
import { DELIVERED, type Group, usesSecret } from "../../../src/lib/pipeline/stages.js"
import { callModule, serviceArguments } from "../../module/call.js"
import { say } from "../../lib/progress.js"
import { currentName } from "../../lib/renamed.js"
import { optionalArgument } from "../../module/arguments.js"
import { deployArguments, type DeployOptions } from "./deploy.js"
import { deploySettings } from "./environment.js"
import { gateArguments } from "./gateBase.js"
import { fromFork } from "../hosts/fork.js"
import { infraArguments, type InfraOptions } from "./infra.js"
import { indexArguments, type IndexOptions } from "./indexes.js"
import { notifyArguments } from "./actor.js"
import {
  configuredRecipient,
  registryArguments,
  type RegistryOptions,
  signerArguments,
} from "./credentials.js"
import { buildArguments, type BuildOptions, secretArguments } from "./building.js"
import { logInToAcr } from "./acrLogin.js"
import { refuseWithoutHotfix } from "./hotfixes.js"
import { reasonOffMain } from "./stagedHotfix.js"
import { previousVerdict } from "./previousVerdict.js"
import { prepareOut } from "./outFolder.js"
import { policyArguments } from "./policy.js"
import { trackedArguments } from "./tracked.js"
import { beginRun, runWithVerdict, type OutputOptions, type RunResult } from "./runWithVerdict.js"
import {
  absoluteSource,
  configured,
  type GitState,
  gitStateOf,
  isAddress,
  refuseDirty,
  settingsOf,
  uncommittedDigest,
} from "./sourceFolder.js"

export interface CiOptions
  extends RegistryOptions, InfraOptions, DeployOptions, IndexOptions, BuildOptions, OutputOptions {
  source: string
  /** A service of the source, by its name or folder. */
  service?: string
  /** Run every service, whether a change touches it or not. */
  all?: boolean
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
  /** Identity of a keyless signer. */
  identity?: string
  issuer?: string
  /** The floor of releases: a file or a pinned address. */
  policy?: string
  /** Use the embedded registry, which lasts as long as the engine's cache. */
  embedded?: boolean
  /** Why a version is deployed that isn't on main. */
  offMain?: string
  /** Why a version is deployed that lacks a released hotfix. */
  withoutHotfix?: string
  /** Why a release is deployed that wasn't to the environment before. */
  offOrder?: string
  /** The verdict of the last run, to compare with. */
  previous?: string
  /** Open the report in a browser once the run has ended. */
  open?: boolean
  /** Run again after each edit of the source. */
  watch?: boolean
}

/**
 * The arguments of `dagger` that run the pipeline, or these groups of stages; `source` is an absolute path.
 *
 * Hands on the secrets that the groups of this run use, whatever else the environment holds.
 */
export function ciArguments(
  options: CiOptions,
  commit: GitState,
  only: readonly string[],
  notify: readonly string[] = [],
  gates: readonly string[] = [],
  building: readonly string[] = [],
): string[] {
  const { source, event = "local" } = options
  const { trigger, groups, environment } = decisionOf(options, commit, only)
  const call = [
    ...callModule(source, options.now),
    ...indexArguments(options, groups, trigger.fork),
    ...(LINTED.some((group) => groups.includes(group)) ? trackedArguments(source) : []),
  ]
  return [
    ...call,
    `--invocation=${shellQuote(["dagger", ...call, ...serviceArguments(options.service)])}`,
    ...serviceArguments(options.service),
    ...infraArguments(options, event, groups),
    ...(delivers(groups) ? [...deployment(options, groups, environment), ...notify] : []),
    ...releaseArguments(options, groups),
    ...policyArguments(options.policy),
    ...gates,
    ...building,
    ...(options.previous === undefined ? [] : ["with-previous", `--verdict=${options.previous}`]),
    ...commitArguments(options, commit),
    "ci",
    `--event=${event}`,
    `--ref=${trigger.ref}`,
    ...optionalArgument("base-ref", options.baseRef),
    ...(trigger.fork ? ["--fork"] : []),
    `--run-id=${options.runId ?? randomUUID()}`,
    ...only.map((name) => `--only=${currentName(name)}`),
    ...(usesSecret(groups, "secrets") ? secretArguments(options.secret) : []),
  ]
}

/** The groups that run linters. */
const LINTED: readonly Group[] = ["quality", "security"]

/** The call of `with-deploy`. */
const deployment = (
  options: CiOptions,
  groups: readonly Group[],
  environment: string | undefined,
): string[] => [
  ...deployArguments(
    // The module knows the environment of any other event.
    previewNumber(environment ?? "") === undefined ? options : { ...options, environment },
    groups,
    environment,
    deploySettings(options.source, options.service),
  ),
  ...optionalArgument("off-main", options.offMain),
  ...optionalArgument("without-hotfix", options.withoutHotfix),
  ...optionalArgument("off-order", options.offOrder),
]

/** The decision of the policy for a run: what it executes, and where. */
interface RunDecision {
  trigger: Trigger
  groups: readonly Group[]
  environment?: string
}

/** Decides like the module; without groups for an event or a name that the module refuses. */
export function decisionOf(options: CiOptions, commit: GitState, only: readonly string[]): RunDecision {
  const { source, embedded = false, event = "local", ref = commit.ref, baseRef } = options
  const fork = options.fork ?? (event === "pull_request" && fromFork(process.env))
  const known = configured(source, options.service) ?? DEFAULTS
  // Only the engine reads the settings at an address: there may be a registry.
  const settings = isAddress(source) ? { ...known, release: { ...known.release, registry: source } } : known
  const trigger = withPreview(
    {
      event,
      ref: fullRef(event, ref),
      fork,
      branches: settings.branches,
      ...(baseRef !== undefined && { baseRef }),
    },
    settings.deploy,
  )
  const names = only.map((name) => currentName(name, () => undefined))
  try {
    const environment = options.environment ?? environmentFor(trigger, settings.deploy)
    const groups = groupsFor(trigger, names, settings, embedded)
    return { trigger, groups, ...(environment !== undefined && { environment }) }
  } catch (error) {
    if (error instanceof SlipwayError) return { trigger, groups: [] }
    throw error
  }
}

/**
 * Adds the preview of the pull request that a run is about, where the settings have previews.
 *
 * Its number is the one in the ref, else that of the CI host.
 */
export function withPreview<T extends Trigger>(trigger: T, { preview }: Config["deploy"]): T {
  if (trigger.event !== "pull_request" || trigger.fork === true || preview.namespace === undefined)
    return trigger
  const number = `${numberInRef(trigger.ref) ?? pullRequestOf(process.env)?.number ?? ""}`
  return isPreviewNumber(number) ? { ...trigger, preview: previewOf(number) } : trigger
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

/** True if the run reaches an environment: no other run gets its secrets. */
const delivers = (groups: readonly Group[]): boolean => groups.some((group) => DELIVERED.includes(group))

/** Registry and signer; each without secrets for a run that doesn't use them, or with the embedded registry. */
function releaseArguments(options: CiOptions, groups: readonly Group[]): string[] {
  const { source, embedded, identity, issuer } = options
  const logsIn = !embedded && usesSecret(groups, "password")
  return [
    ...registryArguments(options, logsIn ? configuredRecipient(source, options.service) : "nobody"),
    ...signerArguments({ identity, issuer }, !embedded && usesSecret(groups, "key")),
  ]
}

/** Runs the pipeline of one service, or these groups of stages, and prints the outcome. Returns the verdict too. */
export async function runPipeline(options: CiOptions, only: readonly string[]): Promise<RunResult> {
  const source = absoluteSource(options.source)
  const { event = "local", runId = randomUUID() } = options
  for (const warning of warningsOf(source, options.service)) say(`! ${warning}`)
  const begun = beginRun({ id: runId, event, ref: options.ref ?? "", sha: options.sha ?? "" }, [
    ...callModule(source, options.now),
    ...serviceArguments(options.service),
  ])
  let logOut = () => {}
  const running = runWithVerdict(prepareOut(options.out), begun, options, async (out) => {
    if (event !== "local" && !options.embedded) await refuseDirty(source, out)
    const commit = await gitStateOf(source)
    const digest = options.digest ?? (await uncommittedDigest(source, out, commit))
    const { groups, trigger } = decisionOf({ ...options, source }, commit, only)
    const gates =
      only.length === 0 || groups.includes("release")
        ? gateArguments(source, trigger, process.env, options.service)
        : []
    const notify = delivers(groups) ? await notifyArguments(source, join(out, "logs")) : []
    const tagged = { ...options, source, trigger, commit: options.sha ?? commit.sha }
    const offMain = groups.includes("deploy") ? await reasonOffMain(tagged) : options.offMain
    if (groups.includes("release")) refuseWithoutHotfix(source, trigger, options.withoutHotfix)
    const building = usesSecret(groups, "secrets") ? buildArguments(source, options) : []
    if (!options.embedded && usesSecret(groups, "password"))
      logOut = await logInToAcr(configuredRecipient(source, options.service))
    const { previous: given, ...others } = options
    const previous = previousVerdict(out, given, {
      ref: trigger.ref,
      only: only.map((name) => currentName(name, () => undefined)),
    })
    const own = {
      ...others,
      ...{ source, digest, runId },
      ...(offMain !== undefined && { offMain }),
      ...(previous !== undefined && { previous }),
    }
    const args = ciArguments(own, commit, only, notify, gates, building)
    return [...args, `--journal=${begun.mark}`]
  })
  return running.finally(() => {
    logOut()
  })
}

/** Warnings about the settings; none for a service whose settings can't be read, which the run reports. */
function warningsOf(source: string, service: string | undefined): string[] {
  try {
    return configWarnings(settingsOf(source, service))
  } catch (error) {
    if (error instanceof SlipwayError) return []
    throw error
  }
}
