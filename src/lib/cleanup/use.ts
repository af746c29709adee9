import type { Facts } from "../deploy/facts.js"
import { goodVersions } from "../deploy/goodVersions.js"
import type { Environment } from "../config/environments.js"
import { CRON_JOB, DAEMON_SET, DEPLOYMENT, JOB, POD, REPLICA_SET, STATEFUL_SET } from "../kube/objects.js"
import type { LedgerEntry } from "../run/ledger.js"
import { fields, parseJson, text } from "../text/json.js"
import { isDigest } from "./inventory.js"
import type { ImageUse } from "./policy.js"

/** Known state of an environment. */
export interface EnvironmentState {
  environment: Environment
  namespace: string
  /** The name of its Deployment, under which the ledger is kept. */
  service: string
  entries: readonly LedgerEntry[]
  facts: Pick<Facts, "revisions" | "rollout">
  /** What runs images in its cluster, or may do so again: in all namespaces, where that may be read. */
  running: readonly RunningImages[]
  /** The ledgers in its cluster, its own included. */
  ledgers: readonly FoundLedger[]
}

/** The images of the objects in a namespace. */
export interface RunningImages {
  namespace: string
  names: readonly string[]
}

/** A ledger in a cluster, unverified: its text is not this service's to judge. */
export interface FoundLedger {
  namespace: string
  service: string
  text: string
}

/** Kinds of objects that run images. */
export const RUNNERS = [JOB, POD, REPLICA_SET, DEPLOYMENT, STATEFUL_SET, DAEMON_SET, CRON_JOB]

/** Digests of the current version and those to roll back to. */
export const rollbackDigests = (entries: readonly LedgerEntry[], rollbacks: number): string[] =>
  goodVersions(entries)
    .slice(0, rollbacks + 1)
    .map(({ digest }) => digest)

/** Images of a repository that an environment uses or may need for a rollback. */
export function usesOf(state: EnvironmentState, repository: string, rollbacks: number): ImageUse[] {
  const { environment, namespace: own, service, entries, facts, running, ledgers } = state
  const { rollout } = facts
  const under = rollout === undefined ? [] : [rollout.digest, rollout.fromDigest]
  // A version on hold has no success yet, and a failed one may have left the previous version.
  const last = entries.slice(-1).flatMap(({ facts: known }) => [known["digest"], known["previousDigest"]])
  const digest = (why: string) => (found: string | undefined) =>
    found !== undefined && isDigest(found) ? [{ digest: found, why }] : []
  const others = ledgers.filter((ledger) => ledger.namespace !== own || ledger.service !== service)
  return [
    ...running.flatMap(({ namespace, names }) => {
      const ours = namespace === own
      const who = ours ? environment : `namespace ${namespace} of the cluster of ${environment}`
      // Elsewhere in a cluster there may be very many others.
      const named = ours ? names : names.filter((name) => isNamed(name, repository))
      return imagesIn(named, repository).map((image) => ({ ...image, why: `${who} runs it` }))
    }),
    ...facts.revisions.flatMap((revision) =>
      digest(`${environment} has a ReplicaSet of it`)(revision.digest),
    ),
    ...[...under, ...last].flatMap(digest(`${environment} deployed it last`)),
    ...rollbackDigests(entries, rollbacks).flatMap(digest(`${environment} could roll back to it`)),
    ...others.flatMap((ledger) =>
      ledgerDigests(ledger.text, rollbacks).flatMap(
        digest(`the ledger of ${ledger.service} in namespace ${ledger.namespace} names it`),
      ),
    ),
  ]
}

/** Digests that another service's ledger needs; all that it names if a line can't be read. */
function ledgerDigests(content: string, rollbacks: number): string[] {
  const lines = content.split("\n").filter((line) => line.trim() !== "")
  const entries = lines.map((line) => fields(parseJson(line)))
  if (entries.some((entry) => typeof entry["facts"] !== "object" || entry["facts"] === null))
    return [...new Set(content.match(/sha256:[0-9a-f]{64}/g) ?? [])]
  const read = entries as unknown as LedgerEntry[]
  const last = read.slice(-1).flatMap(({ facts }) => [facts["digest"] ?? "", facts["previousDigest"] ?? ""])
  return [...new Set([...rollbackDigests(read, rollbacks), ...last])].filter(isDigest)
}

/**
 * Images of a repository that image names refer to.
 *
 * Every digest under whatever name, and tags under every name that ends with the repository's path, since a cluster may
 * pull from a mirror.
 */
export function imagesIn(names: readonly string[], repository: string): Pick<ImageUse, "digest" | "tag">[] {
  return [...new Set(names)].flatMap((name): Pick<ImageUse, "digest" | "tag">[] => {
    const digest = /@(sha256:[0-9a-f]{64})$/.exec(name)?.[1]
    if (digest !== undefined) return [{ digest }]
    const [, tag = "latest"] = name.slice(name.lastIndexOf("/") + 1).split(":")
    return isNamed(name, repository) ? [{ tag }] : []
  })
}

/** True for an image's name that ends with the repository's path, without regard to host, tag and digest. */
function isNamed(name: string, repository: string): boolean {
  const path = repository.slice(repository.indexOf("/") + 1)
  const bare = name.replace(/@sha256:[0-9a-f]{64}$/, "").replace(/:[^:/]*$/, "")
  return bare === path || bare.endsWith(`/${path}`)
}

/** The names of the images in an object, wherever they stand. */
export function imageNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imageNames)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === "image" || key === "imageID") && typeof inner === "string" ? [inner] : imageNames(inner),
  )
}

/** An environment and a repository that a ledger's entries name, without those that can't be read. */
export const deploymentsIn = ({
  text: content,
}: FoundLedger): { environment: string; repository: string }[] =>
  content.split("\n").flatMap((line) => {
    const entry = fields(parseJson(line))
    const image = text(fields(entry["facts"])["image"])
    const at = image.indexOf("@")
    return at < 0 ? [] : [{ environment: text(entry["environment"]), repository: image.slice(0, at) }]
  })
