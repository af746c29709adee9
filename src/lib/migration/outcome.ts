import type { Job } from "../kube/objects.js"
import { ownMessage } from "../run/outcome.js"
import { oneLine } from "../text/words.js"

/** Exit codes of `slipway_migrate.py` in addition to those of its command. */
export const MIGRATE_EXIT = {
  noDatabase: 69,
  locked: 75,
  misconfigured: 78,
  timedOut: 124,
  noCommand: 127,
  stopped: 143,
} as const

/** Outcome of a migration. */
export interface MigrationOutcome {
  /** `error`: nothing was run, or its result is unknown. */
  status: "passed" | "failed" | "error"
  kind:
    | "migrated"
    /** The database was up to date. */
    | "unchanged"
    | "failed"
    | "timeout"
    | "database"
    | "locked"
    | "no-command"
    | "misconfigured"
    | "stopped"
    | "lost"
  /** One line: what was done, or why it failed, and the current revision. */
  reason: string
  /** The revision before; "none" for a database without one; absent if unknown. */
  before?: string
  after?: string
}

export interface MigrationRun {
  /** Absent if the pod never ran, or is gone. */
  exitCode?: number
  log: string
  /** The Job's status, if it ran as one. */
  job?: Job["status"]
  /** The cluster's diagnosis, if the pod never ran. */
  diagnosis?: string
}

/** Interprets a run of `slipway_migrate.py`. */
export function migrationOutcome(run: MigrationRun): MigrationOutcome {
  const { exitCode, log } = run
  const own = log.split("\n").flatMap((line) => (line.startsWith(PREFIX) ? [line.slice(PREFIX.length)] : []))
  const revision = (when: string) => {
    const value = own
      .find((line) => line.startsWith(`revision ${when}: `))
      ?.slice(`revision ${when}: `.length)
    return value === undefined || value.startsWith("unknown") ? {} : { [when]: value }
  }
  const revisions: Revisions = { ...revision("before"), ...revision("after") }
  if (exitCode === undefined) return { ...lost(run), ...revisions }
  if (exitCode === 0) return { ...succeeded(revisions), ...revisions }
  return { ...failure(exitCode, own, log, revisions), ...revisions }
}

type Revisions = Pick<MigrationOutcome, "before" | "after">
type Verdict = Omit<MigrationOutcome, "before" | "after">

const PREFIX = "slipway: "

function succeeded({ before, after }: Revisions): Verdict {
  if (before === undefined || after === undefined)
    return {
      status: "passed",
      kind: "migrated",
      reason: "migrated; nobody could ask which revision it is at",
    }
  return before === after
    ? { status: "passed", kind: "unchanged", reason: `nothing to do: the database is at ${after}` }
    : { status: "passed", kind: "migrated", reason: `migrated from ${before} to ${after}` }
}

function failure(exitCode: number, own: readonly string[], log: string, revisions: Revisions): Verdict {
  const said = (start: string) => own.find((line) => line.startsWith(start))
  const now = stands(revisions)
  const verdict = (status: Verdict["status"], kind: Verdict["kind"], reason: string): Verdict => ({
    status,
    kind,
    reason: oneLine(reason),
  })
  const { noDatabase, locked, misconfigured, timedOut, noCommand, stopped } = MIGRATE_EXIT
  // A command may use the same exit codes: the program's own log lines decide.
  const unreached = said("the database can't be reached") ?? own.at(-1)
  if (exitCode === noDatabase && unreached && said("the command ended") === undefined)
    return verdict("error", "database", unreached)
  const busy = said("the lock was not got")
  if (exitCode === locked && busy) return verdict("error", "locked", busy)
  const unset = own.find((line) => line.endsWith("is not set") || UNREADABLE.test(line))
  if (exitCode === misconfigured && unset) return verdict("error", "misconfigured", unset)
  const slow = said("the command took longer")
  if (exitCode === timedOut && slow)
    return verdict("failed", "timeout", [slow, said("it waited for"), now].filter(Boolean).join("; "))
  const absent = said("this image has no command") ?? /No module named '?alembic\b.*/.exec(log)?.[0]
  if (absent !== undefined || exitCode === noCommand)
    return verdict("error", "no-command", absent ?? "the image lacks the command (exit code 127)")
  if (exitCode === stopped) return verdict("error", "stopped", `somebody ended it; ${now}`)
  return verdict("failed", "failed", `${lastWords(log) || "it said nothing"} (exit code ${exitCode}); ${now}`)
}

/** What the program says of a URL that no driver could read; it quotes nothing of it. */
const UNREADABLE = /^the variable \S+ can't be parsed: /

/** Describes the database's revision after the run. */
function stands({ before, after }: Revisions): string {
  if (after === undefined) return "nobody could ask which revision the database is at now"
  return before === after
    ? `the database is still at ${after}`
    : `half-way: the database came from ${before ?? "an unknown revision"} and is at ${after} now`
}

/** The command's own last error message. */
function lastWords(log: string): string {
  const lines = log.split("\n").filter((line) => !line.startsWith(PREFIX))
  const message = ownMessage({ exitCode: 1, stdout: "", stderr: lines.join("\n") })
  // The last exception of a chain; SQLAlchemy's contains the driver's.
  const exception = lines.findLast((line) => /^[\w.]+(?:Error|Exception|Violation|Failure)\b.*/.test(line))
  return exception ?? message
}

/** Verdict without an exit code, from the Job and the cluster's diagnosis. */
function lost({ job, diagnosis = "" }: MigrationRun): Verdict {
  const failed = job?.conditions?.find(({ type, status }) => type === "Failed" && status === "True")
  if (failed?.reason === "DeadlineExceeded")
    return {
      status: "failed",
      kind: "timeout",
      reason: oneLine(`the Job was ended at its deadline${diagnosis && `: ${diagnosis}`}`),
    }
  const why = [diagnosis, failed?.message].filter(Boolean).join("; ")
  return {
    status: "error",
    kind: "lost",
    reason: oneLine(why || "the Job's pod is gone, and with it how the migration ended"),
  }
}
