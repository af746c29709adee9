/** Properties that hold for every registry: each seed makes another one, and a failure names its seed. */
import { describe, expect, it } from "vitest"
import type { ImageUse } from "../../../src/lib/cleanup/policy.js"
import { applyPlan, planRepository } from "../../../src/lib/cleanup/repository.js"
import { type FakeRegistry, Random, randomRegistry, randomRetention, randomUses } from "./registry.js"

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed + 1)

/** A registry, what is in use, and what is kept. */
function scene(seed: number) {
  const random = new Random(seed + 5000)
  const registry = randomRegistry(seed)
  return { seed, random, registry, uses: randomUses(registry, random), retention: randomRetention(random) }
}

type Scene = ReturnType<typeof scene>

async function cleaned(
  { registry, uses, retention }: Scene,
  ask = () => Promise.resolve(uses as readonly ImageUse[]),
) {
  const plan = await planRepository(registry, retention, uses)
  return { planned: plan, ...(await applyPlan(registry, retention, plan, ask)) }
}

/** The digests that uses stand for. */
const usedIn = ({ tagged }: FakeRegistry, uses: readonly ImageUse[]): string[] =>
  uses.flatMap(({ digest, tag }) => digest ?? tagged.get(tag ?? "") ?? [])

/**
 * References from one manifest to another that lead nowhere: of indexes and of referrers, without lists of referrers.
 *
 * An index that never had a tag and that nothing names is known to no registry's client.
 */
function dangling(registry: FakeRegistry, visible: ReadonlySet<string>): Set<string> {
  const lists = new Set(
    [...registry.tagged].flatMap(([tag, digest]) => (/^sha256-\w+$/.test(tag) ? [digest] : [])),
  )
  const found = new Set<string>()
  for (const digest of [...registry.bodies.keys()].filter((each) => visible.has(each))) {
    const subject = registry.content(digest)?.subject?.digest
    for (const other of [
      ...(lists.has(digest) ? [] : registry.children(digest)),
      ...(subject ? [subject] : []),
    ])
      if (!registry.bodies.has(other)) found.add(`${digest} -> ${other}`)
  }
  return found
}

const everywhere = async (check: (each: Scene) => Promise<void>): Promise<void> => {
  for (const seed of SEEDS)
    try {
      await check(scene(seed))
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
}

describe("a cleanup of any registry", () => {
  it("deletes nothing in use, nor what that consists of, nor its signatures", () =>
    everywhere(async (each) => {
      const needed = each.registry.whole(usedIn(each.registry, each.uses))
      const { done } = await cleaned(each)
      expect(done.deleted.filter((digest) => needed.has(digest))).toEqual([])
    }))

  it("deletes something in most of them", async () => {
    let cleanups = 0
    await everywhere(async (each) => {
      const { done } = await cleaned(each)
      cleanups += done.deleted.length > 1 ? 1 : 0
    })
    expect(cleanups).toBeGreaterThan(SEEDS.length / 2)
  })

  it("deletes nothing that belongs to a kept image, and no image that a kept one refers to", () =>
    everywhere(async (each) => {
      const { registry } = each
      const plan = await planRepository(registry, each.retention, each.uses)
      const needed = registry.whole([
        ...plan.kept.map(({ digest }) => digest),
        ...usedIn(registry, each.uses),
      ])
      const subjects = [...needed].flatMap((digest) => registry.content(digest)?.subject?.digest ?? [])
      const going = plan.going.map(({ digest }) => digest)
      expect(going.filter((digest) => needed.has(digest) || subjects.includes(digest))).toEqual([])
    }))

  it("never leaves an index without an image or a referrer without its subject, wherever it is interrupted", () =>
    everywhere(async (each) => {
      const visible = each.registry.visible()
      const before = dangling(each.registry, visible)
      const copy = randomRegistry(each.seed)
      const { done } = await cleaned(each)
      for (const digest of done.deleted) {
        copy.remove(digest)
        expect([...dangling(copy, visible)].filter((reference) => !before.has(reference))).toEqual([])
      }
    }))

  it("deletes nothing more when it is repeated", () =>
    everywhere(async (each) => {
      const first = await cleaned(each)
      expect(first.done.left).toEqual([])
      const second = await cleaned(each)
      expect(second.planned.going).toEqual([])
    }))

  it("deletes nothing that a refused deletion needs", () =>
    everywhere(async (each) => {
      const visible = each.registry.visible()
      const before = dangling(each.registry, visible)
      for (const digest of each.random.some([...each.registry.bodies.keys()], 15))
        each.registry.keeps.add(digest)
      await cleaned(each)
      expect([...dangling(each.registry, visible)].filter((reference) => !before.has(reference))).toEqual([])
    }))

  it("keeps an image whole that becomes needed meanwhile", () =>
    everywhere(async (each) => {
      const { registry, random } = each
      const later = randomUses(registry, random)
      const at = 1 + random.below(4)
      let asked = 0
      let since = Infinity
      let needed = new Set<string>()
      const ask = () => {
        asked += 1
        if (asked === at) {
          needed = registry.whole(usedIn(registry, later))
          since = registry.deletions.length
        }
        return Promise.resolve(asked >= at ? [...each.uses, ...later] : each.uses)
      }
      await cleaned(each, ask)
      expect(registry.deletions.slice(since).filter((digest) => needed.has(digest))).toEqual([])
    }))

  it("deletes nothing once an environment can't be asked, and says what is left", () =>
    everywhere(async (each) => {
      const { registry, random } = each
      const at = 1 + random.below(4)
      let asked = 0
      let before: number | undefined
      const ask = () => {
        asked += 1
        if (asked < at) return Promise.resolve(each.uses)
        before ??= registry.deletions.length
        return Promise.reject(new Error("no answer\nmore"))
      }
      const result = await cleaned(each, ask).catch((error: unknown) => error as Error)
      if (before !== undefined) expect(registry.deletions).toHaveLength(before)
      if (result instanceof Error) expect([at, registry.deletions]).toEqual([1, []])
      else if (asked >= at) {
        expect(result.done.left.length).toBeGreaterThan(0)
        expect(new Set(result.done.left.map(({ why }) => why))).toEqual(new Set(["no answer"]))
      }
    }))
})
