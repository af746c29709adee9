import { fail } from "../errors/catalogue.js"
import { parseReference, printReference } from "./reference.js"

/** Where a floor is, by an address whose content can't change. */
export type PolicyAddress =
  | { kind: "git"; url: string; commit: string; path: string }
  | { kind: "oci"; host: string; reference: string }

const GIT =
  /^((?:https?|ssh|git):\/\/[^\s@]{1,500}|(?:ssh:\/\/)?[A-Za-z0-9_.-]{1,64}@[^\s@]{1,500})@([^\s@:]{1,200}):([^\s:]{1,500})$/

/**
 * Parses `GIT_ADDRESS@COMMIT:PATH` or `REGISTRY/REPOSITORY@sha256:…`.
 *
 * Fails with POLICY_UNPINNED for a branch or a tag, whose content can change, and with POLICY_ADDRESS for anything else.
 *
 * @example parsePolicyAddress("https://github.com/team/policies@0123456789abcdef0123456789abcdef01234567:floor.yaml")
 */
export function parsePolicyAddress(text: string): PolicyAddress {
  const [, url, commit = "", path = ""] = GIT.exec(text) ?? []
  if (url !== undefined) {
    if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) throw fail("POLICY_UNPINNED", [text])
    if (/^\/|(?:^|\/)\.\.(?:\/|$)/.test(path)) throw fail("POLICY_ADDRESS", [text])
    return { kind: "git", url, commit, path }
  }
  if (text.includes("://") || !text.includes("/")) throw fail("POLICY_ADDRESS", [text])
  const { host, repository, digest } = parseReference(text)
  if (digest === undefined) throw fail("POLICY_UNPINNED", [text])
  return { kind: "oci", host, reference: printReference({ host, repository, digest }) }
}
