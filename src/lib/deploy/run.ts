import { fail } from "../errors/catalogue.js"
import type { KubeObject } from "../kube/objects.js"
import type { LedgerEntry, LedgerRecord } from "../run/ledger.js"
import { type Context, observe, unpin } from "./context.js"
import { type Facts, newest, recovery, type Rollout } from "./facts.js"
import { follow } from "./followers.js"
import { Lock } from "./lock.js"
import { settle, tidy, undo } from "./undo.js"
import { type Plan, walk, type Walked } from "./walk.js"

/** What a run did, and what it came upon. */
export interface Ran extends Walked {
  /** What became of a rollout that was interrupted before. */
  recovered: string
  entry: LedgerEntry | undefined
}

/**
 * Holds the lock while it works, so that two deployments never cross. What an earlier run left half done is finished or
 * undone first.
 */
export async function locked<T>(context: Context, work: (held: Context) => Promise<T>): Promise<T> {
  const { kube, namespace, names, run, settings } = context
  const lock = await Lock.take(kube, {
    namespace,
    name: `slipway-${names.deployment}`,
    holder: run,
    timeout: settings.lockTimeout,
  })
  try {
    return await work({ ...context, mustHold: () => lock.mustHold() })
  } finally {
    await lock.free()
  }
}

/**
 * Deploys, once for each run, and records how it ended. A namespace among the manifests is made before all else: lock
 * and ledger lie in it.
 */
export async function deploy(
  context: Context,
  makePlan: (facts: Facts) => Promise<Plan>,
  manifests: readonly KubeObject[] = [],
): Promise<Ran> {
  for (const object of manifests.filter(({ kind }) => kind === "Namespace")) await context.kube.apply(object)
  return locked(context, async (held) => {
    const done = (await context.ledger.entries()).find(
      ({ run, kind }) => run === context.run && kind !== "manual",
    )
    if (done !== undefined) return before(done)
    const recovered = await recover(held)
    const facts = await observe(held)
    if (facts.rollout?.phase === "held")
      throw fail("HELD", [facts.rollout.version, facts.rollout.switchedAt ?? ""])
    await noticeManual(held, facts)
    const plan = await makePlan(facts)
    const startedAt = new Date(context.clock.now()).toISOString()
    const walked = await walk(held, plan)
    if (walked.status === "unchanged") return { ...walked, recovered, entry: undefined }
    const last = newest(facts)
    const entry = await context.ledger.append({
      ...recordOf(held, plan.kind, walked.status, startedAt),
      sha: plan.version.commit,
      facts: {
        version: plan.version.name,
        image: `${plan.version.repository}@${plan.version.digest}`,
        digest: plan.version.digest,
        previous: last?.version ?? "",
        previousDigest: last?.digest ?? "",
        previousCommit: last?.commit ?? "",
        ...walked.facts,
        ...(context.who ? { actor: context.who } : {}),
        ...(walked.alerts.length > 0 && { alerts: walked.alerts.join("; ") }),
      },
    })
    return { ...walked, recovered, entry }
  })
}

/** A run that was repeated with its own id does nothing a second time. */
const before = (entry: LedgerEntry): Ran => ({
  status: entry.status === "succeeded" ? "unchanged" : "failed",
  steps: [],
  alerts: [],
  facts: entry.facts,
  recovered: `the run ${entry.run} was over already: ${entry.status}`,
  entry,
})

const recordOf = (
  { environment, names, run, clock }: Context,
  kind: LedgerRecord["kind"],
  status: LedgerRecord["status"],
  startedAt: string,
): Omit<LedgerRecord, "facts" | "sha"> => ({
  kind,
  status,
  environment,
  subject: names.deployment,
  run,
  startedAt,
  finishedAt: new Date(clock.now()).toISOString(),
})

