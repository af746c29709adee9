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

/** A repository and the policy of what to keep in it. */
export interface CleanupRepository {
  /** Host and repository. */
  name: string
  tools: Container
  policy: Policy
  uses: readonly ImageUse[]
  /** Milliseconds since 1970. */
  now: number
}

/** Commands per call: their output goes through the engine. */
const BATCH = 100

/** Limit on nesting of indexes and of signatures on signatures. */
const ROUNDS = 10

const RAW = "--format=raw-body"

/** Inspects a repository and plans what to delete. Deletes nothing. */
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
    // Keep everything if the graph is deeper than the limit.
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
    // The tag or its manifest was deleted in between.
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

/** Runs a command per item; undefined for items that the registry doesn't have. Fails with REGISTRY. */
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

/** A plan and the result of applying it. */
export interface AppliedPlan {
  plan: RegistryPlan
  done: DeletionResult
  /** Images that became needed in between. */
  changed: readonly KeptImage[]
}

/**
 * Deletes the manifests of a plan, except those needed by now.
 *
 * Reads the tags again before. An effect. A manifest that the registry refuses to delete stays, with all that must be
 * deleted after it.
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
      why: refused.get(digest) ?? "a manifest that refers to it could not be deleted",
    }))
  return { plan, done: { deleted, left }, changed }
}

/** Deletes manifests and returns the reason for each refusal. One that is missing counts as deleted. */
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
