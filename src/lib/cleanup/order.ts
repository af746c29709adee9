import { attachmentOf, type Inventory } from "./inventory.js"
import type { Links } from "./links.js"
import type { PlannedManifest } from "./decide.js"
import type { Root } from "./policy.js"

/**
 * Orders deletions: referrers before their image, then the list of referrers, and an index before its images.
 *
 * An interruption leaves images without an index, which are found again by the tags of their signatures.
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

/** Subjects of a list of referrers, by its tags. */
const listedSubjects = (list: string, { tags }: Inventory): string[] =>
  [...tags].flatMap(([tag, digest]) => (digest === list ? (attachmentOf(tag)?.subject ?? []) : []))

function tagsByDigest({ tags }: Inventory): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const [tag, digest] of tags) names.set(digest, [...(names.get(digest) ?? []), tag])
  return names
}

/** The given digests and all that depend on their deletion, directly or not. */
export function dependentsOf(going: readonly PlannedManifest[], these: ReadonlySet<string>): Set<string> {
  const found = new Set(these)
  for (let size = -1; size < found.size;) {
    size = found.size
    for (const { digest, after } of going) if (after.some((other) => found.has(other))) found.add(digest)
  }
  return found
}

/**
 * Groups deletions into waves that can run in parallel.
 *
 * Digests can't form a cycle; if a registry claims one, its members aren't deleted.
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