/** Finishes or undoes what was interrupted; says what it did, or nothing. Asks for the lock to be held. */
export async function recover(
  context: Context,
  accept?: (rollout: Rollout, facts: Facts) => readonly KubeObject[],
): Promise<string> {
  const facts = await observe(context)
  const { rollout } = facts
  const accepts = accept !== undefined && rollout?.phase === "held"
  const what = accepts ? "finish" : recovery(facts)
  if (what === "none" || what === "held") return ""
  if (what === "unpin" || rollout === undefined) {
    if (facts.revisions.filter(({ pods }) => pods.length > 0).length > 1) return ""
    await unpin(context)
    return "the Service led to one version alone, which is taken back"
  }
  // What comes along with a version follows it only when it is accepted.
  if (accepts) await follow(context, accept(rollout, facts))
  const text = what === "finish" ? await goOn(context, rollout) : await takeBack(context, rollout)
  await context.ledger.append({
    ...recordOf(
      // The run itself may be over already, as held or failed, or may be begun again.
      { ...context, run: `${rollout.run}-${what}` },
      rollout.kind,
      what === "finish" ? "succeeded" : "failed",
      rollout.startedAt,
    ),
    sha: rollout.commit,
    facts: {
      version: rollout.version,
      digest: rollout.digest,
      previous: rollout.fromVersion,
      previousDigest: rollout.fromDigest,
      interrupted: rollout.phase,
      by: context.run,
      reason: rollout.reason ?? text,
    },
  })
  context.say(text)
  return text
}

async function goOn(context: Context, rollout: Rollout): Promise<string> {
  await settle(context, rollout)
  await tidy(context)
  return `the deployment of ${rollout.version} by run ${rollout.run} had proved itself, and is finished`
}

async function takeBack(context: Context, rollout: Rollout): Promise<string> {
  const { text } = await undo(context, rollout, rollout.reason ?? "interrupted")
  return `the deployment of ${rollout.version} by run ${rollout.run} was interrupted (${rollout.phase}) and is undone: ${text}`
}

/** Records what somebody else has changed since the last entry, such as `kubectl rollout undo`. */
export async function noticeManual(context: Context, facts: Facts): Promise<LedgerEntry | undefined> {
  const current = newest(facts)
  if (current === undefined || facts.rollout !== undefined) return undefined
  const entries = await context.ledger.entries()
  const expected = runs(entries)
  if (expected === undefined || expected === current.digest) return undefined
  const [last] = entries.slice(-1)
  const now = new Date(context.clock.now()).toISOString()
  return context.ledger.append({
    ...recordOf(
      { ...context, run: `manual-${facts.deployment?.metadata.uid?.slice(0, 8) ?? ""}-${current.number}` },
      "manual",
      "succeeded",
      now,
    ),
    sha: current.commit,
    facts: {
      version: current.version,
      digest: current.digest,
      image: current.image,
      revision: String(current.number),
      undoes: last?.run ?? "",
      instead: last?.facts["version"] ?? "",
    },
  })
}

/** The digest that must run by what the ledger says. */
function runs(entries: readonly LedgerEntry[]): string | undefined {
  const last = entries.filter(({ kind }) => kind !== "apply").at(-1)
  if (last === undefined) return undefined
  return last.status === "failed" ? last.facts["previousDigest"] : last.facts["digest"]
}

/** The versions that were deployed with success, the newest first, each once. */
export function goodVersions(
  entries: readonly LedgerEntry[],
): { version: string; digest: string; image: string; commit: string }[] {
  const good = entries
    .filter(({ kind, status }) => kind !== "apply" && status === "succeeded")
    .reverse()
    .map(({ facts, sha }) => ({
      version: facts["version"] ?? "",
      digest: facts["digest"] ?? "",
      image: facts["image"] ?? "",
      commit: sha,
    }))
  return good.filter(
    ({ digest }, index) => digest !== "" && good.findIndex((other) => other.digest === digest) === index,
  )
}

/** What a rollback goes back to: a version by its name or digest, or the last good one that isn't there now. Fails with NO_VERSION. */
export function rollbackTarget(entries: readonly LedgerEntry[], facts: Facts, wanted: string) {
  const known = goodVersions(entries)
  const current = newest(facts)?.digest
  const bare = (text: string) => text.replace(/^v/, "")
  const found =
    wanted === ""
      ? known.find(({ digest }) => digest !== current)
      : known.find(({ version, digest }) => bare(version) === bare(wanted) || digest === wanted)
  if (found === undefined) throw fail("NO_VERSION", [wanted, known.map(({ version }) => version)])
  return found
}
