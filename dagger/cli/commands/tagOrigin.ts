import { DEFAULTS } from "../../../src/lib/config/config.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import type { Trigger } from "../../../src/lib/pipeline/policy.js"
import { entryFor } from "../../../src/lib/pipeline/policy.js"
import { gitText } from "../../lib/git.js"
import { say } from "../../lib/progress.js"
import { isAddress } from "./sourceFolder.js"

/** How a version's commit relates to main. */
export type TagOrigin = "main" | "hotfix" | "unknown" | { branches: string[] }

/**
 * Finds where the commit of a folder lies: on main, on a hotfix branch, or on others alone. Unknown if the clone has no
 * main, or not the whole history.
 */
export function tagOrigin(folder: string, main: string): TagOrigin {
  const git = gitText(folder)
  const listed = git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
  const known = branchNames(listed)
  if (!known.includes(main)) return "unknown"
  const containing = branchNames(
    git("for-each-ref", "--contains=HEAD", "--format=%(refname)", "refs/heads", "refs/remotes"),
  )
  if (containing.includes(main)) return "main"
  if (git("rev-parse", "--is-shallow-repository") !== "false") return "unknown"
  return containing.some((name) => name.startsWith("hotfix/")) ? "hotfix" : { branches: containing }
}

/** The names of branches from their references, those of remotes too. */
export const branchNames = (refs = ""): string[] => [
  ...new Set(
    refs
      .split("\n")
      .map((ref) => ref.replace(/^refs\/(?:heads|remotes\/[^/]+)\//, ""))
      .filter((name) => name !== "" && name !== "HEAD"),
  ),
]

/**
 * Refuses a version for production that isn't on main, unless a reason is given. Fails with TAG_OFF_MAIN.
 *
 * Where git can't tell, it warns: not every host's clone has main. Returns what it found, if it had to look.
 */
export function refuseOffMain(
  source: string,
  trigger: Trigger,
  reason: string | undefined,
): TagOrigin | undefined {
  const tag = trigger.ref.replace(/^refs\/tags\//, "")
  if (tag === trigger.ref || entryFor(trigger) !== "version" || reason) return undefined
  const { main } = trigger.branches ?? DEFAULTS.branches
  const origin = isAddress(source) ? "unknown" : tagOrigin(source, main)
  if (origin === "unknown")
    say(`! can't tell whether ${tag} is on ${main}: this clone has no ${main}, or not all of its history`)
  if (origin === "hotfix") say(`! ${tag} is on a hotfix branch: merge it back into ${main}`)
  if (typeof origin === "object") throw fail("TAG_OFF_MAIN", [tag, main, origin.branches])
  return origin
}
