import type { Approval } from "./approval.js"
import type { Chain, LedgerFault } from "./chain.js"
import {
  type DeploymentEvent,
  isRollback,
  type LedgerFailure,
  type Timeline,
  timelineOf,
} from "./timeline.js"

/** Result of verifying a release. */
export interface ReleaseState {
  state: "verified" | "refused" | "unknown" | "not asked"
  reason: string
  /** The gates in its attestation with their statuses; null if unknown. */
  gates: { name: string; status: string }[] | null
}

/** Evidence for a deployment from outside the ledger. */
export interface Evidence {
  commit: string
  approval: Approval
  release: ReleaseState
}

/** A deployment, rollback or manual change with its evidence. */
export interface AuditedDeployment extends Evidence {
  /** The hash of its entry. */
  hash: string
  kind: DeploymentEvent["kind"]
  status: DeploymentEvent["outcome"]
  version: string
  digest: string
  startedAt: string
  finishedAt: string
  run: string
  /** The user who triggered it; empty if unknown. */
  actor: string
  reason: string
  /** For a rollback: the version that it reverted. */
  takesBack: string
  /** For a deployment that was reverted: how, and by which run. */
  takenBack: string
}

/** The content of `audit.json`. */
export interface Audit {
  /** Version of this format. */
  schema: 1
  environment: string
  at: string
  ledger: { entries: number; head: string; noted: number | null; intact: boolean; faults: LedgerFault[] }
  /** Oldest first. */
  deployments: AuditedDeployment[]
}

/** Lists every change to an environment with its evidence. */
export function auditOf(
  chain: Chain,
  environment: string,
  at: Date,
  evidence: (event: DeploymentEvent) => Evidence,
): Audit {
  const { entries, faults, head, noted } = chain
  const timeline = timelineOf(entries, environment, at.getTime())
  return {
    schema: 1,
    environment,
    at: at.toISOString(),
    ledger: { entries: entries.length, head, noted, intact: faults.length === 0, faults },
    deployments: timeline.events.map((event) => ({ ...rowOf(event, timeline), ...evidence(event) })),
  }
}

function rowOf(
  event: DeploymentEvent,
  { events, failures }: Timeline,
): Omit<AuditedDeployment, keyof Evidence> {
  const { kind, outcome: status, version, digest, run, actor, reason, started, finished } = event
  const before = events.slice(0, events.indexOf(event)).filter(({ outcome }) => outcome === "succeeded")
  const own = failures.find((setback) => setback.event === event)
  const back = failures.find(({ by, cause }) => by === run && cause !== "failed")
  return {
    hash: event.hashes.at(-1) ?? "",
    kind,
    status,
    version,
    digest,
    run,
    actor,
    reason,
    startedAt: new Date(started).toISOString(),
    finishedAt: new Date(finished).toISOString(),
    takesBack: isRollback(event, before) ? (back?.event.version ?? "") : "",
    takenBack: own?.restored === undefined ? "" : takenBackText(own, own.restored),
  }
}

const takenBackText = ({ event, cause, by }: LedgerFailure, restored: number): string => {
  const when = new Date(restored).toISOString()
  if (cause !== "failed") return `${cause} by run ${by}, ${when}`
  return by === event.run ? "immediately" : `fixed by run ${by}, ${when}`
}
