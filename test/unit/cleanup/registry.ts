/** A registry in memory with the manifests that a seed makes: a repository as no one would write it by hand. */
import { createHash } from "node:crypto"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import type { ImageUse } from "../../../src/lib/cleanup/policy.js"
import type { Answers, RepositoryClient, Retention } from "../../../src/lib/cleanup/repository.js"
import { DAY, NOW } from "./repository.js"

const IMAGE = "application/vnd.oci.image.manifest.v1+json"
const INDEX = "application/vnd.oci.image.index.v1+json"
const CREATED = "org.opencontainers.image.created"

export const sha = (body: string): string => `sha256:${createHash("sha256").update(body).digest("hex")}`

interface Body {
  mediaType: string
  manifests?: { digest: string; mediaType: string }[]
  subject?: { digest: string }
  annotations?: Record<string, string>
}

/** Repeatable random numbers: https://prng.di.unimi.it/ has the idea, this one is Park and Miller's. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = (seed * 7919 + 17) % 2_147_483_647
    for (let warm = 0; warm < 3; warm += 1) this.next()
  }

  private next(): number {
    this.state = (this.state * 48_271) % 2_147_483_647
    return this.state
  }

  /** A whole number below a limit. */
  below = (limit: number): number => this.next() % limit
  chance = (percent: number): boolean => this.below(100) < percent
  pick = <T>(items: readonly T[]): T | undefined => items[this.below(Math.max(items.length, 1))]
  some = <T>(items: readonly T[], percent: number): T[] => items.filter(() => this.chance(percent))
}

export class FakeRegistry implements RepositoryClient {
  readonly tagged = new Map<string, string>()
  readonly bodies = new Map<string, string>()
  /** Digests whose deletion the registry refuses. */
  readonly keeps = new Set<string>()
  /** The deletions so far, in order. */
  readonly deletions: string[] = []
  private readonly parsed = new Map<string, Body>()

  add(content: Body): string {
    const body = JSON.stringify({ schemaVersion: 2, ...content })
    this.bodies.set(sha(body), body)
    return sha(body)
  }

  content = (digest: string): Body | undefined => {
    const body = this.bodies.get(digest)
    if (body !== undefined && !this.parsed.has(digest)) this.parsed.set(digest, JSON.parse(body) as Body)
    return body === undefined ? undefined : this.parsed.get(digest)
  }

  children = (digest: string): string[] => (this.content(digest)?.manifests ?? []).map((each) => each.digest)

  referring = (digest: string): string[] =>
    [...this.bodies.keys()].filter((each) => this.content(each)?.subject?.digest === digest)

  /** The tags that name a digest as their subject: cosign's, and that of the list of referrers. */
  attached = (digest: string): string[] =>
    [...this.tagged].flatMap(([tag, found]) => (tag.startsWith(digest.replace(":", "-")) ? [found] : []))

  /** What an image needs to be pulled and verified: its images, and the signatures of each. */
  whole(digests: Iterable<string>): Set<string> {
    const found = new Set(digests)
    for (const digest of found)
      for (const other of [...this.children(digest), ...this.referring(digest), ...this.attached(digest)])
        found.add(other)
    return found
  }

  /** All that a tag leads to, along and against references, as far as a registry's API goes. */
  visible(): Set<string> {
    const named = [...this.tagged.keys()].flatMap((tag) => {
      const [, hex] = /^sha256-([0-9a-f]{64})/.exec(tag) ?? []
      return hex === undefined ? [] : [`sha256:${hex}`]
    })
    const found = new Set([...this.tagged.values(), ...named])
    for (const digest of found) {
      const subject = this.content(digest)?.subject?.digest
      for (const other of [...this.whole([digest]), ...(subject === undefined ? [] : [subject])])
        found.add(other)
    }
    return found
  }

  tags = (): Promise<string[]> => Promise.resolve([...this.tagged.keys()])

  manifests = (references: readonly string[]): Promise<Answers> =>
    Promise.resolve(references.map((each) => [each, this.bodies.get(this.tagged.get(each) ?? each)] as const))

