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
  const staying = () => links.whole([...why.keys(), ...used.keys()])
  for (
    let held = keptByReferrer(roots, why, staying(), links);
    held;
    held = keptByReferrer(roots, why, staying(), links)
  )
    why.set(held.root.digest, held.reason)
  const stays = staying()
  const going = new Map<string, Root | undefined>()
  for (const digest of orphans(inventory, links, roots)) going.set(digest, undefined)
  for (const root of roots.filter(({ digest }) => !why.has(digest)))
    for (const digest of links.whole([root.digest])) if (!going.has(digest)) going.set(digest, root)
  for (const digest of stays) going.delete(digest)
  const kept = roots.flatMap(({ digest, tags }) => {
    const reason = why.get(digest)
    return reason === undefined ? [] : [{ digest, tags, why: reason }]
  })
  const undated = kept.filter((each) => each.why === UNDATED).map(({ digest }) => digest)
  const asked = [...going.keys(), ...links.images(undated)]
  return {
    kept,
    going: deletionOrder(going, inventory, links),
    unreadReferrers: asked.filter((digest) => !links.isList(digest) && !inventory.referrers.has(digest)),
  }
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

function usedDigests({ tags }: Inventory, uses: readonly ImageUse[]): Map<string, string> {
  const used = new Map<string, string>()
  for (const { digest, tag, why } of uses)
    for (const found of [digest, tags.get(tag ?? "")])
      if (found !== undefined && !used.has(found)) used.set(found, why)
  return used
}

/** An image to delete whose referrer is kept. */
function keptByReferrer(
  roots: readonly Root[],
  why: ReadonlyMap<string, string>,
  stays: ReadonlySet<string>,
  links: Links,
): { root: Root; reason: string } | undefined {
  for (const root of roots.filter(({ digest }) => !why.has(digest)))
    for (const image of links.images([root.digest])) {
      const referrer = links.referrers(image).find((digest) => stays.has(digest) && !links.isList(digest))
      if (referrer !== undefined && !stays.has(image))
        return { root, reason: `${referrer.slice(0, 19)} refers to it and is kept` }
    }
  return undefined
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
  const { manifests, tags } = inventory
  const nested = [...manifests.values()].flatMap((manifest) =>
    (manifest?.children ?? []).filter((child) => child.nested).map(({ digest }) => digest),
  )
  const subjects = attachedSubjects(inventory, new Links(inventory))
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
