import { attachmentOf, type Inventory } from "./inventory.js"

/** Graph of images and their referrers in a repository. */
export class Links {
  /** Referrers by subject, from tag names and from subjects of tagged manifests. */
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

  /** True for a list of referrers that is kept under a tag. */
  isList = (digest: string): boolean => this.lists.has(digest)

  /** The images of an index; none for a list of referrers. */
  children(digest: string): string[] {
    if (this.isList(digest)) return []
    return this.inventory.manifests.get(digest)?.children.map((child) => child.digest) ?? []
  }

  /** The referrers of an image, including their list. */
  referrers(digest: string): string[] {
    const listed = (this.inventory.referrers.get(digest) ?? []).map((referrer) => referrer.digest)
    return [...new Set([...listed, ...(this.byName.get(digest) ?? [])])]
  }

  /** The given images with all images below them. */
  images = (digests: Iterable<string>): Set<string> => reached(digests, (digest) => this.children(digest))

  /** The same with all referrers of any of them. */
  whole = (digests: Iterable<string>): Set<string> =>
    reached(digests, (digest) => [...this.children(digest), ...this.referrers(digest)])
}

function reached(from: Iterable<string>, next: (digest: string) => Iterable<string>): Set<string> {
  const found = new Set(from)
  // Iterating a set includes elements added meanwhile.
  for (const digest of found) for (const other of next(digest)) found.add(other)
  return found
}
