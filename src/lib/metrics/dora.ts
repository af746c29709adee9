import type { LedgerEntry } from "../run/ledger.js"
import { count } from "../text/words.js"
import { type Band, failureBand, frequencyBand, leadTimeBand, restoreBand } from "./bands.js"
import { deployedChanges, type DeployedChanges } from "./deployedChanges.js"
import { type ChangeFailure, changeFailures } from "./failures.js"
import type { History } from "./history.js"
import type { Incident } from "./incidents.js"
import { type Distribution, distributionOf } from "./numbers.js"
import { type DeploymentEvent, timelineOf } from "./timeline.js"

/** Input of the DORA metrics. */
export interface DoraInputs {
  entries: readonly LedgerEntry[]
  /** Undefined without a git history. */
  history: History | undefined
  incidents: readonly Incident[]
  environment: string
  /** Length of the window up to `now`, in days. */
  days: number
  now: Date
}

/** A deployment in the window. */
export interface DoraDeployment {
  hash: string
  run: string
  version: string
  digest: string
  commit: string
  status: DeploymentEvent["outcome"]
  startedAt: string
  finishedAt: string
  /** Number of changes it delivered; null if unknown, with the reason in `unknown`. */
  changes: number | null
  unknown: string
  /** Causes of its failures; empty for none. */
  failure: string
}

/** A change delivered in the window. */
export interface DoraChange {
  commit: string
  subject: string
  writtenAt: string
  /** The hash of the ledger entry of the deployment that delivered it. */
  deployment: string
  seconds: number
}

/** A failure that began in the window. */
export interface DoraFailure {
  deployment: string
  version: string
  cause: ChangeFailure["cause"]
  incidents: readonly string[]
  startedAt: string
  restoredAt: string | null
  seconds: number | null
  /** The run or incident that ended it. */
  by: string
}

/** The content of `dora.json`. Times are UTC, durations seconds; null means no data. */
export interface DoraReport {
  /** Version of this format. */
  schema: 1
  environment: string
  days: number
  from: string
  to: string
  deploymentFrequency: {
    deployments: number
    perDay: number | null
    perWeek: number | null
    daysWithDeployment: number
    band: Band | null
  }
  leadTimeForChanges: DurationMetric & { unknown: string }
  timeToRestore: DurationMetric & { open: number }
  changeFailureRate: RateMetric & { band: Band | null }
  deploymentSuccessRate: RateMetric
  rollbacks: { succeeded: number; failed: number; byHand: number }
  deployments: DoraDeployment[]
  changes: DoraChange[]
  failures: DoraFailure[]
  /** Caveats on the metrics. */
  notes: string[]
}

interface DurationMetric {
  spread: Distribution | null
  band: Band | null
}

interface RateMetric {
  count: number
  of: number
  rate: number | null
}

const DAY = 86_400_000

/** Computes the DORA metrics of one environment; docs/metrics.md defines them. */
export function doraReport(inputs: DoraInputs): DoraReport {
  const { environment, days, now } = inputs
  const to = now.getTime()
  const from = to - days * DAY
  const within = (time: number) => time > from && time <= to
  const timeline = timelineOf(inputs.entries, environment, to)
  const incidents = inputs.incidents.filter((incident) => !isElsewhere(incident, inputs))
  const { failures, notes } = changeFailures(timeline, incidents, environment, to)
  const delivered = deployedChanges(timeline.events, inputs.history)
  const deployments = timeline.events.filter(({ kind, finished }) => kind === "deploy" && within(finished))
  const brought = deployments.flatMap((event) => delivered.get(event) ?? [])
  const began = failures.filter(({ started }) => within(started))
  return {
    schema: 1,
    environment,
    days,
    from: iso(from),
    to: iso(to),
    ...ratesOf(deployments, failures, days),
    leadTimeForChanges: leadTime(deployments, brought, inputs.history),
    timeToRestore: {
      ...durationMetric(began.flatMap(restoredIn), restoreBand),
      open: began.filter(({ restored }) => restored === undefined).length,
    },
    rollbacks: rollbacksOf(
      timeline.events.filter(({ finished }) => within(finished)),
      failures,
    ),
    deployments: deployments.map((event) => deploymentOf(event, delivered.get(event), failures)),
    changes: brought.flatMap(changesOf),
    failures: began.map(failureOf),
    notes: [...windowNotes(timeline.events, deployments, from), ...deliveryNotes(brought), ...notes],
  }
}

/** True if an incident belongs to another environment, by its own `environment` or by its ledger entry. */
const isElsewhere = ({ deployment, environment: named }: Incident, { entries, environment }: DoraInputs) =>
  deployment === ""
    ? named !== environment
    : entries.some((entry) => entry.environment !== environment && entry.hash.startsWith(deployment))

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** Rates of the decided deployments; those on hold count in none. */
function ratesOf(deployments: readonly DeploymentEvent[], failures: readonly ChangeFailure[], days: number) {
  const decided = deployments.filter(({ outcome }) => outcome !== "pending")
  const good = decided.filter(({ outcome }) => outcome === "succeeded")
  const bad = decided.filter((event) => isFailure(event, failures))
  const rate = rateOf(bad.length, decided.length)
  const perDay = good.length / days
  return {
    deploymentFrequency: {
      deployments: good.length,
      perDay: good.length === 0 ? null : perDay,
      perWeek: good.length === 0 ? null : perDay * 7,
      daysWithDeployment: new Set(good.map(({ finished }) => iso(finished).slice(0, 10))).size,
      band: good.length === 0 ? null : frequencyBand(perDay),
    },
    changeFailureRate: { ...rate, band: rate.rate === null ? null : failureBand(rate.rate) },
    deploymentSuccessRate: rateOf(good.length, decided.length),
  }
}

