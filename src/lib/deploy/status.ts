import { SlipwayError } from "../errors/catalogue.js"
import type { LedgerEntry } from "../run/ledger.js"
import { count } from "../text/words.js"
import { type Context, observe } from "./context.js"
import { isTakenOver } from "./steps.js"
import { type Facts, type Phase, isReadyPod, living, named, recovery, serving } from "./facts.js"
import { liveHolder } from "./lock.js"
import { lockPlace, whileLocked, recordManualChange, recover } from "./run.js"

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
  /** What is wrong with the ledger. */
  damage: string[]
}

const SHOWN = 10

/**
 * Reads a service's status; unless `readOnly`, finishes or undoes an interrupted rollout if nobody holds the lock.
 *
 * Takes some seconds while a run holds it: only its renewal shows that the run is alive.
 */
export async function serviceStatus(context: Context, readOnly: boolean): Promise<ServiceStatus> {
  const { kube, namespace, names, clock } = context
  const before = await observe(context)
  const isFresh = before.deployment === undefined && before.service === undefined
  const { recovered, manual, isBusy } = readOnly || isFresh ? UNCHANGED : await reconciled(context)
  const holder =
    readOnly || isFresh || isBusy
      ? await liveHolder(kube, lockPlace(context), clock).catch(ignoreForbidden)
      : ""
  const { entries, damage } = await context.ledger.read()
  const facts = named(await observe(context), entries)
  return {
    schema: 1,
    environment: context.environment,
    namespace,
    deployment: names.deployment,
    running: runningOf(facts, entries),
    rollout: rolloutText(facts, holder),
    recovered,
    manual,
    ledger: entries.slice(-SHOWN).reverse(),
    damage,
  }
}

const UNCHANGED = { recovered: "", manual: "", isBusy: false }

/** Finishes or undoes an interrupted rollout, unless another run has the lock. */
async function reconciled(context: Context): Promise<typeof UNCHANGED> {
  try {
    const unhurried = { ...context, settings: { ...context.settings, lockTimeout: 0 } }
    return await whileLocked(unhurried, async (held) => {
      const recovered = await recover(held)
      const entry = await recordManualChange(held, await observe(held))
      return { recovered, manual: entry === undefined ? "" : manualText(entry), isBusy: false }
    })
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    if (error.code === "DEPLOY_LOCKED" || isTakenOver(error)) return { ...UNCHANGED, isBusy: true }
    // A read-only account still gets the status.
    if (error.code === "KUBE_FORBIDDEN") return UNCHANGED
    throw error
  }
}

/** An account that may not read the lock may not take it either. */
function ignoreForbidden(error: unknown): string {
  if (error instanceof SlipwayError && error.code === "KUBE_FORBIDDEN") return ""
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
  const { environment, namespace, deployment, running, rollout, recovered, manual, ledger, damage } = status
  const lines = [
    `${deployment} in ${environment} (namespace ${namespace})`,
    ...(running.length === 0 ? ["nothing runs"] : running.map(runningText)),
    ...(rollout === "" ? [] : [`in progress: ${rollout}`]),
    ...(recovered === "" ? [] : [`reconciled: ${recovered}`]),
    ...(manual === "" ? [] : [`noticed: ${manual}`]),
    ...damage.map((fault) => `the ledger is DAMAGED: ${fault}`),
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
