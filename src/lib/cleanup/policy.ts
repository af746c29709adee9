import type { Config } from "../config/config.js"
import { compareVersions, versionOfTag } from "../release/version.js"
import { glob } from "../security/glob.js"
import { attachmentOf, type Inventory } from "./inventory.js"

/** What stays of a repository. */
export type Policy = Pick<Config["cleanup"], "releases" | "builds" | "minimumAge" | "protect">

/** An image that somebody needs, by its digest or its tag. */
export interface ImageUse {
  digest?: string
  tag?: string
  why: string
}

/** What is judged as a whole: an image or an index with the tags that stand for it. */
export interface Root {
  digest: string
  tags: readonly string[]
  kind: "release" | "build" | "untagged" | "other"
  /** Its own date, by which it has its place among others. */
  created: number | undefined
  /** When something of it was last written, signatures included. */
  touched: number | undefined
}

const COMMIT = /^sha-[0-9a-f]{12}$/
const DAY = 86_400_000

/** The images that tags stand for, those of signatures left out. */
export function taggedRoots(inventory: Inventory): Root[] {
  const names = new Map<string, string[]>()
  for (const [tag, digest] of inventory.tags)
    if (attachmentOf(tag) === undefined) names.set(digest, [...(names.get(digest) ?? []), tag])
  return [...names].map(([digest, tags]) => rootOf(digest, tags, inventory))
}

export function rootOf(digest: string, tags: readonly string[], inventory: Inventory): Root {
  const { created, children = [] } = inventory.manifests.get(digest) ?? {}
  const dates = [digest, ...children.map((child) => child.digest)]
    .flatMap((of) => inventory.referrers.get(of) ?? [])
    .map((referrer) => referrer.created)
  return { digest, tags, kind: kindOf(tags), created, touched: latest([created, ...dates]) }
}

const latest = (dates: readonly (number | undefined)[]): number | undefined => {
  const known = dates.filter((date) => date !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** A version before a release is a build: it makes room for no release. */
function kindOf(tags: readonly string[]): Root["kind"] {
  if (tags.length === 0) return "untagged"
  const versions = tags.flatMap((tag) => versionOfTag(tag) ?? [])
  if (versions.some(({ prerelease }) => prerelease.length === 0)) return "release"
  return versions.length > 0 || tags.some((tag) => COMMIT.test(tag)) ? "build" : "other"
}

/** Whether a tag is one of those that are never touched. */
export const isProtected = (tags: readonly string[], { protect }: Pick<Policy, "protect">): boolean =>
  protectedBy(tags, protect) !== undefined

const protectedBy = (tags: readonly string[], patterns: readonly string[]): string | undefined =>
  patterns.find((pattern) => tags.some(glob(pattern)))

/** Says why each image stays, by its digest; those without a reason go. */
export function keepReasons(
  roots: readonly Root[],
  policy: Policy,
  needed: (root: Root) => string | undefined,
  now: number,
): Map<string, string> {
  const newest = {
    release: newestFirst(roots, "release").slice(0, policy.releases),
    build: newestFirst(roots, "build").slice(0, policy.builds),
  }
  const why = (root: Root): string | undefined => {
    const { kind, tags } = root
    const use = needed(root)
    if (use !== undefined) return use
    const pattern = protectedBy(tags, policy.protect)
    if (pattern !== undefined) return `its tag is protected (${pattern})`
    if (kind === "other") return "it has no tag that Slipway sets"
    if (kind !== "untagged" && newest[kind].includes(root)) return `one of the newest ${kind}s`
    return tooYoung(root, policy, now)
  }
  return new Map(
    roots.flatMap((root) => {
      const reason = why(root)
      return reason === undefined ? [] : [[root.digest, reason] as const]
    }),
  )
}

export const UNDATED = "its age isn't known"

/** What is published is there before its tags are: what has none is left alone for a day at least. */
function tooYoung({ touched, kind }: Root, { minimumAge }: Policy, now: number): string | undefined {
  const least = Math.max(minimumAge * 1000, kind === "untagged" ? DAY : 0)
  if (least === 0) return undefined
  if (touched === undefined) return UNDATED
  return now - touched < least ? `younger than ${ageText(least)}` : undefined
}

/** Returns an age for people: `36 h`, `14 days`. */
export const ageText = (milliseconds: number): string =>
  milliseconds % DAY === 0
    ? `${milliseconds / DAY} days`.replace(/^1 days$/, "1 day")
    : `${Math.round(milliseconds / 3_600_000)} h`

/** By date; of one date by version, and by name at last, so that the same always go. */
const newestFirst = (roots: readonly Root[], wanted: Root["kind"]): Root[] =>
  roots
    .filter(({ kind }) => kind === wanted)
    .sort(
      (a, b) =>
        (b.created ?? -Infinity) - (a.created ?? -Infinity) ||
        byVersion(b, a) ||
        (a.digest < b.digest ? -1 : 1),
    )

function byVersion(a: Root, b: Root): number {
  const [first, second] = [highest(a), highest(b)]
  return first === undefined || second === undefined ? 0 : compareVersions(first, second)
}

const highest = ({ tags }: Root) =>
  tags
    .flatMap((tag) => versionOfTag(tag) ?? [])
    .sort(compareVersions)
    .at(-1)
