import type { Config } from "../config/config.js"
import { compareVersions, versionOfTag } from "../release/version.js"
import { glob } from "../security/glob.js"
import { attachmentOf, type Inventory } from "./inventory.js"

/** Retention policy of a repository. */
export type Policy = Pick<Config["cleanup"], "releases" | "builds" | "minimumAge" | "protect">

/** An image in use, by digest or tag. */
export interface ImageUse {
  digest?: string
  tag?: string
  why: string
}

/** An image or index that is judged as a whole, with its tags. */
export interface Root {
  digest: string
  tags: readonly string[]
  kind: "release" | "build" | "untagged" | "other"
  /** Its creation date, for the order. */
  created: number | undefined
  /** Date of the last change, signatures included. */
  touched: number | undefined
}

const COMMIT = /^sha-[0-9a-f]{12}$/
const DAY = 86_400_000

/** The tagged images, without those of signatures. */
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

/** Kind by tags. A pre-release counts as a build, so that it displaces no release. */
function kindOf(tags: readonly string[]): Root["kind"] {
  if (tags.length === 0) return "untagged"
  const versions = tags.flatMap((tag) => versionOfTag(tag) ?? [])
  if (versions.some(({ prerelease }) => prerelease.length === 0)) return "release"
  return versions.length > 0 || tags.some((tag) => COMMIT.test(tag)) ? "build" : "other"
}

/** True if a tag is protected. */
export const isProtected = (tags: readonly string[], { protect }: Pick<Policy, "protect">): boolean =>
  protectedBy(tags, protect) !== undefined

const protectedBy = (tags: readonly string[], patterns: readonly string[]): string | undefined =>
  patterns.find((pattern) => tags.some(glob(pattern)))

/** The reason to keep each image, by digest; those without one are deleted. */
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
    if (kind === "other") return "its tags aren't from Slipway"
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

export const UNDATED = "its age is unknown"

/** Images are published before their tags, so that untagged ones are kept for a day at least. */
function tooYoung({ touched, kind }: Root, { minimumAge }: Policy, now: number): string | undefined {
  const least = Math.max(minimumAge * 1000, kind === "untagged" ? DAY : 0)
  if (least === 0) return undefined
  if (touched === undefined) return UNDATED
  return now - touched < least ? `younger than ${ageText(least)}` : undefined
}

/** Formats an age: `36 h`, `14 days`. */
export const ageText = (milliseconds: number): string =>
  milliseconds % DAY === 0
    ? `${milliseconds / DAY} days`.replace(/^1 days$/, "1 day")
    : `${Math.round(milliseconds / 3_600_000)} h`

/** Sorts by date, then version, then digest, so that the result is deterministic. */
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