  referrers = (digests: readonly string[]): Promise<Answers> =>
    Promise.resolve(
      digests.map((digest) => {
        const manifests = this.referring(digest).map((each) => ({ ...this.content(each), digest: each }))
        return [digest, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })] as const
      }),
    )

  delete = (digests: readonly string[]): Promise<Answers> => {
    return Promise.resolve(
      digests.map((digest) => {
        if (this.keeps.has(digest)) return [digest, "it is refused"] as const
        this.deletions.push(digest)
        this.remove(digest)
        return [digest, undefined] as const
      }),
    )
  }

  /** Removes a manifest with its tags. */
  remove(digest: string): void {
    this.bodies.delete(digest)
    for (const [tag, found] of this.tagged) if (found === digest) this.tagged.delete(tag)
  }
}

/** Makes a registry: images that indexes share, indexes in indexes, signatures of signatures, moved and odd tags. */
export function randomRegistry(seed: number): FakeRegistry {
  const random = new Random(seed)
  const registry = new FakeRegistry()
  let number = 0
  const dated = (): Record<string, string> => ({
    n: String((number += 1)),
    ...(random.chance(85) && { [CREATED]: new Date(NOW - random.below(60) * DAY).toISOString() }),
  })
  const image = (more: Partial<Body> = {}) =>
    registry.add({ mediaType: random.chance(90) ? IMAGE : "application/json", annotations: dated(), ...more })
  const all = Array.from({ length: 3 + random.below(10) }, () => image())
  for (let left = 2 + random.below(8); left > 0; left -= 1) {
    const parts = random.some(all, 25).slice(0, 4)
    const manifests = parts.map((digest) => ({
      digest,
      mediaType: registry.content(digest)?.mediaType ?? IMAGE,
    }))
    // An index may lack an image: a registry that was cleaned up otherwise.
    if (random.chance(5)) manifests.push({ digest: sha(`lost ${number}`), mediaType: IMAGE })
    all.push(registry.add({ mediaType: INDEX, manifests, annotations: dated() }))
  }
  for (let left = random.below(20); left > 0; left -= 1) {
    const subject = random.chance(90) ? (random.pick(all) ?? "") : sha(`gone ${left}`)
    const made = image({ subject: { digest: subject } })
    all.push(made)
    if (random.chance(20)) registry.tagged.set(`report-${left}`, made)
  }
  addTags(registry, all, random)
  return registry
}

function addTags({ tagged, referring, bodies }: FakeRegistry, all: readonly string[], random: Random): void {
  const subjects = [...all, sha("gone 1"), sha("never there")]
  const plain = (digest: string) => digest.replace(":", "-")
  for (const digest of all) {
    if (random.chance(40)) tagged.set(`${random.below(9)}.${random.below(9)}.${random.below(9)}`, digest)
    if (random.chance(20)) tagged.set(`sha-${digest.slice(7, 19)}`, digest)
    if (random.chance(4)) tagged.set(random.pick(["latest", "main", "golden"]) ?? "", digest)
  }
  for (const digest of random.some(subjects, 20)) {
    const signature = JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, annotations: { of: digest } })
    bodies.set(sha(signature), signature)
    tagged.set(`${plain(digest)}.sig`, sha(signature))
  }
  for (const digest of random.some(subjects, 20)) {
    const manifests = referring(digest).map((each) => ({ digest: each, mediaType: IMAGE }))
    const list = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })
    bodies.set(sha(list), list)
    tagged.set(plain(digest), sha(list))
  }
}

/** Images in use, by digest or by tag. */
export const randomUses = ({ tagged, bodies }: FakeRegistry, random: Random): ImageUse[] => [
  ...random.some([...bodies.keys()], 6).map((digest) => ({ digest, why: "production runs it" })),
  ...random.some([...tagged.keys()], 6).map((tag) => ({ tag, why: "staging runs it" })),
]

export const randomRetention = (random: Random): Retention => ({
  now: NOW,
  policy: {
    ...DEFAULTS.cleanup,
    releases: 1 + random.below(3),
    builds: 1 + random.below(3),
    minimumAge: random.chance(50) ? 0 : 7 * 86_400,
    protect: random.chance(30) ? ["report-*"] : ["latest", "main"],
  },
})
