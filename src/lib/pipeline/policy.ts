import { type Config, DEFAULTS } from "../config/config.js"
import { entryEnvironments, type Entry, type Environment } from "../config/environments.js"
import { fail } from "../errors/catalogue.js"
import { versionOfRef } from "../release/version.js"
import { scheduledGroups, type TestSettings } from "./scheduledTests.js"
import { CHECKED, type Group, groupOf, GROUPS, STAGE_NAMES } from "./stages.js"

/** The events of a repository. */
export const EVENTS = ["local", "push", "pull_request", "merge_queue", "tag", "schedule", "manual"] as const

/** The event of a run, as the CI host reports it. */
export interface Trigger {
  event: string
  /** `refs/heads/develop`, `refs/tags/v1.2.3`, or a bare name; empty on a laptop. */
  ref: string
  /** The target branch of a pull request. */
  baseRef?: string
  /** True if a pull request comes from another repository: hosts give no secrets to code that a stranger can change. */
  fork?: boolean
  /** The names of the repository's branches, as in slipway.yaml. */
  branches?: Config["branches"]
  /** The preview that a pull request is deployed to; absent if the settings or its host have none. */
  preview?: Environment
  /** Groups requested in addition to the checks, locally or manually. */
  asked?: readonly Group[]
}

export interface Decision {
  runs: boolean
  /** Reason, shown after the group's name: `image: a push to main`. */
  why: string
}

/** The policy for an event. */
interface Rule {
  /** The event in words. */
  what: string
  groups: readonly Group[]
  /** What enters an environment, and so is deployed there. */
  enters?: Entry
  /** The preview that a pull request is deployed to. */
  preview?: Environment
  /** True for a run on schedule, which tests what serves. */
  scheduled?: true
  /** Reasons for skipped groups, where the event alone is no explanation. */
  without?: Partial<Record<Group, string>>
}

const CHECKS = ["quality", "security", "tests"] as const
const UP_TO_IMAGE = [...CHECKS, "infra", "image"] as const
/** Groups that follow a deployment: notifications, and tests of the deployed service. */
const AFTER = ["notify", "load", "dast"] as const
/** Groups that concern an environment that an event deploys to; a stress test follows one where the settings say so. */
const DEPLOYED = ["drift", "release", "deploy", ...AFTER, "stress", "cleanup"] as const
/** Drift of an environment's infrastructure is a gate of each deployment to it. */
const DEPLOYMENT = ["drift", "release", "deploy", ...AFTER] as const
/** What deployments leave is cleaned up last. */
const UP_TO_DEPLOYMENT = [...UP_TO_IMAGE, ...DEPLOYMENT, "cleanup"] as const
/** Plans are for reviewers. */
const REVIEW = [...UP_TO_IMAGE, "plan"] as const
/** A preview is for reviewers too, and tested by them. */
const PREVIEWED = [...REVIEW, "release", "deploy"] as const

/** Decides which groups of stages run, with reasons. Fails with UNKNOWN_EVENT. */
export function policy(trigger: Trigger, settings: PolicySettings): Record<Group, Decision> {
  const { release, deploy } = settings
  const rule = withTests(ruleFor(trigger), settings)
  const environment = environmentOfRule(rule, deploy)
  const decide = (group: Group): Decision => {
    if (!rule.groups.includes(group)) {
      const deployment = isAfter(group) ? decide("deploy") : undefined
      const without =
        deployment?.runs === false ? `nothing is deployed: ${deployment.why}` : `not for ${rule.what}`
      return { runs: false, why: rule.without?.[group] ?? WITHOUT[group] ?? without }
    }
    const deploys = environment !== undefined && DEPLOYED.some((known) => known === group)
    if (deploys && release.registry === undefined)
      return { runs: false, why: "slipway.yaml names no registry to publish to (release.registry)" }
    const isNamed = rule.preview !== undefined || deploy.environments.includes(environment ?? "")
    if (deploys && group !== "release" && !isNamed)
      return { runs: false, why: `slipway.yaml deploys nothing to ${environment} (deploy.environments)` }
    return {
      runs: true,
      why: group === "deploy" && environment ? `${rule.what}, to ${environment}` : rule.what,
    }
  }
  return Object.fromEntries(GROUPS.map((group) => [group, decide(group)])) as Record<Group, Decision>
}

