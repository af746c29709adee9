import type { NotificationKind } from "../config/notify.js"
import type { LedgerEntry } from "../run/ledger.js"
import { stopped } from "../run/command.js"
import type { StageReport } from "../run/verdict.js"
import type { FailedStage } from "./notification.js"

/** Result of a deployment for its notification. */
export interface DeploymentOutcome {
  kind: Extract<NotificationKind, "succeeded" | "failed" | "rolled-back" | "held">
  /** The current and the previous version by the ledger; empty if it has none. */
  version: string
  previous: string
  /** The version that was deployed, even if it was rolled back. */
  subject: string
  /** The commits of the current and the previous version. */
  sha: string
  previousSha: string
  milliseconds: number
  failure: FailedStage | undefined
  note: string
}

/** Derives the result from a deployment's stages and ledger entry; undefined if nothing was to be deployed. */
export function deploymentOutcome(
  stages: readonly StageReport[],
  entry: Entry | undefined,
): DeploymentOutcome | undefined {
  if (stages.every(({ status }) => status === "skipped")) return undefined
  const facts = stages[0]?.facts ?? {}
  const failed = stages.find(stopped)
  const kind = kindOf(failed !== undefined, facts["outcome"] === "held", entry)
  return {
    ...versionsOf(entry),
    kind,
    milliseconds: stages.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    failure: failed === undefined || kind === "held" ? undefined : failureOf(failed),
    note: noteOf(kind, stages, facts),
  }
}

type Entry = Pick<LedgerEntry, "kind" | "sha" | "facts">

function versionsOf(
  entry: Entry | undefined,
): Pick<DeploymentOutcome, "version" | "previous" | "subject" | "sha" | "previousSha"> {
  const { version = "", previous = "", previousCommit = "", rolledBackTo = "" } = entry?.facts ?? {}
  const sha = entry?.sha ?? ""
  // After a rollback the previous version is the current one.
  return rolledBackTo === ""
    ? { version, previous, subject: version, sha, previousSha: previousCommit }
    : { version: rolledBackTo, previous: version, subject: version, sha: previousCommit, previousSha: sha }
}

function kindOf(failed: boolean, held: boolean, entry: Entry | undefined): DeploymentOutcome["kind"] {
  if (held) return "held"
  if (failed) return (entry?.facts["rolledBackTo"] ?? "") === "" ? "failed" : "rolled-back"
  return entry?.kind === "rollback" ? "rolled-back" : "succeeded"
}

const failureOf = ({ name, reason, repro }: StageReport): FailedStage => ({ stage: name, reason, repro })

/** Note: an alert, the reason for the hold, or the last stage's reason. */
function noteOf(
  kind: DeploymentOutcome["kind"],
  stages: readonly StageReport[],
  facts: Readonly<Record<string, string>>,
): string {
  const alert = facts["ALERT"]
  const held = kind === "held" ? stages.find(stopped)?.reason : undefined
  const last = stages.filter(({ status }) => status === "passed").at(-1)?.reason
  const ended = kind === "succeeded" || kind === "rolled-back" ? last : undefined
  return [held ?? (stages.some(stopped) ? undefined : ended), alert && `ALERT: ${alert}`]
    .filter((part) => part !== undefined && part !== "")
    .join("\n")
}
