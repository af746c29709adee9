import { type History, newlyReachable } from "./history.js"

/** Whether a hotfix has come back to the branches that go on. */
export interface MergedBack {
  /** `hotfix/…`. */
  branch: string
  commit: string
  /** Each target with how it has the change: merged, taken over commit by commit, or not at all. */
  targets: Record<string, "merged" | "picked" | "missing">
}

/** A branch here or on a remote. */
const BRANCH = /^refs\/(?:heads|remotes\/[^/]+)\/(.+)$/

/** What git, GitHub and GitLab, and Azure DevOps write into a merge. */
const MERGE =
  /^(?:Merge branch '(hotfix\/[^']+)'|Merge pull request #\d+ from [^/\s]+\/(hotfix\/\S+)|Merged PR \d+: .*\b(hotfix\/\S+))/

/**
 * Looks for every hotfix in the branches that must have it: those whose branches are still there, and those that only
 * merges tell of. Says why nothing can be said, where the history isn't whole or a target isn't there.
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

/** A remote's branch goes before one of the same name here, which may be behind. */
function headOf({ refs }: History, name: string): string | undefined {
  const remote = [...refs.keys()].find(
    (ref) => new RegExp(`^refs/remotes/[^/]+/`).test(ref) && BRANCH.exec(ref)?.[1] === name,
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

/** A commit that was taken over, by rebase or cherry-pick, keeps its author, their time and its subject. */
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
  // A squash merge or a pick by hand often adds the number of its pull request.
  return `${author} ${authored} ${subject.replace(/ \(#\d+\)$/, "")}`
}
