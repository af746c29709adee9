import type { Container } from "@dagger.io/dagger"
import {
  intersectPlans,
  decide,
  type PlannedManifest,
  type KeptImage,
  type RegistryPlan,
  unreadManifests,
} from "../lib/cleanup/decide.js"
import {
  digestOfText,
  type Inventory,
  type Manifest,
  readNode,
  readReferrers,
} from "../lib/cleanup/inventory.js"
import { dependentsOf, deletionWaves } from "../lib/cleanup/order.js"
import type { Policy, ImageUse } from "../lib/cleanup/policy.js"
import type { DeletionResult } from "../lib/cleanup/report.js"
import type { ToolRun } from "../lib/run/finding.js"
import { registryError, registryFailure } from "../lib/release/registryError.js"
import { tagsOf } from "../registry/regctl.js"
import { regctlRuns } from "../registry/regctl.js"

/** A repository, and what of it stays. */
export interface CleanupRepository {
  /** Host and repository. */
  name: string
  tools: Container
  policy: Policy
  uses: readonly ImageUse[]
  /** Milliseconds since 1970. */
  now: number
}

/** So many at once: what they print goes through the engine. */
const BATCH = 100

/** How deep indexes in indexes, and signatures of signatures, may go. */
const ROUNDS = 10

const RAW = "--format=raw-body"

/** Looks into a repository and decides what goes. Deletes nothing. */
export async function planRegistry(repository: CleanupRepository): Promise<RegistryPlan> {
  const { policy, uses, now } = repository
  const inventory: Draft = { tags: new Map(), manifests: new Map(), referrers: new Map() }
  await readTags(repository, inventory)
  for (let round = 0; ; round += 1) {
    const missing = unreadManifests(inventory, uses)
    await readManifests(repository, inventory, missing)
    const plan = decide(inventory, policy, uses, now)
    await readReferrersOf(repository, inventory, plan.unreadReferrers)
    if (missing.length + plan.unreadReferrers.length === 0) return plan
    // What isn't known to its end stays whole.
    if (round === ROUNDS) return { ...plan, going: [] }
  }
}

interface Draft extends Inventory {
  tags: Map<string, string>
  manifests: Map<string, Manifest | undefined>
  referrers: Map<string, ReturnType<typeof readReferrers>>
}

async function readTags(repository: CleanupRepository, { tags, manifests }: Draft): Promise<void> {
  const names = await tagsOf(repository.name, repository.tools)
  const runs = await query(repository, names, (tag) => ["manifest", "get", RAW, `${repository.name}:${tag}`])
  for (const [tag, run] of runs) {
    // It went in between, or what it stood for.
    if (run === undefined) continue
    const digest = digestOfText(run.stdout)
    tags.set(tag, digest)
    manifests.set(digest, readNode(run.stdout))
  }
}

async function readManifests(
  repository: CleanupRepository,
  { manifests }: Draft,
  digests: readonly string[],
) {
  const runs = await query(repository, digests, (digest) => [
    "manifest",
    "get",
    RAW,
    `${repository.name}@${digest}`,
  ])
  for (const [digest, run] of runs) manifests.set(digest, run && readNode(run.stdout))
}

async function readReferrersOf(
  repository: CleanupRepository,
  { referrers }: Draft,
  digests: readonly string[],
) {
  const runs = await query(repository, digests, (digest) => [
    "artifact",
    "list",
    RAW,
    `${repository.name}@${digest}`,
  ])
  for (const [digest, run] of runs) referrers.set(digest, run === undefined ? [] : readReferrers(run.stdout))
}

/** What the registry answers; undefined for what it hasn't got. Fails with REGISTRY. */
async function query(
  { tools }: CleanupRepository,
  items: readonly string[],
  call: (item: string) => string[],
): Promise<[string, ToolRun | undefined][]> {
  const answers: [string, ToolRun | undefined][] = []
  for (let at = 0; at < items.length; at += BATCH) {
    const batch = items.slice(at, at + BATCH)
    const runs = await regctlRuns(tools, batch.map(call))
    batch.forEach((item, index) => answers.push([item, present(runs[index], call(item).at(-1) ?? "")]))
  }
  return answers
}

function present(run: ToolRun | undefined, reference: string): ToolRun | undefined {
  if (run === undefined) throw new Error("regctl was not run")
  if (run.exitCode === 0) return run
  if (registryFailure(run).kind === "missing") return undefined
  throw registryError(run, reference)
}

/** What became of a plan that was carried out. */
export interface AppliedPlan {
  plan: RegistryPlan
  done: DeletionResult
  /** What has come to be needed in between. */
  changed: readonly KeptImage[]
}

/**
 * Deletes what a plan says, unless it is needed by now: the tags are read once more before. An effect. What a registry
 * refuses stays, with all that has to go after it.
 */
export async function applyPlan(repository: CleanupRepository, first: RegistryPlan): Promise<AppliedPlan> {
  const { plan, changed } = intersectPlans(first, await planRegistry(repository))
  const deleted: string[] = []
  const refused = new Map<string, string>()
  for (const wave of deletionWaves(plan.going)) {
    const blocked = dependentsOf(plan.going, new Set(refused.keys()))
    const open = wave.filter(({ digest }) => !blocked.has(digest))
    for (const [digest, why] of await deleteAll(repository, open))
      if (why === undefined) deleted.push(digest)
      else refused.set(digest, why)
  }
  const left = plan.going
    .filter(({ digest }) => !deleted.includes(digest))
    .map(({ digest }) => ({
      what: digest,
      why: refused.get(digest) ?? "what refers to it, or has it, could not be deleted",
    }))
  return { plan, done: { deleted, left }, changed }
}

/** Deletes manifests; says why not, where the registry refuses. What is gone already is as good as deleted. */
async function deleteAll(
  { name, tools }: CleanupRepository,
  going: readonly PlannedManifest[],
): Promise<[digest: string, why: string | undefined][]> {
  const results: [string, string | undefined][] = []
  for (let at = 0; at < going.length; at += BATCH) {
    const batch = going.slice(at, at + BATCH)
    const runs = await regctlRuns(
      tools,
      batch.map(({ digest }) => ["manifest", "delete", `${name}@${digest}`]),
    )
    batch.forEach(({ digest }, index) => results.push([digest, refusal(runs[index])]))
  }
  return results
}

function refusal(run: ToolRun | undefined): string | undefined {
  if (run?.exitCode === 0) return undefined
  const { kind, reason, remedy } = registryFailure(run ?? { exitCode: 1, stderr: "regctl was not run" })
  return kind === "missing" ? undefined : `${reason}; ${remedy}`
}
