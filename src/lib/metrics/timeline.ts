import type { LedgerEntry } from "../run/ledger.js"

/** Something that was done to an environment, from its beginning to where it was settled. */
export interface DeploymentEvent {
  kind: "deploy" | "rollback" | "manual"
  outcome: "succeeded" | "failed" | "pending"
  /** The entries that tell of it, by their hashes: one that was held or interrupted has several. */
  hashes: readonly string[]
  run: string
  version: string
  digest: string
  /** What was there before, as the entry says. */
  previousDigest: string
  previousCommit: string
  sha: string
  /** Milliseconds since 1970. */
  started: number
  finished: number
  /** Of a failed one: whether the service is as it was before, and since when it is. */
  recovery: "never touched" | "taken back" | "not yet"
  actor: string
  reason: string
}

/** How a deployment went wrong after all, and when the service was well again. */
export interface LedgerFailure {
  event: DeploymentEvent
  cause: "failed" | "rolled back" | "undone by hand"
  started: number
  /** Undefined as long as it isn't. */
  restored: number | undefined
  /** The run that restored it. */
  by: string
}

/** What happened in an environment, in the order of its ledger. */
export interface Timeline {
  events: readonly DeploymentEvent[]
  failures: readonly LedgerFailure[]
}

/** Steps of a deployment that change no pod and no traffic. */
const STEPS_BEFORE_PODS: readonly string[] = ["prepare", "migrate"]

/** Reads the entries of an environment, up to a moment in milliseconds since 1970: what came later isn't known then. */
export function timelineOf(entries: readonly LedgerEntry[], environment: string, until: number): Timeline {
  const own = entries.filter((entry) => entry.environment === environment && entry.kind !== "apply")
  const events = own
    .filter(({ finishedAt }) => Date.parse(finishedAt) <= until)
    .reduce<DeploymentEvent[]>(withEntry, [])
  return { events, failures: ledgerFailures(events) }
}

/** A deployment that was held or interrupted has a second entry when it is settled, by the run's name. */
function withEntry(events: DeploymentEvent[], entry: LedgerEntry): DeploymentEvent[] {
  const event = eventOf(entry)
  const settles = entry.facts["interrupted"] === undefined ? undefined : settledRun(entry.run)
  const index = events.findLastIndex(({ run, kind }) => run === settles && kind === event.kind)
  const before = events[index]
  if (before === undefined) return [...events, event]
  const { hashes, run, started, sha, actor } = before
  const settled = { ...event, hashes: [...hashes, ...event.hashes], run, started }
  return events.with(index, { ...settled, sha: event.sha || sha, actor: event.actor || actor })
}

const settledRun = (run: string): string => run.replace(/-(?:finish|undo)$/, "")

function eventOf(entry: LedgerEntry): DeploymentEvent {
  const { kind, status, hash, run, sha, facts, startedAt, finishedAt } = entry
  const fact = (name: string) => facts[name] ?? ""
  const takenBack = facts["rolledBackTo"] !== undefined || fact("interrupted") !== ""
  const untouched = STEPS_BEFORE_PODS.includes(fact("failed"))
  return {
    kind: kind === "apply" ? "deploy" : kind,
    outcome: status === "held" ? "pending" : status,
    hashes: [hash],
    run,
    sha,
    version: fact("version"),
    digest: fact("digest"),
    previousDigest: fact("previousDigest"),
    previousCommit: fact("previousCommit"),
    actor: fact("actor"),
    reason: fact("reason"),
    started: Date.parse(startedAt),
    finished: Date.parse(finishedAt),
    recovery: takenBack ? "taken back" : untouched ? "never touched" : "not yet",
  }
}

/** Finds what failed, and what was there until a rollback or somebody's hand went back from it. */
function ledgerFailures(events: readonly DeploymentEvent[]): LedgerFailure[] {
  const found: LedgerFailure[] = []
  const good: DeploymentEvent[] = []
  events.forEach((event, index) => {
    if (event.outcome === "failed" && event.kind === "deploy" && event.recovery !== "never touched")
      found.push(deployFailure(event, events.slice(index + 1)))
    if (event.outcome !== "succeeded") return
    const left = isRollback(event, good) ? replacedDeployment(event, good) : undefined
    if (left !== undefined && !found.some((setback) => setback.event === left))
      found.push({
        event: left,
        started: left.started,
        restored: event.finished,
        by: event.run,
        cause: event.kind === "manual" ? "undone by hand" : "rolled back",
      })
    good.push(event)
  })
  return found
}

function deployFailure(event: DeploymentEvent, later: readonly DeploymentEvent[]): LedgerFailure {
  const restoring =
    event.recovery === "taken back" ? event : later.find(({ outcome }) => outcome === "succeeded")
  const { started } = event
  return { event, cause: "failed", started, restored: restoring?.finished, by: restoring?.run ?? "" }
}

/** What somebody put there by hand goes back where it had been deployed before; else it is a version of its own. */
export function isRollback({ kind, digest }: DeploymentEvent, before: readonly DeploymentEvent[]): boolean {
  if (kind !== "manual") return kind === "rollback"
  return before.some((event) => event.digest === digest && event.kind === "deploy")
}

/** The deployment that was there until then: by what the entry says was there, else by what came last. */
function replacedDeployment(
  { digest, previousDigest }: DeploymentEvent,
  good: readonly DeploymentEvent[],
): DeploymentEvent | undefined {
  const last = good.at(-1)
  const current = previousDigest || last?.digest
  if (current === digest) return undefined
  return good.findLast((event) => event.kind === "deploy" && event.digest === current)
}
