import { createHash } from "node:crypto"
import { webAddress } from "../image/revision.js"
import { versionOfRef } from "../release/version.js"

/**
 * Whose code a run executes, decided by its trigger alone: nothing that the code says changes it.
 *
 * - `fork`: a pull request from another repository
 * - `change`: a pull request, branch or other ref that nobody has reviewed yet
 * - `hotfix`: a hotfix branch, which is released without being merged first
 * - `protected`: the branches and version tags that releases are made of
 * - `local`: a person's own call; also a run without a ref
 */
export type TrustLevel = "fork" | "change" | "hotfix" | "protected" | "local"

/** What a run says of its trigger. */
interface Cause {
  event: string
  ref: string
  fork?: boolean
}

/** By their usual names alone: a branch's own slipway.yaml may name others, and must not make itself trusted by that. */
const PROTECTED = ["main", "master", "develop"].map((branch) => `refs/heads/${branch}`)

/** The trust in a run's code; a ref's bare name is a branch. */
export function trustOf({ event, ref, fork = false }: Cause): TrustLevel {
  if (fork) return "fork"
  if (event === "pull_request") return "change"
  if (event === "local" || ref === "") return "local"
  const full = ref.startsWith("refs/") ? ref : `refs/${event === "tag" ? "tags" : "heads"}/${ref}`
  if (PROTECTED.includes(full) || versionOfRef(full) !== undefined) return "protected"
  return full.startsWith("refs/heads/hotfix/") ? "hotfix" : "change"
}

/** True for code that nobody who answers for the repository has seen. */
export const isStrange = (trust: TrustLevel): boolean => trust === "fork" || trust === "change"

/**
 * The volumes that a run may use: those of its level of trust, in its repository.
 *
 * @param origin The repository's address; empty if unknown.
 * @param service The service's name, in place of an unknown repository.
 * @param path Its folder among several in the repository; empty for the only one.
 */
export function volumeSpace(trust: TrustLevel, origin: string, service: string, path = ""): string {
  const whole = origin === "" ? ["service", service] : ["repository", webAddress(origin) || origin]
  const whose = path === "" ? whole : [...whole, path]
  return `${trust}-${createHash("sha256").update(JSON.stringify(whose)).digest("hex").slice(0, 24)}`
}
