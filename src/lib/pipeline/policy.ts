import type { Config } from "../config/config.js"
import type { Environment } from "../config/deploy.js"
import { fail } from "../errors/catalogue.js"
import { versionOfRef } from "../release/version.js"
import { type Group, groupOf, GROUPS, STAGE_NAMES } from "./stages.js"

/** What can happen to a repository. */
export const EVENTS = ["local", "push", "pull_request", "tag", "schedule", "manual"] as const

/** The groups of stages that policy decides on, in the order of their work. */
export const POLICY_GROUPS = [
  "quality",
  "security",
  "tests",
  "infra",
  "plan",
  "drift",
  "apply",
  "image",
  "release",
  "deploy",
  "tell",
  "load",
  "stress",
  "dast",
  "cleanup",
] as const

export type PolicyGroup = (typeof POLICY_GROUPS)[number]

/** What happened, as the CI host tells it. */
export interface Happening {
  event: string
  /** `refs/heads/develop`, `refs/tags/v1.2.3`, or a bare name; empty on a laptop. */
  ref: string
  /** The branch that a pull request is to be merged into. */
  baseRef?: string
  /** Whether a pull request comes from another repository: hosts hand no secrets to what a stranger can change. */
  fork?: boolean
  /** What somebody wants beside the checks, on a laptop or by hand. */
  asked?: readonly PolicyGroup[]
}

export interface Decision {
  runs: boolean
  /** Stands after the group's name: `image: a push to main`. */
  why: string
}

/** What holds for an event. */
interface Rule {
  /** What happened, in words. */
  what: string
  groups: readonly PolicyGroup[]
  /** Where it is deployed to. */
  environment?: Environment
  /** Why groups are left out, where the event alone doesn't say. */
  without?: Partial<Record<PolicyGroup, string>>
}

const CHECKS = ["quality", "security", "tests"] as const
const UP_TO_IMAGE = [...CHECKS, "infra", "image"] as const
/** What follows a deployment: people are told, and what is really there is tried. */
const AFTER = ["tell", "load", "dast"] as const
const DEPLOYMENT = ["release", "deploy", ...AFTER] as const
const UP_TO_DEPLOYMENT = [...UP_TO_IMAGE, ...DEPLOYMENT] as const
/** A plan is for those who review a change. */
const REVIEW = [...UP_TO_IMAGE, "plan"] as const

/** Says which groups of stages run, and why. Fails with UNKNOWN_EVENT. */
export function policy(
  happening: Happening,
  { release }: Pick<Config, "release">,
): Record<PolicyGroup, Decision> {
  const rule = ruleFor(happening)
  const decide = (group: PolicyGroup): Decision => {
    if (!rule.groups.includes(group)) {
      const without = isAfter(group) ? `nothing is deployed: ${decide("deploy").why}` : `not for ${rule.what}`
      return { runs: false, why: rule.without?.[group] ?? WITHOUT[group] ?? without }
    }
    if (DEPLOYMENT.some((known) => known === group) && release.registry === undefined)
      return { runs: false, why: "slipway.yaml names no registry to publish to (release.registry)" }
    const { environment } = rule
    return {
      runs: true,
      why: group === "deploy" && environment ? `${rule.what}, to ${environment}` : rule.what,
    }
  }
  return Object.fromEntries(POLICY_GROUPS.map((group) => [group, decide(group)])) as Record<
    PolicyGroup,
    Decision
  >
}

const isAfter = (group: PolicyGroup): boolean => AFTER.some((known) => known === group)

/** Where what happened is deployed to; undefined for nowhere. Fails with UNKNOWN_EVENT. */
export const environmentFor = (happening: Happening): Environment | undefined =>
  ruleFor(happening).environment

/** What happened, in words. Fails with UNKNOWN_EVENT. */
export const whatHappened = (happening: Happening): string => ruleFor(happening).what

