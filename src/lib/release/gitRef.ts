import { parseVersion } from "./version.js"

/**
 * A git reference by its whole name. A bare one is a tag where the event is one, and a branch where somebody pushed:
 * a branch named like a version must not become one. By hand, `v1.2.3` is the version's tag.
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
