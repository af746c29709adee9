import { createHash } from "node:crypto"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { decide, type RegistryPlan } from "../../../src/lib/cleanup/decide.js"
import type { Inventory, Manifest, Referrer } from "../../../src/lib/cleanup/inventory.js"
import type { Policy, ImageUse } from "../../../src/lib/cleanup/policy.js"

export const NOW = Date.parse("2026-06-01T00:00:00Z")
export const DAY = 86_400_000

/** Returns a digest made from a name. */
export const digest = (name: string): string => `sha256:${createHash("sha256").update(name).digest("hex")}`
const hex = (name: string): string => digest(name).slice("sha256:".length)

/** A builder of a repository's inventory, with names for digests. */
export class Repository {
  private readonly names = new Map<string, string>()
  readonly tags = new Map<string, string>()
  readonly manifests = new Map<string, Manifest | undefined>()
  readonly referrers = new Map<string, Referrer[]>()

  /** Adds an image or index of this age with these tags. */
  image(
    name: string,
    days: number | undefined,
    tags: readonly string[],
    children: readonly string[] = [],
  ): this {
    this.manifests.set(this.of(name), {
      children: children.map((child) => ({ digest: this.of(child), nested: false })),
      ...(days !== undefined && { created: NOW - days * DAY }),
    })
    for (const tag of tags) this.tags.set(tag, this.of(name))
    // All referrers have been requested; `refers` adds them.
    for (const each of [name, ...children])
      if (!this.referrers.has(this.of(each))) this.referrers.set(this.of(each), [])
    return this
  }

  /** Adds a referrer of this age, which the registry lists. */
  refers(name: string, subject: string, days?: number): this {
    const list = this.referrers.get(this.of(subject)) ?? []
    const created = days === undefined ? {} : { created: NOW - days * DAY }
    this.referrers.set(this.of(subject), [...list, { digest: this.of(name), nested: false, ...created }])
    if (!this.referrers.has(this.of(name))) this.referrers.set(this.of(name), [])
    return this
  }

  /** Adds cosign's tag for a referrer, made of the subject's digest; without a kind it is the referrers list. */
  attach(name: string, subject: string, kind = ""): this {
    this.tags.set(`sha256-${hex(subject)}${kind}`, this.of(name))
    this.of(subject)
    const listed = kind === "" ? (this.referrers.get(this.of(subject)) ?? []) : []
    const children = listed.map(({ digest: found }) => ({ digest: found, nested: false }))
    this.manifests.set(this.of(name), { children })
    if (!this.referrers.has(this.of(name))) this.referrers.set(this.of(name), [])
    return this
  }

  /** Adds a tagged manifest with a subject. */
  artifact(name: string, tag: string, subject: string): this {
    this.tags.set(tag, this.of(name))
    this.manifests.set(this.of(name), { children: [], subject: this.of(subject) })
    this.referrers.set(this.of(name), [])
    return this
  }

  /** Adds an untagged manifest with a subject. */
  untagged(name: string, subject: string): this {
    this.manifests.set(this.of(name), { children: [], subject: this.of(subject) })
    return this
  }

  gone(name: string): this {
    this.manifests.set(this.of(name), undefined)
    return this
  }

  tag(tag: string, name: string): this {
    this.tags.set(tag, this.of(name))
    return this
  }

  get inventory(): Inventory {
    return { tags: this.tags, manifests: this.manifests, referrers: this.referrers }
  }

  plan(policy: Partial<Policy> = {}, uses: readonly ImageUse[] = []): RegistryPlan {
    return decide(this.inventory, { ...DEFAULTS.cleanup, ...policy }, uses, NOW)
  }

  /** Returns the names of the manifests to delete, in order. */
  going = (plan: RegistryPlan): string[] => plan.going.map(({ digest: found }) => this.nameOf(found))

  /** Returns the reason for keeping each image. */
  kept = (plan: RegistryPlan): Record<string, string> =>
    Object.fromEntries(plan.kept.map(({ digest: found, why }) => [this.nameOf(found), why]))

  nameOf = (found: string): string => this.names.get(found) ?? found

  private of(name: string): string {
    this.names.set(digest(name), name)
    return digest(name)
  }
}

/** Returns releases a day apart, the oldest first; each has two images, and signatures of index and images. */
export function releases(count: number): Repository {
  const repository = new Repository()
  for (let number = 1; number <= count; number += 1) addRelease(repository, number, 100 - number)
  return repository
}

export function addRelease(repository: Repository, number: number, days: number): void {
  const name = `v${number}`
  const images = [`${name}-amd`, `${name}-arm`]
  repository.image(name, days, [`${number}.0.0`, `sha-${String(number).padStart(12, "0")}`], images)
  for (const each of [name, ...images])
    repository.refers(`${each}-sig`, each, days).attach(`${each}-list`, each)
}
