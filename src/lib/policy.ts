import type { Config } from "./config/config.js"
import { fail } from "./errors.js"
import { versionOfRef } from "./release/version.js"

/** What can happen to a repository. */
export const EVENTS = ["local", "push", "pull_request", "tag", "schedule", "manual"] as const

/** The groups of stages that policy decides on, in the order of their work. */
export const POLICY_GROUPS = ["quality", "security", "tests", "image", "release"] as const

export type PolicyGroup = (typeof POLICY_GROUPS)[number]

/** What happened, as the CI host tells it. */
export interface Happening {
  event: string
  /** `refs/heads/develop`, `refs/tags/v1.2.3`, or a bare name; empty on a laptop. */
  ref: string
  /** The branch that a pull request is to be merged into. */
  baseRef?: string
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
  /** Why groups are left out, where the event alone doesn't say. */
  without?: Partial<Record<PolicyGroup, string>>
}

const CHECKS = ["quality", "security", "tests"] as const
const UP_TO_IMAGE = [...CHECKS, "image"] as const

/** Says which groups of stages run, and why. Fails with UNKNOWN_EVENT. */
export function policy(
  happening: Happening,
  { release }: Pick<Config, "release">,
): Record<PolicyGroup, Decision> {
  const rule = ruleFor(happening)
  const decide = (group: PolicyGroup): Decision => {
    if (!rule.groups.includes(group))
      return { runs: false, why: rule.without?.[group] ?? `not for ${rule.what}` }
    if (group === "release" && release.registry === undefined)
      return { runs: false, why: "slipway.yaml names no registry to publish to (release.registry)" }
    return { runs: true, why: rule.what }
  }
  return Object.fromEntries(POLICY_GROUPS.map((group) => [group, decide(group)])) as Record<
    PolicyGroup,
    Decision
  >
}

function ruleFor({ event, ref, baseRef, asked = [] }: Happening): Rule {
  if (!EVENTS.some((known) => known === event)) throw fail("UNKNOWN_EVENT", [event, EVENTS])
  if (event === "schedule") return { what: "a schedule, which looks for new vulnerabilities", groups: SCANS }
  if (event === "pull_request") return pullRequest(baseRef)
  if (event === "local" || event === "manual" || ref === "") {
    const without = "not unless it is asked for"
    return {
      what: event === "local" ? "a run on a laptop" : ref === "" ? "a run without a ref" : "a run by hand",
      groups: [...CHECKS, ...asked],
      without: { image: without, release: without },
    }
  }
  const tag = tagOf(event, ref)
  return tag === undefined ? pushTo(branchOf(ref)) : tagged(tag)
}

/** Packages are scanned as the sources name them, and as the image has them. */
const SCANS = ["security", "image"] as const

/** A pull request publishes nothing: its code is anybody's. */
function pullRequest(baseRef: string | undefined): Rule {
  if (baseRef === undefined || baseRef === "") return { what: "a pull request", groups: UP_TO_IMAGE }
  const base = branchOf(baseRef)
  const what = `a pull request to ${base}`
  return { what, groups: base === "develop" || base === "main" ? UP_TO_IMAGE : CHECKS }
}

function pushTo(branch: string): Rule {
  const what = `a push to ${branch}`
  if (branch === "develop" || branch.startsWith("hotfix/")) return { what, groups: POLICY_GROUPS }
  if (branch === "main")
    return { what, groups: UP_TO_IMAGE, without: { release: "main is released by a tag such as v1.2.3" } }
  return { what, groups: CHECKS }
}

/** All is run again, mostly from the cache: the release carries a verdict of its own on every gate. */
function tagged(tag: string): Rule {
  if (versionOfRef(`refs/tags/${tag}`) !== undefined)
    return { what: `the version ${tag}`, groups: POLICY_GROUPS }
  const without = `the tag ${tag} is no version such as v1.2.3`
  return { what: `the tag ${tag}`, groups: CHECKS, without: { image: without, release: without } }
}

/** A host may call a tag's push a push. */
function tagOf(event: string, ref: string): string | undefined {
  if (ref.startsWith("refs/tags/")) return ref.slice("refs/tags/".length)
  return event === "tag" && !ref.startsWith("refs/") ? ref : undefined
}

const branchOf = (ref: string): string => ref.replace(/^refs\/heads\//, "")
