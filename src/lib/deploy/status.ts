import { LEASE, type Lease } from "../kube/objects.js"
import { SlipwayError } from "../errors/catalogue.js"
import type { LedgerEntry } from "../run/ledger.js"
import { count } from "../text/words.js"
import { type Context, observe } from "./context.js"
import { type Facts, isReady, living, recovery, serving } from "./facts.js"
import { isHeld, LEASE_SECONDS } from "./lock.js"
import { locked, noticeManual, recover } from "./run.js"

/** A version with pods. */
export interface Running {
  version: string
  digest: string
  commit: string
  image: string
  revision: number
  pods: number
  ready: number
  traffic: boolean
  /** By which run, and since when, as the ledger has it. */
  run: string
  since: string
}

/** How a service stands in an environment. */
export interface Status {
  schema: 1
  environment: string
  namespace: string
  deployment: string
  running: Running[]
  /** What is under way, in words; empty for nothing. */
  rollout: string
  /** What this look put in order. */
  recovered: string
  /** What was noticed that somebody had changed without Slipway. */
  manual: string
  /** The newest first. */
  ledger: LedgerEntry[]
}

const SHOWN = 10

/**
 * Looks at a service, and unless it is only to look, finishes or undoes what was interrupted: where nobody holds the
 * lock, nobody else does.
 */
export async function statusOf(context: Context, readOnly: boolean): Promise<Status> {
  const { kube, namespace, names, clock } = context
  let facts = await observe(context)
  const lease = await kube.get<Lease>(LEASE, `slipway-${names.deployment}`, namespace).catch(unseen)
  const busy = lease !== undefined && isHeld(lease, clock.now())
  let [recovered, manual] = ["", ""]
  if (!readOnly && !busy && facts.deployment !== undefined) {
    const done = await locked(
      { ...context, settings: { ...context.settings, lockTimeout: LEASE_SECONDS + 5 } },
      async (held) => {
        const text = await recover(held)
        const entry = await noticeManual(held, await observe(held))
        return { text, entry }
      },
    ).catch(forbidden)
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

/** Whoever may not see the lock may not take it either. */
function unseen(error: unknown): undefined {
  if (error instanceof SlipwayError && error.code === "KUBE_FORBIDDEN") return undefined
  throw error
}

/** Who may only look still sees; who was overtaken leaves it to the other. */
function forbidden(error: unknown): { text: string; entry: undefined } {
  const expected = error instanceof SlipwayError && ["KUBE_FORBIDDEN", "DEPLOY_LOCKED"].includes(error.code)
  if (expected) return { text: "", entry: undefined }
  throw error
}

const manualText = ({ facts }: LedgerEntry): string =>
  `somebody put ${facts["version"] ?? "another version"} in the place of ${facts["instead"] ?? "what was deployed"} without Slipway`

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
        ready: pods.filter(isReady).length,
        traffic: revision.hash === main?.hash || facts.pinned === undefined,
        run: entry?.run ?? "",
        since: entry?.finishedAt ?? "",
      }
    })
}

function rolloutText(facts: Facts, holder: string): string {
  const { rollout } = facts
  if (rollout === undefined) return holder === "" ? "" : `run ${holder} has begun`
  const what = `${rollout.kind} of ${rollout.version} by run ${rollout.run}, since ${rollout.startedAt}: ${rollout.phase}`
  if (rollout.phase === "held")
    return `${what}; \`slipway finish\` accepts it, \`slipway rollback\` undoes it`
  if (holder !== "") return what
  return `${what}; interrupted, and \`slipway status\` would ${recovery(facts) === "finish" ? "finish" : "undo"} it`
}

/** As people read it. */
export function statusText(status: Status): string {
  const { environment, namespace, deployment, running, rollout, recovered, manual, ledger } = status
  const lines = [
    `${deployment} in ${environment} (namespace ${namespace})`,
    ...(running.length === 0 ? ["nothing runs"] : running.map(runningText)),
    ...(rollout === "" ? [] : [`under way: ${rollout}`]),
    ...(recovered === "" ? [] : [`put in order: ${recovered}`]),
    ...(manual === "" ? [] : [`noticed: ${manual}`]),
    ...(ledger.length === 0 ? [] : ["", "ledger, the newest first:"]),
    ...ledger.map(entryText),
  ]
  return `${lines.join("\n")}\n`
}

const runningText = ({ version, digest, pods, ready, traffic, run, since }: Running): string =>
  `${traffic ? "→" : " "} ${version} ${digest.slice(0, 19)} ${ready} of ${count(pods, "pod")} ready${traffic ? ", has the traffic" : ""}${since === "" ? "" : `, since ${since} by run ${run}`}`

/** One line of the ledger for people. */
export function entryText({ kind, status, finishedAt, run, facts }: LedgerEntry): string {
  const reason = facts["reason"] === undefined ? "" : `: ${facts["reason"]}`
  return `  ${finishedAt} ${kind} ${facts["version"] ?? facts["changes"] ?? ""} ${status} (run ${run})${reason}`
}
