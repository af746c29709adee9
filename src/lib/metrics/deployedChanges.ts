import { type HistoryCommit, commitOfTag, type History, newlyReachable } from "./history.js"
import type { DeploymentEvent } from "./timeline.js"

/** What a deployment brought. */
export interface DeployedChanges {
  event: DeploymentEvent
  /** The commit; empty where nobody knows it. */
  commit: string
  changes: readonly HistoryCommit[]
  /** Commits left out because their date is none, or later than the deployment. */
  undated: number
  /** Why its changes aren't known; empty where they are. */
  unknown: string
}

const NO_HISTORY = "no history was given"
const FIRST = "the ledger knows of no deployment before it"

/**
 * What each successful deployment was the first to bring: the commits that can be reached from its own and from none
 * that was deployed with success before. A merge is no change by itself; a squash merge is one.
 */
export function deployedChanges(
  events: readonly DeploymentEvent[],
  history: History | undefined,
): ReadonlyMap<DeploymentEvent, DeployedChanges> {
  const reached = new Set<string>()
  const found = new Map<DeploymentEvent, DeployedChanges>()
  let before: string | undefined // why nothing can be said of what comes next; empty where something can
  for (const event of events.filter(({ outcome }) => outcome === "succeeded")) {
    const commit = history === undefined ? event.sha : commitOfEvent(event, history)
    // Of what was there before the ledger began, its first entry may know the commit.
    if (before === undefined && history?.commits.has(event.previousCommit)) {
      newlyReachable(history, event.previousCommit, reached)
      before = ""
    }
    const unknown = unknownReason(event, commit, history)
    const all = history === undefined || commit === "" ? [] : newlyReachable(history, commit, reached)
    if (event.kind === "deploy") {
      const why = unknown || (before ?? FIRST)
      const changes = why === "" ? all.filter(({ parents }) => parents.length < 2) : []
      const dated = changes.filter(({ authored }) => authored <= event.finished)
      found.set(event, {
        event,
        commit,
        changes: dated,
        undated: changes.length - dated.length,
        unknown: why,
      })
    }
    before = unknown === "" ? "" : `the commit of ${event.version}, which was there before, isn't known`
  }
  return found
}

/** The commit of an event: that of its entry, else that of its version's tag; empty where the history has neither. */
export function commitOfEvent({ sha, version }: DeploymentEvent, history: History): string {
  if (history.commits.has(sha)) return sha
  return (sha === "" ? commitOfTag(history, version) : undefined) ?? ""
}

function unknownReason(
  { sha, version }: DeploymentEvent,
  commit: string,
  history: History | undefined,
): string {
  if (history === undefined) return NO_HISTORY
  if (history.incomplete !== "") return history.incomplete
  if (commit !== "" && history.commits.has(commit)) return ""
  return sha === ""
    ? `the ledger names no commit, and no tag is ${JSON.stringify(version)}`
    : `the history has no commit ${sha.slice(0, 12)}`
}
