import type { Facts } from "../deploy/facts.js"
import { goodVersions } from "../deploy/run.js"
import type { Environment } from "../config/deploy.js"
import type { LedgerEntry } from "../run/ledger.js"
import { isDigest } from "./inventory.js"
import type { ImageUse } from "./policy.js"

/** Known state of an environment. */
export interface EnvironmentState {
  environment: Environment
  entries: readonly LedgerEntry[]
  facts: Pick<Facts, "revisions" | "rollout">
  /** All objects that run images there, or may do so again. */
  objects: readonly unknown[]
}

/** Digests of the current version and those to roll back to. */
export const rollbackDigests = (entries: readonly LedgerEntry[], rollbacks: number): string[] =>
  goodVersions(entries)
    .slice(0, rollbacks + 1)
    .map(({ digest }) => digest)

/** Images of a repository that an environment uses or may need for a rollback. */
export function usesOf(
  { environment, entries, facts, objects }: EnvironmentState,
  repository: string,
  rollbacks: number,
): ImageUse[] {
  const { rollout } = facts
  const under = rollout === undefined ? [] : [rollout.digest, rollout.fromDigest]
  // A version on hold has no success yet, and a failed one may have left the previous version.
  const last = entries.slice(-1).flatMap(({ facts: known }) => [known["digest"], known["previousDigest"]])
  const digest = (why: string) => (found: string | undefined) =>
    found !== undefined && isDigest(found) ? [{ digest: found, why: `${environment} ${why}` }] : []
  return [
    ...imagesIn(objects, repository).map((image) => ({ ...image, why: `${environment} runs it` })),
    ...facts.revisions.flatMap((revision) => digest("has a ReplicaSet of it")(revision.digest)),
    ...[...under, ...last].flatMap(digest("deployed it last")),
    ...rollbackDigests(entries, rollbacks).flatMap(digest("could roll back to it")),
  ]
}

/**
 * Images that cluster objects reference.
 *
 * Every digest under whatever name, since a cluster may pull from a mirror, and tags of this repository.
 */
export function imagesIn(
  objects: readonly unknown[],
  repository: string,
): Pick<ImageUse, "digest" | "tag">[] {
  const names = new Set(objects.flatMap(imageNames))
  return [...names].flatMap((name): Pick<ImageUse, "digest" | "tag">[] => {
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(name)?.[1]
    if (digest !== undefined) return [{ digest }]
    if (name === repository) return [{ tag: "latest" }]
    return name.startsWith(`${repository}:`) ? [{ tag: name.slice(repository.length + 1) }] : []
  })
}

function imageNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imageNames)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === "image" || key === "imageID") && typeof inner === "string" ? [inner] : imageNames(inner),
  )
}