/** The groups that are asked for, else those that the event asks for. Fails with UNKNOWN_STAGE and UNKNOWN_EVENT. */
export function groupsFor(
  happening: Happening,
  only: readonly string[],
  { release: own }: Pick<Config, "release">,
  embedded: boolean,
): Group[] {
  const unknown = only.find((name) => groupOf(name) === undefined && !GROUPS.some((known) => known === name))
  if (unknown !== undefined) throw fail("UNKNOWN_STAGE", [unknown, [...GROUPS, ...STAGE_NAMES]])
  if (only.length > 0)
    return GROUPS.filter((group) => only.some((name) => name === group || groupOf(name) === group))
  const registry = embedded ? { ...own, registry: own.registry ?? "embedded" } : own
  const decisions = policy(happening, { release: registry })
  return GROUPS.filter((group) => decisions[group].runs)
}

/** Why groups are left out, whatever happened. */
const WITHOUT: Partial<Record<PolicyGroup, string>> = {
  plan: "plans are made for pull requests, or by hand: slipway infra plan",
  drift: "drift is looked for on schedule, or by hand: slipway infra drift",
  apply: "plans are applied by hand: slipway infra apply",
  stress: "breaking points are looked for by hand: slipway stress",
}

function ruleFor({ event, ref, baseRef, fork, asked = [] }: Happening): Rule {
  if (!EVENTS.some((known) => known === event)) throw fail("UNKNOWN_EVENT", [event, EVENTS])
  if (event === "schedule")
    return { what: "a schedule, which looks for what has changed outside", groups: SCANS }
  if (event === "pull_request") return pullRequest(baseRef, fork)
  if (event === "local" || event === "manual" || ref === "") {
    const without = "not unless it is asked for"
    return {
      what: event === "local" ? "a run on a laptop" : ref === "" ? "a run without a ref" : "a run by hand",
      groups: [...CHECKS, ...asked],
      without: { infra: without, image: without, release: without, deploy: without },
    }
  }
  const tag = tagOf(event, ref)
  return tag === undefined ? pushTo(branchOf(ref)) : tagged(tag)
}

/** Packages are scanned as the sources name them, and as the image has them. */
const SCANS = ["security", "image", "drift", "cleanup"] as const

/** A pull request publishes nothing: its code is anybody's. */
function pullRequest(baseRef = "", fork = false): Rule {
  const base = branchOf(baseRef)
  const what = `a pull request${base === "" ? "" : ` to ${base}`}${fork ? " from a fork" : ""}`
  if (!["", "develop", "main"].includes(base))
    return { what, groups: CHECKS, without: { plan: `not for ${what}` } }
  return fork ? { what, groups: UP_TO_IMAGE, without: { plan: NO_SECRETS } } : { what, groups: REVIEW }
}

const NO_SECRETS = "a fork gets no secrets to plan with; who has them can: slipway infra plan"

function pushTo(branch: string): Rule {
  const what = `a push to ${branch}`
  if (branch === "develop" || branch.startsWith("hotfix/"))
    return { what, groups: UP_TO_DEPLOYMENT, environment: "staging" }
  if (branch === "main") {
    const without = "main is released by a tag such as v1.2.3"
    return { what, groups: UP_TO_IMAGE, without: { release: without, deploy: without } }
  }
  return { what, groups: CHECKS }
}

/** All is run again, mostly from the cache: the release carries a verdict of its own on every gate. */
function tagged(tag: string): Rule {
  if (versionOfRef(`refs/tags/${tag}`) !== undefined)
    return { what: `the version ${tag}`, groups: [...UP_TO_DEPLOYMENT, "cleanup"], environment: "production" }
  const without = `the tag ${tag} is no version such as v1.2.3`
  return {
    what: `the tag ${tag}`,
    groups: CHECKS,
    without: { infra: without, image: without, release: without, deploy: without },
  }
}

/** A host may call a tag's push a push. */
function tagOf(event: string, ref: string): string | undefined {
  if (ref.startsWith("refs/tags/")) return ref.slice("refs/tags/".length)
  return event === "tag" && !ref.startsWith("refs/") ? ref : undefined
}

const branchOf = (ref: string): string => ref.replace(/^refs\/heads\//, "")
