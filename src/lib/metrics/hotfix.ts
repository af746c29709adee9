import { type History, newlyReachable } from "./history.js"

/** Merge state of a hotfix in the long-lived branches. */
export interface MergedBack {
  /** `hotfix/…`. */
  branch: string
  commit: string
  /** For each target branch: merged, picked commit by commit, or missing. */
  targets: Record<string, "merged" | "picked" | "missing">
}

/** A local or remote branch. */
const BRANCH = /^refs\/(?:heads|remotes\/[^/]+)\/(.+)$/

/** Merge messages of git, GitHub, GitLab and Azure DevOps. */
const MERGE =
  /^(?:Merge branch '(hotfix\/[^']+)'|Merge pull request #\d+ from [^/\s]+\/(hotfix\/\S+)|Merged PR \d+: .*\b(hotfix\/\S+))/

/**
 * Checks that every hotfix was merged back to the target branches.
 *
 * Finds hotfixes by their branches and by merge commits of deleted ones. Returns the reason if the history is incomplete
 * or lacks a target.
 */
export function mergedBack(history: History, targets: readonly string[]): MergedBack[] | string {
  if (history.incomplete !== "") return history.incomplete
  const heads = new Map<string, string>()
  for (const target of targets) {
    const head = headOf(history, target)
    if (head === undefined) return `the history has no branch ${target}`
    heads.set(target, head)
  }
  const reached = new Map([...heads].map(([target, head]) => [target, reachableFrom(history, head)]))
  return [...hotfixes(history)].map(([branch, commit]) => ({
    branch,
    commit,
    targets: Object.fromEntries([...reached].map(([target, has]) => [target, stateOf(history, commit, has)])),
  }))
}

/** Prefers the remote branch, since the local one may be behind. */
function headOf({ refs }: History, name: string): string | undefined {
  const remote = [...refs.keys()].find(
    (ref) => ref.startsWith("refs/remotes/") && BRANCH.exec(ref)?.[1] === name,
  )
  return refs.get(remote ?? `refs/heads/${name}`)
}

function reachableFrom(history: History, head: string): Set<string> {
  const reached = new Set<string>()
  newlyReachable(history, head, reached)
  return reached
}

function hotfixes({ refs, commits }: History): Map<string, string> {
  const found = new Map<string, string>()
  for (const { subject, parents } of commits.values()) {
    const name = MERGE.exec(subject)?.slice(1).find(Boolean)
    const merged = parents[1]
    if (name !== undefined && merged !== undefined && !found.has(name)) found.set(name, merged)
  }
  for (const [ref, commit] of refs) {
    const name = BRANCH.exec(ref)?.[1]
    if (name?.startsWith("hotfix/")) found.set(name, commit)
  }
  return found
}

/** A commit that was rebased or cherry-picked keeps author, author date and subject. */
function stateOf(
  history: History,
  commit: string,
  has: ReadonlySet<string>,
): "merged" | "picked" | "missing" {
  if (has.has(commit)) return "merged"
  const own = newlyReachable(history, commit, new Set(has)).filter(({ parents }) => parents.length < 2)
  const known = new Set([...has].map((sha) => changeIdentity(history, sha)))
  return own.every(({ sha }) => known.has(changeIdentity(history, sha))) ? "picked" : "missing"
}

function changeIdentity({ commits }: History, sha: string): string {
  const { author, authored, subject = "" } = commits.get(sha) ?? {}
  // A squash merge or cherry-pick often adds the number of its pull request.
  return `${author} ${authored} ${subject.replace(/ \(#\d+\)$/, "")}`
}