/** The settings that decide what an event runs. */
export type PolicySettings = TestSettings & Pick<Config, "release">

/** The rule with the tests that the settings add after a deployment or on schedule. */
function withTests(rule: Rule, settings: PolicySettings): Rule {
  const { groups } = rule
  const environment = environmentOfRule(rule, settings.deploy)
  if (rule.scheduled) return { ...rule, groups: [...groups, ...scheduledGroups(settings)] }
  const stressed = environment !== undefined && settings.load.stress.when[environment] === "deployment"
  return stressed ? { ...rule, groups: [...groups, "stress"] } : rule
}

const isAfter = (group: Group): boolean => AFTER.some((known) => known === group)

/**
 * The groups of a deployment or rollback that a person starts, by the command or by a host's form: it notifies, is
 * annotated, and is in the ledger like any other. Nothing but the deployment itself may stop a rollback.
 */
export const groupsByHand = (rollback: boolean): Group[] =>
  rollback ? ["deploy", "notify"] : ["drift", "deploy", "notify"]

/** The environment that an event deploys to by these settings, if any. Fails with UNKNOWN_EVENT. */
export const environmentFor = (trigger: Trigger, deploy: EntrySettings): Environment | undefined =>
  environmentOfRule(ruleFor(trigger), deploy)

type EntrySettings = Parameters<typeof entryEnvironments>[0]

const environmentOfRule = ({ enters, preview }: Rule, deploy: EntrySettings): Environment | undefined =>
  preview ?? (enters && entryEnvironments(deploy)[enters])

/** What an event deploys, if anything, wherever that is. Fails with UNKNOWN_EVENT. */
export const entryFor = (trigger: Trigger): Entry | undefined => ruleFor(trigger).enters

/** The event in words. Fails with UNKNOWN_EVENT. */
export const eventText = (trigger: Trigger): string => ruleFor(trigger).what

/** The groups that `only` names, else those of the event. Fails with UNKNOWN_STAGE and UNKNOWN_EVENT. */
export function groupsFor(
  trigger: Trigger,
  only: readonly string[],
  settings: PolicySettings,
  embedded: boolean,
): Group[] {
  const unknown = only.find((name) => groupOf(name) === undefined && !GROUPS.some((known) => known === name))
  if (unknown !== undefined) throw fail("UNKNOWN_STAGE", [unknown, [...GROUPS, ...STAGE_NAMES]])
  if (only.length > 0)
    return GROUPS.filter((group) => only.some((name) => name === group || groupOf(name) === group))
  const { release: own } = settings
  const release = embedded ? { ...own, registry: own.registry ?? "embedded" } : own
  const decisions = policy(trigger, { ...settings, release })
  return GROUPS.filter((group) => decisions[group].runs)
}

/** The jobs of a CI host: checks get no secret; delivery is behind the host's own protection, and a preview isn't. */
export const JOBS = ["checks", "delivery", "preview"] as const

export type CiJob = (typeof JOBS)[number]

/** The part of an event's groups that a job runs; a release runs its gates again, since it carries a verdict on each. */
export function groupsOfJob(job: CiJob, groups: readonly Group[], event: string): Group[] {
  const checked = (group: Group) => CHECKED.includes(group)
  if (job === "checks") return groups.filter(checked)
  const previews = event === "pull_request" && groups.includes("deploy")
  if (job === "preview") return previews ? groups.filter((group) => group !== "plan") : []
  // Terraform's secrets and those of previews are held by different jobs.
  if (previews) return groups.filter((group) => group === "plan")
  return groups.filter((group) => groups.includes("release") || !checked(group))
}

/** Reasons for groups that no event runs by itself. */
const WITHOUT: Partial<Record<Group, string>> = {
  plan: "plans are made for pull requests, or manually: slipway infra plan",
  drift: "drift is checked before deployments, on schedule, or manually: slipway infra drift",
  apply: "plans are applied manually: slipway infra apply",
  stress: "stress tests run by load.stress.when, or manually: slipway stress",
}

