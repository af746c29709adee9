import { createHash } from "node:crypto"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { decide, type RegistryPlan } from "../../../src/lib/cleanup/decide.js"
import type { Inventory, Manifest, Referrer } from "../../../src/lib/cleanup/inventory.js"
import type { Policy, ImageUse } from "../../../src/lib/cleanup/policy.js"

export const NOW = Date.parse("2026-06-01T00:00:00Z")
export const DAY = 86_400_000

/** A digest by its name. */
export const digest = (name: string): string => `sha256:${createHash("sha256").update(name).digest("hex")}`
const hex = (name: string): string => digest(name).slice("sha256:".length)

/** A repository as somebody would describe it; everything by its name. */
export class Repository {
  private readonly names = new Map<string, string>()
  readonly tags = new Map<string, string>()
  readonly manifests = new Map<string, Manifest | undefined>()
  readonly referrers = new Map<string, Referrer[]>()

  /** An image or index, so many days old, below these tags. */
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
    // All has been asked: what is there is added by `refers`.
    for (const each of [name, ...children])
      if (!this.referrers.has(this.of(each))) this.referrers.set(this.of(each), [])
    return this
  }

  /** Something that refers to another, listed by the registry, so many days old. */
  refers(name: string, subject: string, days?: number): this {
    const list = this.referrers.get(this.of(subject)) ?? []
    const created = days === undefined ? {} : { created: NOW - days * DAY }
    this.referrers.set(this.of(subject), [...list, { digest: this.of(name), ...created }])
    if (!this.referrers.has(this.of(name))) this.referrers.set(this.of(name), [])
    return this
  }

  /** The same under a tag that is made of the other's digest, as cosign has it; without a kind it is the list. */
  attach(name: string, subject: string, kind = ""): this {
    this.tags.set(`sha256-${hex(subject)}${kind}`, this.of(name))
    this.of(subject)
    const listed = kind === "" ? (this.referrers.get(this.of(subject)) ?? []) : []
    const children = listed.map(({ digest: found }) => ({ digest: found, nested: false }))
    this.manifests.set(this.of(name), { children })
    if (!this.referrers.has(this.of(name))) this.referrers.set(this.of(name), [])
    return this
  }

  /** A tagged manifest that refers to another. */
  artifact(name: string, tag: string, subject: string): this {
    this.tags.set(tag, this.of(name))
    this.manifests.set(this.of(name), { children: [], subject: this.of(subject) })
    this.referrers.set(this.of(name), [])
    return this
  }

  /** One without a tag, which is there and refers to another. */
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

  /** The names of what goes, in its order. */
  going = (plan: RegistryPlan): string[] => plan.going.map(({ digest: found }) => this.nameOf(found))

  /** Why each image stays. */
  kept = (plan: RegistryPlan): Record<string, string> =>
    Object.fromEntries(plan.kept.map(({ digest: found, why }) => [this.nameOf(found), why]))

  nameOf = (found: string): string => this.names.get(found) ?? found

  private of(name: string): string {
    this.names.set(digest(name), name)
    return digest(name)
  }
}

/** So many releases, the oldest first, a day apart; each with two images, and a signature of each of the three. */
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
