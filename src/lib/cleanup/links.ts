import { attachmentOf, type Inventory } from "./inventory.js"

/** What hangs together in a repository. */
export class Links {
  /** By what they refer to: what the registry lists, what tags attach, and what has a tag of its own besides. */
  private readonly byName = new Map<string, string[]>()
  private readonly lists = new Set<string>()

  constructor(private readonly inventory: Inventory) {
    for (const [tag, digest] of inventory.tags) {
      const attachment = attachmentOf(tag)
      const subject = attachment?.subject ?? inventory.manifests.get(digest)?.subject
      if (attachment?.list) this.lists.add(digest)
      if (subject !== undefined) this.byName.set(subject, [...(this.byName.get(subject) ?? []), digest])
    }
  }

  /** Whether this is the list of what refers to something, kept under a tag. */
  isList = (digest: string): boolean => this.lists.has(digest)

  /** The images below an index. Those that a list of referrers names are no part of it. */
  children(digest: string): string[] {
    if (this.isList(digest)) return []
    return this.inventory.manifests.get(digest)?.children.map((child) => child.digest) ?? []
  }

  /** What refers to an image, the list of them included. */
  referrers(digest: string): string[] {
    const listed = (this.inventory.referrers.get(digest) ?? []).map((referrer) => referrer.digest)
    return [...new Set([...listed, ...(this.byName.get(digest) ?? [])])]
  }

  /** An image or an index, with all images below it. */
  images = (digests: Iterable<string>): Set<string> => reached(digests, (digest) => this.children(digest))

  /** The same with all that refers to any of them. */
  whole = (digests: Iterable<string>): Set<string> =>
    reached(digests, (digest) => [...this.children(digest), ...this.referrers(digest)])
}

function reached(from: Iterable<string>, next: (digest: string) => Iterable<string>): Set<string> {
  const found = new Set(from)
  // A set goes on with what is added while it is walked through.
  for (const digest of found) for (const other of next(digest)) found.add(other)
  return found
}
