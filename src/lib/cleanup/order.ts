import type { Inventory } from "./inventory.js"
import type { Links } from "./links.js"
import type { PlannedManifest } from "./decide.js"
import type { Root } from "./policy.js"

/**
 * Orders deletions: referrers before their image, an index before its images, and what is attached by its tag last.
 *
 * An interruption leaves images without an index, which are found again by these tags, or the tags alone.
 */
export function deletionOrder(
  going: ReadonlyMap<string, Root | undefined>,
  inventory: Inventory,
  links: Links,
): PlannedManifest[] {
  const inverse = (next: (digest: string) => string[]) => inverted(going.keys(), next)
  const parents = inverse((digest) => links.children(digest))
  const subjects = inverse((digest) => links.referrers(digest))
  const signed = inverse((digest) => links.signatures(digest))
  const tags = tagsByDigest(inventory)
  const above = (digest: string): string[] => parents.get(digest) ?? []
  const after = (digest: string): string[] => {
    const real = signed.get(digest) ?? []
    const attached = real.length > 0 ? [] : (subjects.get(digest) ?? [])
    const others = [...links.signatures(digest), ...above(digest), ...real.flatMap(above), ...attached]
    return [...new Set(others)].filter((other) => other !== digest && going.has(other))
  }
  const all = [...going].map(([digest, root]) => ({
    digest,
    tags: tags.get(digest) ?? [],
    kind: kindOf(digest, root, links, (each) => subjects.has(each)),
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

/** The digests that lead to each other digest by one step. */
function inverted(digests: Iterable<string>, next: (digest: string) => string[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const digest of digests)
    for (const other of next(digest)) found.set(other, [...(found.get(other) ?? []), digest])
  return found
}

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

/**
 * Groups deletions so that no group depends on another, each of at most this size unless more belong together.
 *
 * An image is deleted as a whole before the next one, so that one that becomes needed meanwhile still has its signatures.
 */
export function deletionGroups(going: readonly PlannedManifest[], size: number): PlannedManifest[][] {
  const groups: PlannedManifest[][] = []
  for (const component of components(going)) {
    const last = groups.at(-1)
    if (last !== undefined && last.length + component.length <= size) last.push(...component)
    else groups.push([...component])
  }
  return groups
}

/** The manifests that are connected by an order or by the image they belong to. */
function components(going: readonly PlannedManifest[]): PlannedManifest[][] {
  const found = new Map<string, PlannedManifest>()
  const near = new Map<string, string[]>()
  const connect = (a: string, b: string) => {
    near.set(a, [...(near.get(a) ?? []), b])
    near.set(b, [...(near.get(b) ?? []), a])
  }
  for (const each of going) found.set(each.digest, each)
  for (const { digest, after, with: root } of going)
    for (const other of [...after, root]) if (other !== digest && found.has(other)) connect(digest, other)
  const seen = new Set<string>()
  return going.flatMap(({ digest: start }) => {
    if (seen.has(start)) return []
    const component = new Set([start])
    for (const digest of component) for (const other of near.get(digest) ?? []) component.add(other)
    for (const digest of component) seen.add(digest)
    // In the order of the plan.
    return [going.filter(({ digest }) => component.has(digest))]
  })
}