function ruleFor(trigger: Trigger): Rule {
  const { event, ref, baseRef, branches = DEFAULTS.branches, asked = [] } = trigger
  if (!EVENTS.some((known) => known === event)) throw fail("UNKNOWN_EVENT", [event, EVENTS])
  if (event === "schedule")
    return { what: "a schedule, which checks for changes from outside", groups: SCANS, scheduled: true }
  if (event === "pull_request") return pullRequest(branches, trigger)
  // The host has put the pull requests together, and merges them if this passes.
  if (event === "merge_queue") {
    const base = branchOf(baseRef ?? "")
    return { what: `a merge queue${base === "" ? "" : ` to ${base}`}`, groups: UP_TO_IMAGE }
  }
  if (event === "local" || event === "manual" || ref === "") {
    const without = "only on request"
    return {
      what: event === "local" ? "a local run" : ref === "" ? "a run without a ref" : "a manual run",
      groups: [...CHECKS, ...asked],
      without: { infra: without, image: without, release: without, deploy: without },
    }
  }
  const tag = tagOf(event, ref)
  return tag === undefined ? pushTo(branchOf(ref), branches) : tagged(tag)
}

/** Packages are scanned both in the sources and in the image. */
const SCANS = ["security", "image", "drift", "cleanup"] as const

/** True if the image that an event publishes is signed: a pull request's isn't, as nobody has reviewed it. */
export const isSignedFor = (event: string): boolean => event !== "pull_request"

/** Pull requests release nothing, as their code is not reviewed yet: a preview has an image without a signature. */
function pullRequest(branches: Branches, { baseRef = "", fork = false, preview }: Trigger): Rule {
  const base = branchOf(baseRef)
  const what = `a pull request${base === "" ? "" : ` to ${base}`}${fork ? " from a fork" : ""}`
  if (base !== "" && base !== branches.develop && !isMain(base, branches))
    return { what, groups: CHECKS, without: { plan: `not for ${what}` } }
  if (fork) return { what, groups: UP_TO_IMAGE, without: { plan: NO_SECRETS } }
  return preview === undefined ? { what, groups: REVIEW } : { what, groups: PREVIEWED, preview }
}

const NO_SECRETS = "a fork gets no secrets for plans; run it with them: slipway infra plan"

function pushTo(branch: string, branches: Branches): Rule {
  const what = `a push to ${branch}`
  if (branch === branches.develop || branch.startsWith("hotfix/"))
    return { what, groups: UP_TO_DEPLOYMENT, enters: "develop" }
  if (isMain(branch, branches)) {
    const without = `${branch} is released by a tag such as v1.2.3`
    return { what, groups: UP_TO_IMAGE, without: { release: without, deploy: without } }
  }
  return { what, groups: CHECKS }
}

/** Runs everything again, mostly from the cache: a release carries its own verdict on every gate. */
function tagged(tag: string): Rule {
  const version = versionOfRef(`refs/tags/${tag}`)
  if (version !== undefined && version.prerelease.length > 0)
    return { what: `the pre-release ${tag}`, groups: UP_TO_DEPLOYMENT, enters: "prerelease" }
  if (version !== undefined)
    return { what: `the version ${tag}`, groups: UP_TO_DEPLOYMENT, enters: "version" }
  const without = `the tag ${tag} is not a version such as v1.2.3`
  return {
    what: `the tag ${tag}`,
    groups: CHECKS,
    without: { infra: without, image: without, release: without, deploy: without },
  }
}

/** Some hosts report the push of a tag as a push. */
function tagOf(event: string, ref: string): string | undefined {
  if (ref.startsWith("refs/tags/")) return ref.slice("refs/tags/".length)
  return event === "tag" && !ref.startsWith("refs/") ? ref : undefined
}

type Branches = Config["branches"]

/** True for the branch that versions are tagged on; where slipway.yaml doesn't name it, also by git's former default. */
export const isMain = (branch: string, { main }: Branches): boolean =>
  branch === main || (main === DEFAULTS.branches.main && branch === "master")

const branchOf = (ref: string): string => ref.replace(/^refs\/heads\//, "")
