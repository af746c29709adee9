import { attachmentOf, type Inventory } from "./inventory.js"
import type { Links } from "./links.js"
import type { PlannedManifest } from "./decide.js"
import type { Root } from "./policy.js"

/**
 * Puts what goes into order: what refers to an image before it, the list of these when they are gone, and an index before
 * its images. Who is interrupted leaves images without an index, which the tags of their signatures still tell of.
 */
export function deletionOrder(
  going: ReadonlyMap<string, Root | undefined>,
  inventory: Inventory,
  links: Links,
): PlannedManifest[] {
  const parents = parentsOf(going.keys(), links)
  const subjects = subjectsOf(going.keys(), links)
  const tags = tagsByDigest(inventory)
  const isReferrer = (digest: string): boolean => subjects.has(digest)
  const after = (digest: string): string[] => {
    const others = links.isList(digest)
      ? (subjects.get(digest) ?? listedSubjects(digest, inventory)).flatMap((subject) =>
          links.referrers(subject),
        )
      : [...links.referrers(digest), ...(parents.get(digest) ?? [])]
    return [...new Set(others)].filter((other) => other !== digest && going.has(other))
  }
  const all = [...going].map(([digest, root]) => ({
    digest,
    tags: tags.get(digest) ?? [],
    kind: kindOf(digest, root, links, isReferrer),
    with: root?.digest ?? "",
    after: after(digest),
  }))
  return deletionWaves(all).flat()
}

function kindOf(
  digest: string,
  root: Root | undefined,
  links: Links,
  isReferrer: (digest: string) => boolean,
): PlannedManifest["kind"] {
  if (root?.digest === digest && root.kind !== "other") return root.kind
  if (links.isList(digest)) return "list"
  return root === undefined || isReferrer(digest) ? "referrer" : "image"
}

function parentsOf(digests: Iterable<string>, links: Links): Map<string, string[]> {
  const parents = new Map<string, string[]>()
  for (const digest of digests)
    for (const child of links.children(digest)) parents.set(child, [...(parents.get(child) ?? []), digest])
  return parents
}

function subjectsOf(digests: Iterable<string>, links: Links): Map<string, string[]> {
  const subjects = new Map<string, string[]>()
  for (const digest of digests)
    for (const referrer of links.referrers(digest))
      subjects.set(referrer, [...(subjects.get(referrer) ?? []), digest])
  return subjects
}

/** What a list is about, by its tags: of what is gone nothing else tells. */
const listedSubjects = (list: string, { tags }: Inventory): string[] =>
  [...tags].flatMap(([tag, digest]) => (digest === list ? (attachmentOf(tag)?.subject ?? []) : []))

function tagsByDigest({ tags }: Inventory): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const [tag, digest] of tags) names.set(digest, [...(names.get(digest) ?? []), tag])
  return names
}

/** What can't go before these do, directly or not, and these themselves. */
export function dependentsOf(going: readonly PlannedManifest[], these: ReadonlySet<string>): Set<string> {
  const found = new Set(these)
  for (let size = -1; size < found.size;) {
    size = found.size
    for (const { digest, after } of going) if (after.some((other) => found.has(other))) found.add(digest)
  }
  return found
}

/**
 * What can be deleted at the same time, one wave after the other. Digests can't refer to each other in a circle; of a
 * registry that says they do, nothing such is deleted.
 */
export function deletionWaves<T extends Pick<PlannedManifest, "digest" | "after">>(
  going: readonly T[],
): T[][] {
  const result: T[][] = []
  const open = new Set(going.map(({ digest }) => digest))
  for (let left = [...going]; left.length > 0;) {
    const ready = left.filter(({ after }) => !after.some((digest) => open.has(digest)))
    if (ready.length === 0) break
    for (const { digest } of ready) open.delete(digest)
    result.push(ready)
    left = left.filter(({ digest }) => open.has(digest))
  }
  return result
}
