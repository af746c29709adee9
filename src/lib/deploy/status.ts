import { LEASE, type Lease } from "../kube/objects.js"
import { SlipwayError } from "../errors/catalogue.js"
import type { LedgerEntry } from "../run/ledger.js"
import { count } from "../text/words.js"
import { type Context, observe } from "./context.js"
import { type Facts, type Phase, isReadyPod, living, recovery, serving } from "./facts.js"
import { isHeld, LEASE_SECONDS } from "./lock.js"
import { whileLocked, recordManualChange, recover } from "./run.js"

/** A version that has pods. */
export interface Running {
  version: string
  digest: string
  commit: string
  image: string
  revision: number
  pods: number
  ready: number
  traffic: boolean
  /** The run that deployed it, and its end, by the ledger. */
  run: string
  since: string
}

/** The status of a service in an environment. */
export interface ServiceStatus {
  schema: 1
  environment: string
  namespace: string
  deployment: string
  running: Running[]
  /** The rollout in progress, in words; empty for none. */
  rollout: string
  /** The reconciliation by this call; empty for none. */
  recovered: string
  /** A change that wasn't made by Slipway; empty for none. */
  manual: string
  /** The newest first. */
  ledger: LedgerEntry[]
}

const SHOWN = 10

/** Reads a service's status; unless `readOnly`, finishes or undoes an interrupted rollout if nobody holds the lock. */
export async function serviceStatus(context: Context, readOnly: boolean): Promise<ServiceStatus> {
  const { kube, namespace, names, clock } = context
  let facts = await observe(context)
  const lease = await kube.get<Lease>(LEASE, `slipway-${names.deployment}`, namespace).catch(ignoreForbidden)
  const busy = lease !== undefined && isHeld(lease, clock.now())
  let [recovered, manual] = ["", ""]
  if (!readOnly && !busy && facts.deployment !== undefined) {
    const done = await whileLocked(
      { ...context, settings: { ...context.settings, lockTimeout: LEASE_SECONDS + 5 } },
      async (held) => {
        const text = await recover(held)
        const entry = await recordManualChange(held, await observe(held))
        return { text, entry }
      },
    ).catch(unchangedIfForbidden)
    recovered = done.text
    manual = done.entry === undefined ? "" : manualText(done.entry)
    facts = await observe(context)
  }
  const entries = await context.ledger.entries()
  return {
    schema: 1,
    environment: context.environment,
    namespace,
    deployment: names.deployment,
    running: runningOf(facts, entries),
    rollout: rolloutText(facts, busy ? (lease.spec.holderIdentity ?? "") : ""),
    recovered,
    manual,
    ledger: entries.slice(-SHOWN).reverse(),
  }
}

/** An account that may not read the lock may not take it either. */
function ignoreForbidden(error: unknown): undefined {
  if (error instanceof SlipwayError && error.code === "KUBE_FORBIDDEN") return undefined
  throw error
}

/** A read-only account still gets the status; if another run has the lock, recovery is left to it. */
function unchangedIfForbidden(error: unknown): { text: string; entry: undefined } {
  const expected = error instanceof SlipwayError && ["KUBE_FORBIDDEN", "DEPLOY_LOCKED"].includes(error.code)
  if (expected) return { text: "", entry: undefined }
  throw error
}

const manualText = ({ facts }: LedgerEntry): string =>
  `${facts["instead"] ?? "the deployed version"} was replaced by ${facts["version"] ?? "another version"} without Slipway`

function runningOf(facts: Facts, entries: readonly LedgerEntry[]): Running[] {
  const main = serving(facts)
  return facts.revisions
    .map((revision) => ({ revision, pods: living(revision) }))
    .filter(({ pods }) => pods.length > 0)
    .map(({ revision, pods }) => {
      const entry = entries.findLast(
        ({ facts: known, status }) => known["digest"] === revision.digest && status !== "failed",
      )
      return {
        version: revision.version,
        digest: revision.digest,
        commit: revision.commit,
        image: revision.image,
        revision: revision.number,
        pods: pods.length,
        ready: pods.filter(isReadyPod).length,
        traffic: revision.hash === main?.hash || facts.pinned === undefined,
        run: entry?.run ?? "",
        since: entry?.finishedAt ?? "",
      }
    })
}

function rolloutText(facts: Facts, holder: string): string {
  const { rollout } = facts
  if (rollout === undefined) return holder === "" ? "" : `run ${holder} has started`
  const text = `${rollout.kind} of ${rollout.version} by run ${rollout.run}, since ${rollout.startedAt}: ${phaseText(rollout.phase)}`
  if (rollout.phase === "held")
    return `${text}; \`slipway finish\` accepts it, \`slipway rollback\` undoes it`
  if (holder !== "") return text
  return `${text}; interrupted, and \`slipway status\` would ${recovery(facts) === "finish" ? "finish" : "undo"} it`
}

const phaseText = (phase: Phase): string => (phase === "held" ? "on hold" : phase)

/** Formats a status for people. */
export function statusText(status: ServiceStatus): string {
  const { environment, namespace, deployment, running, rollout, recovered, manual, ledger } = status
  const lines = [
    `${deployment} in ${environment} (namespace ${namespace})`,
    ...(running.length === 0 ? ["nothing runs"] : running.map(runningText)),
    ...(rollout === "" ? [] : [`in progress: ${rollout}`]),
    ...(recovered === "" ? [] : [`reconciled: ${recovered}`]),
    ...(manual === "" ? [] : [`noticed: ${manual}`]),
    ...(ledger.length === 0 ? [] : ["", "ledger, the newest first:"]),
    ...ledger.map(entryText),
  ]
  return `${lines.join("\n")}\n`
}

const runningText = ({ version, digest, pods, ready, traffic, run, since }: Running): string =>
  `${traffic ? "→" : " "} ${version} ${digest.slice(0, 19)} ${ready} of ${count(pods, "pod")} ready${traffic ? ", has the traffic" : ""}${since === "" ? "" : `, since ${since} by run ${run}`}`

/** Formats an entry of the ledger for people, in one line. */
export function entryText({ kind, status, finishedAt, run, facts }: LedgerEntry): string {
  const reason = facts["reason"] === undefined ? "" : `: ${facts["reason"]}`
  return `  ${finishedAt} ${kind} ${facts["version"] ?? facts["changes"] ?? ""} ${status} (run ${run})${reason}`
}
