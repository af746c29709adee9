/** Rolls a version out by a commit that a controller applies, such as Argo CD or Flux. */
import { fail } from "../errors/catalogue.js"
import type { LedgerEntry } from "../run/ledger.js"
import { count } from "../text/words.js"
import { healthy, ready, sameDigest } from "./checks.js"
import type { CommitPlan, Committed } from "./commitPlan.js"
import { type Context, observe } from "./context.js"
import { type Facts, isReadyPod, living, named, newest, type Revision, serving } from "./facts.js"
import type { RolloutPlan, RolloutResult } from "./rollout.js"
import { unhealthyTwiceOutside } from "./soak.js"
import { StepFailure } from "./stepFailure.js"
import { type Step, StepRunner } from "./steps.js"

const POLL = 2_000

/** Why the steps between commit and health are skipped. */
const CONTROLLER = "deploy.commit: this is up to the controller that applies the manifests"

interface State {
  committed: Committed | undefined
  revision: Revision | undefined
}

/**
 * Commits a version, and waits until the cluster runs it and it is healthy. Undoes nothing on failure.
 *
 * As `rollOut` it returns a step for each phase, and records the outcome unless nothing changed. A run that has lost its
 * lock records nothing.
 */
export async function commitRollout(
  context: Context,
  plan: RolloutPlan,
  commit: CommitPlan,
  { entries, record }: { entries: readonly LedgerEntry[]; record: (result: RolloutResult) => Promise<void> },
): Promise<RolloutResult> {
  const steps = new StepRunner(context)
  const state: State = { committed: undefined, revision: undefined }
  const { name: version, digest, commit: sha } = plan.version
  const known = [...entries, { sha, facts: { version, digest } }]
  const look = async () => named(await observe(context), known)
  await steps.step("prepare", async () => {
    requireScaled(await look(), context)
    return commit.find()
  })
  await steps.step("migrate", (log) => migrated(context, plan, commit, log))
  await steps.step("surge", async (log) => {
    state.committed = await commit.write()
    const text = committedText(state.committed, commit)
    context.say(text)
    log.push(...state.committed.files)
    state.revision = await applied(context, plan, state.committed.commit, look)
    return `${text}; ${count(state.revision.pods.length, "pod")} of ${plan.version.name} ready`
  })
  await steps.step("finish", (log) => checked(context, plan, state.revision, log))
  const result = await resultOf(steps, state, plan, { entries, look })
  if (result.isLost !== true && result.status !== "unchanged") await record(result)
  return result
}

/** Fails for a Deployment that wouldn't start pods of the new version. */
function requireScaled({ deployment }: Facts, { names }: Context): void {
  if (deployment?.spec.paused) throw fail("PAUSED", [names.deployment])
  if (deployment?.spec.replicas === 0) throw fail("NO_REPLICAS", [names.deployment])
}

/** Migrates by a Job with the template that runs now, before the commit. */
async function migrated(
  context: Context,
  { migrate, manifests, version }: RolloutPlan,
  { unmigrated }: CommitPlan,
  log: string[],
): Promise<string> {
  if (unmigrated !== "") return unmigrated
  if (migrate === undefined) return "nothing to migrate"
  if (serving(await observe(context))?.digest === version.digest) return `${version.name} runs already`
  return migrate(context, manifests.deployment.spec.template, log)
}

const committedText = ({ commit, files }: Committed, { place }: CommitPlan): string =>
  files.length === 0
    ? `nothing to commit: ${commit} has it already, in ${place}`
    : `committed ${commit}, ${count(files.length, "file")} in ${place}`

/** Waits until the Deployment has the version's digest, and its pods are ready. Fails with NOT_APPLIED. */
async function applied(
  context: Context,
  { version }: RolloutPlan,
  commit: string,
  look: () => Promise<Facts>,
): Promise<Revision> {
  const { clock, settings, names } = context
  const { timeout } = settings.commit
  const deadline = clock.now() + timeout * 1000
  for (;;) {
    context.mustHold()
    const facts = await look()
    const { deployment } = facts
    const containers = deployment?.spec.template.spec.containers ?? []
    if (containers.some(({ image = "" }) => image.endsWith(`@${version.digest}`)))
      return ready(context, deployment?.metadata.generation ?? 1)
    if (clock.now() >= deadline)
      throw fail("NOT_APPLIED", [commit, timeout, names.deployment, runningText(facts)])
    await clock.sleep(POLL)
  }
}

/** Checks that the pods run the verified image, and are healthy from inside and outside. */
async function checked(
  context: Context,
  { digests }: RolloutPlan,
  revision: Revision | undefined,
  log: string[],
): Promise<string> {
  if (revision === undefined) throw new Error("a step was skipped")
  log.push(sameDigest(revision, digests))
  log.push(await healthy(context, revision))
  const problem = await unhealthyTwiceOutside(context)
  if (problem !== undefined) throw new StepFailure(problem)
  return log.join("; ")
}

interface Seen {
  entries: readonly LedgerEntry[]
  look: () => Promise<Facts>
}

async function resultOf(
  steps: StepRunner,
  { committed }: State,
  plan: RolloutPlan,
  { entries, look }: Seen,
): Promise<RolloutResult> {
  const { stop } = steps
  const facts = { ...(committed !== undefined && { committed: committed.commit }) }
  if (stop === undefined) {
    const status = committed?.files.length === 0 && isRecorded(entries, plan) ? "unchanged" : "succeeded"
    return { status, steps: steps.all().map(leftToController), alerts: [], facts }
  }
  if (committed === undefined) steps.annotate("nothing was committed")
  else if (stop.versionAtFault) {
    const running = await look().then(runningText, () => "unknown")
    steps.annotate(
      `now runs: ${running}; the commit ${committed.commit} stays, \`slipway rollback\` commits the version before`,
    )
  }
  const why = { failed: stop.step, reason: stop.reason }
  const isLost = stop.isLost && { isLost: true }
  return { status: "failed", steps: steps.all(), alerts: [], facts: { ...facts, ...why }, ...isLost }
}

const leftToController = (step: Step): Step =>
  step.status === "skipped" ? { ...step, reason: CONTROLLER } : step

/** True if the ledger's last entry has the version as a deployed one. */
function isRecorded(entries: readonly LedgerEntry[], { version }: RolloutPlan): boolean {
  const last = entries.findLast(({ kind }) => kind !== "apply")
  return last?.kind !== "manual" && last?.status === "succeeded" && last.facts["digest"] === version.digest
}

/** Says which versions have pods: `v1.2.3 (2 of 2 pods ready)`. */
function runningText(facts: Facts): string {
  const running = facts.revisions
    .map((revision) => ({ version: revision.version, pods: living(revision) }))
    .filter(({ pods }) => pods.length > 0)
  const texts = running.map(
    ({ version, pods }) =>
      `${version} (${pods.filter(isReadyPod).length} of ${count(pods.length, "pod")} ready)`,
  )
  return texts.join(", ") || `nothing${newest(facts) === undefined ? "" : ", without pods"}`
}