const rateOf = (part: number, of: number): RateMetric => ({
  count: part,
  of,
  rate: of === 0 ? null : part / of,
})

const isFailure = (event: DeploymentEvent, failures: readonly ChangeFailure[]): boolean =>
  event.outcome === "failed" || failures.some((failure) => failure.event === event)

function durationMetric(seconds: readonly number[], band: (median: number) => Band): DurationMetric {
  const spread = distributionOf(seconds)
  return { spread, band: spread === null ? null : band(spread.median) }
}

function leadTime(
  deployments: readonly DeploymentEvent[],
  brought: readonly DeployedChanges[],
  history: History | undefined,
): DoraReport["leadTimeForChanges"] {
  const seconds = brought.flatMap(changesOf).map((change) => change.seconds)
  const good = deployments.filter(({ outcome }) => outcome === "succeeded")
  const known = brought.filter(({ unknown: reason }) => reason === "")
  const unknown =
    good.length === 0
      ? "no deployment succeeded"
      : seconds.length > 0
        ? ""
        : history === undefined
          ? "no history was given"
          : known.length === 0
            ? (brought[0]?.unknown ?? "")
            : known.some(({ undated }) => undated > 0)
              ? "all deployed commits are dated after their deployment, or not at all"
              : "no deployment delivered a change"
  return { ...durationMetric(seconds, leadTimeBand), unknown }
}

const restoredIn = ({ started, restored }: ChangeFailure): number[] =>
  restored === undefined ? [] : [(restored - started) / 1000]

const rollbacksOf = (
  events: readonly DeploymentEvent[],
  failures: readonly ChangeFailure[],
): DoraReport["rollbacks"] => {
  const rollbacks = events.filter(({ kind }) => kind === "rollback")
  const byHand = events.filter(
    ({ kind, run }) =>
      kind === "manual" && failures.some(({ by, cause }) => by === run && cause === "undone by hand"),
  )
  return {
    succeeded: rollbacks.filter(({ outcome }) => outcome === "succeeded").length,
    failed: rollbacks.filter(({ outcome }) => outcome === "failed").length,
    byHand: byHand.length,
  }
}

function deploymentOf(
  event: DeploymentEvent,
  delivery: DeployedChanges | undefined,
  failures: readonly ChangeFailure[],
): DoraDeployment {
  const { run, version, digest, sha, outcome, started, finished } = event
  const unknown = outcome === "succeeded" ? (delivery?.unknown ?? "") : "it did not succeed"
  return {
    hash: event.hashes.at(-1) ?? "",
    run,
    version,
    digest,
    commit: delivery?.commit ?? sha,
    status: outcome,
    startedAt: iso(started),
    finishedAt: iso(finished),
    changes: unknown === "" ? (delivery?.changes.length ?? 0) : null,
    unknown,
    failure: failureText(event, failures),
  }
}

function failureText(event: DeploymentEvent, failures: readonly ChangeFailure[]): string {
  const own = failures.filter((failure) => failure.event === event)
  const causes = own.map(({ cause, incidents }) => [cause, ...incidents].join(" "))
  return causes.length === 0 && event.outcome === "failed" ? "failed" : causes.join("; ")
}

const changesOf = ({ event, changes }: DeployedChanges): DoraChange[] =>
  changes.map(({ sha, subject, authored }) => ({
    commit: sha,
    subject,
    writtenAt: iso(authored),
    deployment: event.hashes.at(-1) ?? "",
    seconds: (event.finished - authored) / 1000,
  }))

const failureOf = ({ event, cause, incidents, started, restored, by }: ChangeFailure): DoraFailure => ({
  deployment: event.hashes.at(-1) ?? "",
  version: event.version,
  cause,
  incidents,
  by,
  startedAt: iso(started),
  restoredAt: restored === undefined ? null : iso(restored),
  seconds: restored === undefined ? null : (restored - started) / 1000,
})

function windowNotes(
  events: readonly DeploymentEvent[],
  deployments: readonly DeploymentEvent[],
  from: number,
): string[] {
  const [first] = events
  const waiting = deployments.filter(({ outcome }) => outcome === "pending")
  return [
    ...(first !== undefined && first.started > from
      ? [
          `the ledger begins within the window, at ${iso(first.started)}; rates are computed over the whole window`,
        ]
      : []),
    ...waiting.map(({ version }) => `${version} is on hold and counts neither as succeeded nor as failed`),
  ]
}

/** Notes on changes that can't be counted, grouped by reason. */
function deliveryNotes(brought: readonly DeployedChanges[]): string[] {
  const reasons = [...new Set(brought.map(({ unknown }) => unknown).filter(Boolean))]
  const undated = brought.reduce((sum, delivery) => sum + delivery.undated, 0)
  const versionsOf = (reason: string) =>
    brought.flatMap(({ event, unknown }) => (unknown === reason ? [event.version] : [])).join(", ")
  return [
    ...reasons.map((reason) => `changes of ${versionsOf(reason)} not counted: ${reason}`),
    ...(undated > 0
      ? [`not counted: ${count(undated, "commit")} without a date, or dated after their deployment`]
      : []),
  ]
}
