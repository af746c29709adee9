import { parseVersion } from "./version.js"

/**
 * Returns the full name of a git reference.
 *
 * A bare name is a tag for a tag event and a branch for a push, so that a branch named like a version isn't taken for
 * one. In a manual run `v1.2.3` is the version's tag.
 *
 * @example fullRef("tag", "v1.2.3") // "refs/tags/v1.2.3"
 */
export function fullRef(event: string, ref: string): string {
  if (ref === "" || ref.startsWith("refs/")) return ref
  if (event === "tag") return `refs/tags/${ref}`
  if (event === "push") return `refs/heads/${ref}`
  const byHand = event === "manual" || event === "local"
  return byHand && isVersion(ref) ? `refs/tags/${ref}` : ref
}

const isVersion = (name: string): boolean => name.startsWith("v") && parseVersion(name.slice(1)) !== undefined
