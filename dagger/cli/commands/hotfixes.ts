import { fail } from "../../../src/lib/errors/catalogue.js"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { entryFor, type Trigger } from "../../../src/lib/pipeline/policy.js"
import { compareVersions, type Version, versionName, versionOfRef } from "../../../src/lib/release/version.js"
import { gitText, gitLines } from "../../lib/git.js"
import { say } from "../../lib/progress.js"
import { isAddress } from "./sourceFolder.js"
import { branchNames } from "./tagOrigin.js"

/** A released version with the commits that a later release lacks of it. */
export interface LackingHotfix {
  tag: string
  /** Abbreviated hashes with subjects, the newest first. */
  commits: string[]
}

/** The most versions to look at, the highest first: an older one would have been refused before. */
const MOST = 20

/**
 * Finds the released hotfixes whose commits the folder's HEAD lacks: versions tagged on `hotfix/*`, on main alone, or on
 * a branch that is gone. A commit counts as there if its change or its tree is, as after a cherry-pick or a squash.
 *
 * Unknown for a clone without its whole history. With `before`, only lower versions count.
 */
export function lackingHotfixes(
  folder: string,
  main: string,
  before: Version | undefined,
): LackingHotfix[] | "unknown" {
  const git = gitText(folder)
  if (git("rev-parse", "--is-shallow-repository") !== "false") return "unknown"
  const tags = gitLines(git("for-each-ref", "--no-merged=HEAD", "--format=%(refname)", "refs/tags/v*"))
  const versions = tags
    .flatMap((ref) => versionOfRef(ref) ?? [])
    .filter((version) => version.prerelease.length === 0)
    .filter((version) => before === undefined || compareVersions(version, before) < 0)
    .sort((a, b) => compareVersions(b, a))
    .slice(0, MOST)
  const lacking = versions.map(versionName).flatMap((tag) => {
    const ref = `refs/tags/${tag}`
    const contains = [
      "for-each-ref",
      `--contains=${ref}`,
      "--format=%(refname)",
      "refs/heads",
      "refs/remotes",
    ]
    const branches = branchNames(git(...contains))
    // A line of maintenance, such as release/1.x, is not merged into others.
    const hot = branches.length === 0 || branches.some((name) => name === main || name.startsWith("hotfix/"))
    const log = ["log", "--no-merges", "--cherry-pick", "--right-only", "--format=%T %h %s", `HEAD...${ref}`]
    const commits = hot ? gitLines(git(...log)) : []
    return commits.length === 0 ? [] : [{ tag, commits }]
  })
  const trees = new Set(lacking.length === 0 ? [] : gitLines(git("log", "--format=%T", "HEAD")))
  return lacking.flatMap(({ tag, commits }) => {
    const [newest = ""] = commits
    if (trees.has(treeOf(newest))) return []
    return [{ tag, commits: commits.map((line) => line.slice(treeOf(line).length + 1)) }]
  })
}

const treeOf = (line: string): string => line.split(" ", 1)[0] ?? ""

/**
 * Refuses the release of a branch or tag that lacks a released hotfix, unless a reason is given: it would take the fix
 * back. Fails with HOTFIX_LACKING.
 */
export function refuseWithoutHotfix(source: string, trigger: Trigger, reason: string | undefined): void {
  const { ref, branches } = trigger
  const ofHotfix = ref.startsWith("refs/heads/hotfix/")
  if (ofHotfix || reason || isAddress(source) || entryFor(trigger) === undefined) return
  const { main } = branches ?? DEFAULTS.branches
  const lacking = lackingHotfixes(source, main, versionOfRef(ref))
  const name = ref.replace(/^refs\/(?:heads|tags)\//, "")
  if (lacking === "unknown")
    say(`! can't tell whether ${name} has every released hotfix: this clone has not all of its history`)
  else if (lacking.length > 0) throw fail("HOTFIX_LACKING", [name, lacking])
}
