import { attachmentOf, type Inventory } from "./inventory.js"
import { Links } from "./links.js"
import { deletionOrder, dependentsOf } from "./order.js"
import {
  isProtected,
  type Policy,
  keepReasons,
  type Root,
  rootOf,
  taggedRoots,
  UNDATED,
  type ImageUse,
} from "./policy.js"

/** An image to keep. */
export interface KeptImage {
  digest: string
  tags: readonly string[]
  why: string
}

/** A manifest to delete. */
export interface PlannedManifest {
  digest: string
  tags: readonly string[]
  kind: "release" | "build" | "untagged" | "image" | "referrer" | "list"
  /** The release or build it belongs to; empty for a referrer of an image that no longer exists. */
  with: string
  /** Digests that must be deleted before. */
  after: readonly string[]
}

/** Plan for a repository. */
export interface RegistryPlan {
  kept: readonly KeptImage[]
  /** In an order that never leaves a referrer without its subject, or an index without an image. */
  going: readonly PlannedManifest[]
  /** Digests whose referrers must be read before the plan is complete. */
  unreadReferrers: readonly string[]
  /** Digests to delete that must be read themselves, since they may refer to what is kept. */
  unread: readonly string[]
}

/** Decides which images of a repository to delete. An image in use is always kept. */
export function decide(
  inventory: Inventory,
  policy: Policy,
  uses: readonly ImageUse[],
  now: number,
): RegistryPlan {
  const links = new Links(inventory)
  const roots = allRoots(inventory, links, policy)
  const used = usedDigests(inventory, uses)
  const needed = ({ digest }: Root): string | undefined =>
    [...links.images([digest])].map((image) => used.get(image)).find((why) => why !== undefined)
  const why = keepReasons(roots, policy, needed, now)
  const lost = orphans(inventory, links, roots)
  const stays = stayingDigests(
    roots,
    why,
    [...used.keys(), ...unjudged(inventory, links, roots, lost)],
    links,
  )
  const going = new Map<string, Root | undefined>()
  for (const digest of lost) going.set(digest, undefined)
  for (const root of roots.filter(({ digest }) => !why.has(digest)))
    for (const digest of links.whole([root.digest])) if (!going.has(digest)) going.set(digest, root)
  for (const digest of [...stays, ...missing(inventory)]) going.delete(digest)
  const kept = roots.flatMap(({ digest, tags }) => {
    const reason = why.get(digest) ?? (stays.has(digest) ? "it belongs to what is kept" : undefined)
    return reason === undefined ? [] : [{ digest, tags, why: reason }]
  })
  const undated = kept.filter((each) => each.why === UNDATED).map(({ digest }) => digest)
  // What stays can refer to what is to be deleted, so that its referrers matter as well.
  const asked = [...going.keys(), ...(going.size === 0 ? links.images(undated) : stays)]
  return {
    kept,
    going: deletionOrder(going, inventory, links),
    unreadReferrers: asked.filter((digest) => !links.isList(digest) && !inventory.referrers.has(digest)),
    unread: [...going.keys()].filter((digest) => !inventory.manifests.has(digest)),
  }
}

/** Manifests that exist although no image leads to them: nothing is known of who needs them. */
function unjudged(
  { manifests }: Inventory,
  links: Links,
  roots: readonly Root[],
  lost: ReadonlySet<string>,
): string[] {
  const judged = links.whole(roots.map(({ digest }) => digest))
  return [...manifests.keys()].filter(
    (digest) => manifests.get(digest) !== undefined && !judged.has(digest) && !lost.has(digest),
  )
}

/**
 * Images judged on their own: tagged ones, and untagged ones with signature tags.
 *
 * A referrer shares the fate of its image under whatever tag, unless that tag is protected.
 */
function allRoots(inventory: Inventory, links: Links, policy: Policy): Root[] {
  const refers = (digest: string): boolean => inventory.manifests.get(digest)?.subject !== undefined
  const tagged = taggedRoots(inventory).filter(
    ({ digest, tags, kind }) => !refers(digest) || kind !== "other" || isProtected(tags, policy),
  )
  const untagged = attachedSubjects(inventory, links).filter((digest) => inventory.manifests.get(digest))
  const below = new Set(untagged.flatMap((digest) => [...links.images([digest])].slice(1)))
  const alone = untagged.filter((digest) => !below.has(digest) && !refers(digest))
  return [...tagged, ...alone.map((digest) => rootOf(digest, [], inventory))]
}

