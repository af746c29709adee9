import { createHash } from "node:crypto"
import type { TAG_KINDS } from "../config/supplyChain.js"
import { fail, type SlipwayError } from "../errors/catalogue.js"
import { compareVersions, type Version, versionOfRef, versionOfTag, versionTag } from "./version.js"

export type TagKind = (typeof TAG_KINDS)[number]

/** A tag of an image. */
export interface Tag {
  name: string
  /** True for a version's tag, which never moves. A commit's tag moves: built on a newer base it is another image. */
  immutable: boolean
}

/** The trigger of a run, and the kinds of tags for its image. */
export interface Tagging {
  event: string
  ref: string
  sha: string
  kinds: readonly TagKind[]
}

/**
 * Tags that registries accept, without those of signatures:
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests.
 */
const TAG = /^(?!sha256-[0-9a-f]{64})[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/
const LONGEST = 128
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/
/** The forms of other kinds of tags, and of signatures. */
const RESERVED =
  /^(?:[0-9]+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+){2}(?:[-_].*)?|latest|sha-[0-9a-f]{12}|sha256-.*)$/
const HEADS = "refs/heads/"

/**
 * Returns the tags to set, immutable ones first.
 *
 * `existing` are the repository's tags: a fix of an old release line doesn't move `1`, `1.2` and `latest`.
 */
export function tagsFor({ event, ref, sha, kinds }: Tagging, existing: readonly string[]): Tag[] {
  const names: Record<TagKind, string | undefined> = {
    ...versionNames(versionOfRef(ref), existing),
    branch: event === "pull_request" ? undefined : branchName(ref),
    commit: COMMIT.test(sha) ? `sha-${sha.slice(0, 12)}` : undefined,
  }
  const order = ["version", "commit", "minor", "major", "branch", "latest"] as const
  return order
    .filter((kind) => kinds.includes(kind))
    .flatMap((kind) => names[kind] ?? [])
    .map(checkedTag)
}

/** Returns the tag of the highest release; undefined if there is none. */
export const highestVersion = (tags: readonly string[]): string | undefined =>
  tags
    .flatMap((tag) => versionOfTag(tag) ?? [])
    .filter(({ prerelease }) => prerelease.length === 0)
    .sort(compareVersions)
    .map(versionTag)
    .at(-1)

/** Returns the mutable tag of a chosen name. Fails with INVALID_TAG. */
export function checkedTag(name: string): Tag {
  if (!TAG.test(name)) throw fail("INVALID_TAG", [name])
  return { name, immutable: versionOfTag(name) !== undefined }
}

/** Returns the error if an immutable tag already points to another image; `existing` has the digests by tag. */
export function immutableConflict(
  existing: ReadonlyMap<string, string>,
  { repository, digest, tags }: { repository: string; digest: string; tags: readonly Tag[] },
): SlipwayError | undefined {
  const taken = tags.find(({ name, immutable }) => immutable && (existing.get(name) ?? digest) !== digest)
  return taken && fail("TAG_TAKEN", [`${repository}:${taken.name}`, existing.get(taken.name) ?? "", digest])
}

type VersionKind = "version" | "minor" | "major" | "latest"

function versionNames(
  version: Version | undefined,
  existing: readonly string[],
): Record<VersionKind, string | undefined> {
  const none = { version: undefined, minor: undefined, major: undefined, latest: undefined }
  if (version === undefined) return none
  const { major, minor, prerelease } = version
  if (prerelease.length > 0) return { ...none, version: versionTag(version) }
  const higher = existing
    .flatMap((tag) => versionOfTag(tag) ?? [])
    .filter((other) => other.prerelease.length === 0 && compareVersions(other, version) > 0)
  const sameMajor = higher.filter((other) => other.major === major)
  const sameMinor = sameMajor.filter((other) => other.minor === minor)
  return {
    version: versionTag(version),
    minor: sameMinor.length === 0 ? `${major}.${minor}` : undefined,
    major: sameMajor.length === 0 ? major : undefined,
    latest: higher.length === 0 ? "latest" : undefined,
  }
}

/**
 * Converts a branch to a tag: `refs/heads/feature/x` becomes `feature-x`.
 *
 * A hash is appended if anything but `/` was replaced, or if a `-` is ambiguous, as in `hotfix/a-b`, so that branches
 * don't share a tag. The exception: `feature/x` and a branch that is itself called `feature-x`.
 */
function branchName(ref: string): string | undefined {
  if (ref.startsWith("refs/") && !ref.startsWith(HEADS)) return undefined
  const branch = ref.startsWith(HEADS) ? ref.slice(HEADS.length) : ref
  if (branch === "") return undefined
  const fit = branch.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+|(?<!-)-+$/g, "")
  const name = fit === "" ? "branch" : RESERVED.test(fit) ? `branch-${fit}` : fit
  const ambiguous = fit !== branch.replaceAll("/", "-") || (branch.includes("/") && branch.includes("-"))
  if (!ambiguous && name.length <= LONGEST) return name
  const hash = createHash("sha256").update(branch).digest("hex").slice(0, 8)
  return `${name.slice(0, LONGEST - hash.length - 1)}-${hash}`
}
