import { type HistoryCommit, commitOfTag, type History, newlyReachable } from "./history.js"
import type { DeploymentEvent } from "./timeline.js"

/** The commits that a deployment delivered. */
export interface DeployedChanges {
  event: DeploymentEvent
  /** The deployed commit; empty if unknown. */
  commit: string
  changes: readonly HistoryCommit[]
  /** Commits left out because their date is invalid or after the deployment. */
  undated: number
  /** Why its changes are unknown; empty if they are known. */
  unknown: string
}

const NO_HISTORY = "no history was given"
const FIRST = "the ledger has no earlier deployment"

/**
 * The commits that each successful deployment was the first to deliver.
 *
 * They are reachable from its commit and from none that was deployed successfully before. A merge commit is not a change;
 * a squash merge is.
 */
export function deployedChanges(
  events: readonly DeploymentEvent[],
  history: History | undefined,
): ReadonlyMap<DeploymentEvent, DeployedChanges> {
  const reached = new Set<string>()
  const found = new Map<DeploymentEvent, DeployedChanges>()
  let before: string | undefined // why the next deployment's changes are unknown; empty if they are known
  for (const event of events.filter(({ outcome }) => outcome === "succeeded")) {
    const commit = history === undefined ? event.sha : commitOfEvent(event, history)
    // The first entry may name the commit that was deployed before the ledger began.
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
    before = unknown === "" ? "" : `the commit of the previous version ${event.version} is unknown`
  }
  return found
}

/** The commit of an event by its ledger entry, else by the tag of its version; empty if the history has neither. */
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
    ? `the ledger names no commit, and there is no tag ${JSON.stringify(version)}`
    : `the history has no commit ${sha.slice(0, 12)}`
}