/** Subjects of signature tags that no tagged image leads to. */
function attachedSubjects(inventory: Inventory, links: Links): string[] {
  const known = links.whole(taggedRoots(inventory).map(({ digest }) => digest))
  const subjects = [...inventory.tags.keys()].flatMap((tag) => attachmentOf(tag)?.subject ?? [])
  return [...new Set(subjects)].filter((digest) => !known.has(digest))
}

const missing = ({ manifests }: Inventory): string[] =>
  [...manifests].flatMap(([digest, manifest]) => (manifest === undefined ? [digest] : []))

function usedDigests({ tags }: Inventory, uses: readonly ImageUse[]): Map<string, string> {
  const used = new Map<string, string>()
  for (const { digest, tag, why } of uses)
    for (const found of [digest, tags.get(tag ?? "")])
      if (found !== undefined && !used.has(found)) used.set(found, why)
  return used
}

/**
 * Returns all that stays: what is kept or used with all that belongs to it, and what any of these refers to.
 *
 * Adds the reason of an image that is kept for a referrer's sake.
 */
function stayingDigests(
  roots: readonly Root[],
  why: Map<string, string>,
  used: Iterable<string>,
  links: Links,
): Set<string> {
  const base = new Set(used)
  for (;;) {
    const stays = links.needs([...why.keys(), ...base])
    const held = [...stays].flatMap((referrer) => {
      const subject = links.subject(referrer)
      return subject === undefined || stays.has(subject) ? [] : [{ referrer, subject }]
    })
    if (held.length === 0) return stays
    const left = roots.filter(({ digest }) => !why.has(digest))
    const wholes = left.map(({ digest }) => ({ digest, parts: links.whole([digest]) }))
    for (const { referrer, subject } of held) {
      base.add(subject)
      for (const { digest, parts } of wholes)
        if (parts.has(subject) && !why.has(digest))
          why.set(digest, `${referrer.slice(0, 19)} refers to it and is kept`)
    }
  }
}

/** Referrers of images that were looked up and don't exist. */
function orphans(inventory: Inventory, links: Links, roots: readonly Root[]): Set<string> {
  const { manifests } = inventory
  const known = links.whole(roots.map(({ digest }) => digest))
  const gone = attachedSubjects(inventory, links).filter(
    (digest) => !known.has(digest) && manifests.has(digest) && manifests.get(digest) === undefined,
  )
  const found = links.whole(gone)
  for (const digest of gone) found.delete(digest)
  return found
}

/** Manifests that must be read before deciding. */
export function unreadManifests(inventory: Inventory, uses: readonly ImageUse[]): string[] {
  const { manifests, referrers, tags } = inventory
  const children = [...manifests.values()].flatMap((manifest) => manifest?.children ?? [])
  const nested = [...children, ...[...referrers.values()].flat()]
    .filter((each) => each.nested)
    .map(({ digest }) => digest)
  const named = [...manifests.values()].flatMap((manifest) => manifest?.subject ?? [])
  const subjects = [...named, ...attachedSubjects(inventory, new Links(inventory))]
  const used = uses.flatMap(({ digest }) => digest ?? [])
  const all = new Set([...tags.values(), ...nested, ...subjects, ...used])
  return [...all].filter((digest) => !manifests.has(digest))
}

/** The deletions that two plans share; what changed in between is kept with its image. */
export function intersectPlans(
  first: RegistryPlan,
  second: RegistryPlan,
): { plan: RegistryPlan; changed: KeptImage[] } {
  const before = new Set(first.going.map(({ digest }) => digest))
  const unsure = new Set(second.going.filter(({ digest }) => !before.has(digest)).map((each) => each.with))
  const open = second.going.filter((each) => !before.has(each.digest) || unsure.has(each.with))
  const left = new Set(dependentsOf(second.going, new Set(open.map(({ digest }) => digest))))
  return {
    plan: { ...second, going: second.going.filter(({ digest }) => !left.has(digest)) },
    changed: second.kept.filter(({ digest }) => before.has(digest)),
  }
}
