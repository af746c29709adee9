import type { NotificationKind } from "../config/notify.js"
import type { LedgerEntry } from "../run/ledger.js"
import { stopped } from "../report/place.js"
import type { StageReport } from "../run/verdict.js"
import type { FailedStage } from "./notification.js"

/** How a deployment ended, as far as people are to be told. */
export interface DeploymentOutcome {
  kind: Extract<NotificationKind, "succeeded" | "failed" | "rolled-back" | "held">
  /** What there is now, and what there was before, as the ledger has it; empty where it has nothing. */
  version: string
  previous: string
  /** What the deployment was of: of one that was undone, what isn't there any more. */
  subject: string
  /** The commits of both. */
  sha: string
  previousSha: string
  milliseconds: number
  failure: FailedStage | undefined
  note: string
}

/** Reads a deployment's stages, and what the ledger holds of it; undefined where nothing was to be deployed. */
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
  // Undone, it is the version before that is there now.
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

/** What is worth a line besides: what was found slow, why it is held, or how it ended. */
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
