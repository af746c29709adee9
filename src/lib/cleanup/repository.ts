/** Reads a repository, plans its cleanup and carries the plan out, by a client of its registry. */
import { messageOf } from "../run/execError.js"
import { oneLine } from "../text/words.js"
import {
  type KeptImage,
  decide,
  intersectPlans,
  type PlannedManifest,
  type RegistryPlan,
  unreadManifests,
} from "./decide.js"
import {
  digestOfText,
  type Inventory,
  type Manifest,
  readNode,
  type Referrer,
  readReferrers,
} from "./inventory.js"
import { deletionGroups, deletionWaves, dependentsOf } from "./order.js"
import type { ImageUse, Policy } from "./policy.js"
import type { DeletionResult } from "./report.js"

/** An answer per item, in the order asked for. */
export type Answers = readonly (readonly [item: string, answer: string | undefined])[]

/** A client for one repository. Its reads fail with REGISTRY; undefined stands for what the registry doesn't have. */
export interface RepositoryClient {
  tags(): Promise<readonly string[]>
  /** The manifests of tags or digests, as they are. */
  manifests(references: readonly string[]): Promise<Answers>
  /** The index of the referrers of each digest. */
  referrers(digests: readonly string[]): Promise<Answers>
  /** Deletes manifests. The answers are the reasons for refusals; one that is missing counts as deleted. */
  delete(digests: readonly string[]): Promise<Answers>
}

/** What is kept, and the time from which ages are computed, in milliseconds since 1970. */
export interface Retention {
  policy: Policy
  now: number
}

/** Limit on nesting of indexes and of signatures on signatures. */
const ROUNDS = 10

/** Manifests deleted between two questions to the environments, unless more belong together. */
const GROUP = 100

interface Draft extends Inventory {
  tags: Map<string, string>
  manifests: Map<string, Manifest | undefined>
  referrers: Map<string, readonly Referrer[]>
}

/** Reads a repository and plans what to delete. Deletes nothing. */
export async function planRepository(
  client: RepositoryClient,
  { policy, now }: Retention,
  uses: readonly ImageUse[],
): Promise<RegistryPlan> {
  const draft: Draft = { tags: new Map(), manifests: new Map(), referrers: new Map() }
  await readTags(client, draft)
  for (let round = 0; ; round += 1) {
    await readManifests(client, draft, unreadManifests(draft, uses))
    const plan = decide(draft, policy, uses, now)
    await readManifests(client, draft, plan.unread)
    for (const [digest, body] of await client.referrers(plan.unreadReferrers))
      draft.referrers.set(digest, body === undefined ? [] : readReferrers(body, digest))
    if (plan.unread.length + plan.unreadReferrers.length === 0 && unreadManifests(draft, uses).length === 0)
      return plan
    // Keep everything if the graph is deeper than the limit.
    if (round === ROUNDS) return { ...plan, going: [] }
  }
}

async function readTags(client: RepositoryClient, { tags, manifests }: Draft): Promise<void> {
  for (const [tag, body] of await client.manifests(await client.tags())) {
    // The tag or its manifest was deleted in between.
    if (body === undefined) continue
    const digest = digestOfText(body)
    tags.set(tag, digest)
    manifests.set(digest, readNode(body, tag))
  }
}

async function readManifests(client: RepositoryClient, { manifests }: Draft, digests: readonly string[]) {
  for (const [digest, body] of await client.manifests(digests))
    manifests.set(digest, body === undefined ? undefined : readNode(body, digest))
}

/** A plan and the result of applying it. */
export interface AppliedPlan {
  plan: RegistryPlan
  done: DeletionResult
  /** Images that became needed in between. */
  changed: readonly KeptImage[]
}

/**
 * Deletes the manifests of a plan, except those needed by now. An effect.
 *
 * Asks for the images in use and reads the repository again first, and asks once more before each step, as the steps may
 * take long; if there is no answer, nothing more is deleted. A manifest that the registry refuses to delete stays, with
 * all that must be deleted after it.
 */
export async function applyPlan(
  client: RepositoryClient,
  retention: Retention,
  first: RegistryPlan,
  ask: () => Promise<readonly ImageUse[]>,
): Promise<AppliedPlan> {
  let uses = await ask()
  const { plan, changed } = intersectPlans(first, await planRepository(client, retention, uses))
  const deletion = new Deletion(client, plan.going)
  try {
    for (const wave of deletionGroups(plan.going, GROUP).flatMap(deletionWaves)) {
      const now = await ask()
      if (hasMore(now, uses)) deletion.holdOthers((await planRepository(client, retention, now)).going)
      uses = now
      await deletion.deleteAll(wave)
    }
  } catch (error) {
    // What is deleted already must be reported.
    deletion.stop(oneLine(messageOf(error).split("\n")[0] ?? ""))
  }
  return { plan, done: deletion.result(), changed }
}

const hasMore = (now: readonly ImageUse[], before: readonly ImageUse[]): boolean => {
  const known = new Set(before.map(({ digest, tag }) => digest ?? tag))
  return now.some(({ digest, tag }) => !known.has(digest ?? tag))
}

/** The deletions of a plan so far. */
class Deletion {
  private readonly deleted = new Set<string>()
  private readonly refused = new Map<string, string>()

  constructor(
    private readonly client: RepositoryClient,
    private readonly going: readonly PlannedManifest[],
  ) {}

  /** Keeps what a later plan doesn't list. */
  holdOthers(going: readonly PlannedManifest[]): void {
    const still = new Set(going.map(({ digest }) => digest))
    this.hold(({ digest }) => !still.has(digest), "it is needed by now")
  }

  /** Keeps all that isn't deleted yet. */
  stop(why: string): void {
    this.hold(() => true, why)
  }

  private hold(these: (each: PlannedManifest) => boolean, why: string): void {
    for (const each of this.going.filter(these))
      if (!this.deleted.has(each.digest)) this.refused.set(each.digest, why)
  }

  async deleteAll(wave: readonly PlannedManifest[]): Promise<void> {
    const blocked = dependentsOf(this.going, new Set(this.refused.keys()))
    const open = wave.map(({ digest }) => digest).filter((digest) => !blocked.has(digest))
    if (open.length === 0) return
    for (const [digest, why] of await this.client.delete(open))
      if (why === undefined) this.deleted.add(digest)
      else this.refused.set(digest, why)
  }

  result(): DeletionResult {
    const left = this.going
      .filter(({ digest }) => !this.deleted.has(digest))
      .map(({ digest }) => ({
        what: digest,
        why: this.refused.get(digest) ?? "a manifest that refers to it could not be deleted",
      }))
    return { deleted: [...this.deleted], left }
  }
}
