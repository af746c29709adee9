import type { LedgerEntry } from "../run/ledger.js"

/** A deployment, rollback or manual change of an environment, from its start until it was decided. */
export interface DeploymentEvent {
  kind: "deploy" | "rollback" | "manual"
  outcome: "succeeded" | "failed" | "pending"
  /** Hashes of its ledger entries: one that was on hold or interrupted has several. */
  hashes: readonly string[]
  run: string
  version: string
  digest: string
  /** The digest deployed before, by the ledger entry. */
  previousDigest: string
  previousCommit: string
  sha: string
  /** Milliseconds since 1970. */
  started: number
  finished: number
  /** For a failed one: how the previous version came back. */
  recovery: "not needed" | "rolled back" | "pending"
  actor: string
  reason: string
}

/** A failure recorded in the ledger: cause, start and recovery. */
export interface LedgerFailure {
  event: DeploymentEvent
  cause: "failed" | "rolled back" | "undone by hand"
  started: number
  /** Undefined until the service is restored. */
  restored: number | undefined
  /** The run that restored it. */
  by: string
}

/** The events of an environment in ledger order. */
export interface Timeline {
  events: readonly DeploymentEvent[]
  failures: readonly LedgerFailure[]
}

/** Deployment steps that change no pod and no traffic. */
const STEPS_BEFORE_PODS: readonly string[] = ["prepare", "migrate"]

/** Builds the timeline of an environment from entries up to a time in milliseconds since 1970. */
export function timelineOf(entries: readonly LedgerEntry[], environment: string, until: number): Timeline {
  const own = entries.filter((entry) => entry.environment === environment && entry.kind !== "apply")
  const events = own
    .filter(({ finishedAt }) => Date.parse(finishedAt) <= until)
    .reduce<DeploymentEvent[]>(withEntry, [])
  return { events, failures: ledgerFailures(events) }
}

/** Joins the entries of a deployment that was on hold or interrupted and later decided, by its run id. */
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
  const rolledBack = facts["rolledBackTo"] !== undefined || fact("interrupted") !== ""
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
    recovery: rolledBack ? "rolled back" : untouched ? "not needed" : "pending",
  }
}

/** Finds failed deployments, and those that a rollback or manual change reverted. */
function ledgerFailures(events: readonly DeploymentEvent[]): LedgerFailure[] {
  const found: LedgerFailure[] = []
  const good: DeploymentEvent[] = []
  events.forEach((event, index) => {
    if (event.outcome === "failed" && event.kind === "deploy" && event.recovery !== "not needed")
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
    event.recovery === "rolled back" ? event : later.find(({ outcome }) => outcome === "succeeded")
  const { started } = event
  return { event, cause: "failed", started, restored: restoring?.finished, by: restoring?.run ?? "" }
}

/** True for a rollback, and for a manual change to an image that was deployed before. */
export function isRollback({ kind, digest }: DeploymentEvent, before: readonly DeploymentEvent[]): boolean {
  if (kind !== "manual") return kind === "rollback"
  return before.some((event) => event.digest === digest && event.kind === "deploy")
}

/** The deployment that an event replaced: by the entry's previous digest, else the last one. */
function replacedDeployment(
  { digest, previousDigest }: DeploymentEvent,
  good: readonly DeploymentEvent[],
): DeploymentEvent | undefined {
  const last = good.at(-1)
  const current = previousDigest || last?.digest
  if (current === digest) return undefined
  return good.findLast((event) => event.kind === "deploy" && event.digest === current)
}
