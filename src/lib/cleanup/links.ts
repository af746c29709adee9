import { attachmentOf, type Inventory } from "./inventory.js"

/** Graph of images and their referrers in a repository. */
export class Links {
  /** Referrers by subject: from the manifests that name it, and from tags that are made of its digest. */
  private readonly named = new Map<string, string[]>()
  private readonly attached = new Map<string, string[]>()
  private readonly lists = new Set<string>()

  constructor(private readonly inventory: Inventory) {
    const add = (map: Map<string, string[]>, subject: string | undefined, digest: string) => {
      if (subject !== undefined) map.set(subject, [...(map.get(subject) ?? []), digest])
    }
    for (const [digest, manifest] of inventory.manifests) add(this.named, manifest?.subject, digest)
    for (const [tag, digest] of inventory.tags) {
      const attachment = attachmentOf(tag)
      if (attachment?.list) this.lists.add(digest)
      add(this.attached, attachment?.subject, digest)
    }
    // An index that is tagged otherwise too, or that another one contains, is an image whatever its further tags are.
    for (const [tag, digest] of inventory.tags) if (attachmentOf(tag) === undefined) this.lists.delete(digest)
    for (const [digest, manifest] of inventory.manifests)
      if (!this.lists.has(digest))
        for (const child of manifest?.children ?? []) this.lists.delete(child.digest)
  }

  /** True for a list of referrers that is kept under a tag. */
  isList = (digest: string): boolean => this.lists.has(digest)

  /** The images of an index; none for a list of referrers. */
  children(digest: string): string[] {
    return this.isList(digest) ? [] : this.listed(digest)
  }

  /** The referrers of an image, including their list. */
  referrers = (digest: string): string[] => [
    ...new Set([...this.signatures(digest), ...(this.attached.get(digest) ?? [])]),
  ]

  /** The referrers that name the image themselves, as signatures and attestations do, and not by their tag alone. */
  signatures(digest: string): string[] {
    const listed = (this.inventory.referrers.get(digest) ?? []).map((referrer) => referrer.digest)
    return [...new Set([...listed, ...(this.named.get(digest) ?? [])])]
  }

  /** The image that a manifest refers to, unless the repository is known to lack it. */
  subject(digest: string): string | undefined {
    const { manifests } = this.inventory
    const subject = manifests.get(digest)?.subject
    const lost = subject !== undefined && manifests.has(subject) && manifests.get(subject) === undefined
    return lost ? undefined : subject
  }

  /** The given images with all images below them. */
  images = (digests: Iterable<string>): Set<string> => reached(digests, (digest) => this.children(digest))

  /** The same with all referrers of any of them. */
  whole = (digests: Iterable<string>): Set<string> =>
    reached(digests, (digest) => [...this.children(digest), ...this.referrers(digest)])

  /** The same with what lists of referrers name: all that a kept image may need. */
  needs = (digests: Iterable<string>): Set<string> =>
    reached(digests, (digest) => [...this.listed(digest), ...this.referrers(digest)])

  private listed(digest: string): string[] {
    return this.inventory.manifests.get(digest)?.children.map((child) => child.digest) ?? []
  }
}

function reached(from: Iterable<string>, next: (digest: string) => Iterable<string>): Set<string> {
  const found = new Set(from)
  // Iterating a set includes elements added meanwhile.
  for (const digest of found) for (const other of next(digest)) found.add(other)
  return found
}
