import { fail } from "../errors/catalogue.js"
import type { PodTemplate, ServiceObject } from "../kube/objects.js"
import { count } from "../text/words.js"
import { withLiveReplicas } from "./autoscaling.js"
import { rolloutSettingsOf, change, createDeployment, merged, surging } from "./change.js"
import { healthy, ready, sameDigest, smoke } from "./checks.js"
import { withOwnConfigs } from "./configs.js"
import { type Context, endpointPods, observe, waitUntil } from "./context.js"
import { updateFollowers, type Followers, restoreFollowers, startBacking } from "./followers.js"
import { type Facts, type Revision, type Rollout, newest, serving } from "./facts.js"
import { without } from "../text/json.js"
import { HASH, type Manifests, type DeployedVersion } from "./manifests.js"
import { isCurrent, prepare } from "./prepare.js"
import { applyPreview, previewName } from "./preview.js"
import {
  changeIdleService,
  closeRollout,
  openRollout,
  pinnedTo,
  saveRollout,
  type ServiceChange,
} from "./record.js"
import type { CommitPlan } from "./commitPlan.js"
import { StepFailure } from "./stepFailure.js"
import { awaitOutside, takeBaseline, soak } from "./soak.js"
import { isTakenOver, type Step, StepRunner } from "./steps.js"
import { awaitRouting, NOWHERE, completeRollout, undo } from "./undo.js"

/** A version to roll out, and how to migrate and test it. */
export interface RolloutPlan {
  kind: "deploy" | "rollback"
  version: DeployedVersion
  /** All digests that a running image may report: the index's and each platform's. */
  digests: readonly string[]
  /** The environment's objects at this version; for a rollback, the live ones. */
  manifests: Manifests
  /** Migrates the database with the new image; returns a summary. */
  migrate: ((context: Context, template: PodTemplate, log: string[]) => Promise<string>) | undefined
  /** Smoke tests of the new pods, which answer at this address within the cluster. */
  smokes: readonly ((
    context: Context,
    address: string,
    template: PodTemplate,
    log: string[],
  ) => Promise<string>)[]
  /** A sentence on whether the previous version works on the new schema. */
  schema: string
  /** The commit that lets a controller roll the version out; undefined if Slipway does. */
  commit?: CommitPlan
}

/** The outcome of a deployment. */
export interface RolloutResult {
  status: "succeeded" | "unchanged" | "failed" | "held"
  steps: Step[]
  alerts: string[]
  /** Facts for the ledger. */
  facts: Record<string, string>
  /** True if another run has taken over. */
  isLost?: boolean
}

/**
 * Rolls out a version, and rolls back on failure.
 *
 * Returns a step for each phase; never throws for a step that fails. The outcome is recorded before the rollout's own
 * record is removed: without the one, the next run finds the other. A run that has lost its lock records nothing.
 */
export async function rollOut(
  context: Context,
  plan: RolloutPlan,
  record: (result: RolloutResult) => Promise<void> = () => Promise.resolve(),
): Promise<RolloutResult> {
  const { result, isOver } = await attemptRollout(context, plan)
  if (result.isLost === true || result.status === "unchanged") return result
  await record(result)
  if (isOver) await closeRollout(context)
  return result
}

async function attemptRollout(
  context: Context,
  given: RolloutPlan,
): Promise<{ result: RolloutResult; isOver: boolean }> {
  let plan = given
  const steps = new StepRunner(context)
  const state: State = { facts: await observe(context), rollout: undefined, revision: undefined }
  const isFirst = state.facts.deployment === undefined
  const alerts: string[] = []
  await steps.step("prepare", async (log) => {
    const manifests = await withLiveReplicas(context, given.manifests, log)
    plan = { ...given, manifests: await withOwnConfigs(context, manifests, log) }
    return prepare(context, plan, state.facts, log)
  })
  if (steps.stop === undefined && isCurrent(state.facts, plan))
    return { result: await applySettings(context, plan, steps), isOver: false }
  await steps.step("migrate", async (log) => {
    // What pods and the migration refer to. Old pods are unaffected: changed objects have new names.
    for (const object of plan.manifests.first) await context.kube.apply(object)
    if (isFirst) await startBacking(context, plan, log)
    return (
      (await plan.migrate?.(context, plan.manifests.deployment.spec.template, log)) ?? "nothing to migrate"
    )
  })
  await steps.step("surge", () => surge(context, plan, state))
  await steps.step("preview", (log) => testPreview(context, plan, state, log))
  await steps.step("switch", () => switchTraffic(context, plan, state))
  let onHold = false
  await steps.step("soak", async () => {
    if (isFirst) await awaitOutside(context)
    const result = await soak(context, await required(state.baseline))
    alerts.push(...result.alerts)
    if (!result.onHold) return `${result.text}${result.alerts.map((alert) => `; ALERT: ${alert}`).join("")}`
    await saveProgress(context, state, { phase: "held" })
    onHold = true
    throw new StepFailure(
      `on hold: ${result.text}; ${plan.version.name} has the traffic, and the old pods stay until \`slipway finish\` or \`slipway rollback\``,
    )
  })
  const ended = (status: RolloutResult["status"]) => ({ status, steps: steps.all(), alerts, facts: {} })
  if (onHold) return { result: ended("held"), isOver: false }
  await steps.step("finish", () => finish(context, plan, state))
  if (steps.stop === undefined) return { result: ended("succeeded"), isOver: true }
  const { isOver, ...result } = await rollBack(context, given, state, steps)
  return { result: { ...result, alerts }, isOver }
}

interface State {
  facts: Facts
  /** The rollout as recorded; one whose recording failed may be recorded all the same. */
  rollout: Rollout | undefined
  isOpen?: boolean
  revision: Revision | undefined
  baseline?: Awaited<ReturnType<typeof takeBaseline>>
  followers?: Followers
}

const required = <T>(value: T | undefined): Promise<T> =>
  value === undefined ? Promise.reject(new Error("a step was skipped")) : Promise.resolve(value)

const startedRollout = ({ rollout }: State): Rollout => {
  if (rollout === undefined) throw new Error("no rollout has started")
  return rollout
}

/** Records the progress on the cluster before going on. */
async function saveProgress(
  context: Context,
  state: State,
  more: Partial<Rollout>,
  service?: ServiceChange,
): Promise<void> {
  state.rollout = await saveRollout(context, { ...startedRollout(state), ...more }, service)
}

/** Applies the manifests' other settings where the version runs already. */
async function applySettings(
  context: Context,
  { manifests, version }: RolloutPlan,
  steps: StepRunner,
): Promise<RolloutResult> {
  await steps.step("finish", async () => {
    for (const object of manifests.first) await context.kube.apply(object)
    await changeIdleService(context, { apply: manifests.service })
    const { replicas } = manifests.deployment.spec
    if (replicas !== undefined)
      await change(context, (live) => ({ ...live, spec: { ...live.spec, replicas } }))
    await updateFollowers(context, manifests.last)
    return `${version.name} runs already`
  })
  return {
    status: steps.stop === undefined ? "unchanged" : "failed",
    steps: steps.all(),
    alerts: [],
    facts: {},
  }
}

/** Starts the new pods next to the old ones, which keep the traffic. */
async function surge(context: Context, plan: RolloutPlan, state: State): Promise<string> {
  const { run, clock } = context
  const { manifests, version } = plan
  // A migration may have taken minutes; somebody else may have changed the Deployment since.
  const facts = (state.facts = await observe(context))
  const old = facts.deployment === undefined ? undefined : (serving(facts) ?? newest(facts))
  const after = rolloutSettingsOf(manifests.deployment)
  const before = facts.deployment === undefined ? after : rolloutSettingsOf(facts.deployment)
  const rollout: Rollout = {
    run,
    kind: plan.kind,
    version: version.name,
    digest: version.digest,
    commit: version.commit,
    image: `${version.repository}@${version.digest}`,
    from: old?.hash ?? "",
    fromVersion: old?.version ?? "",
    fromDigest: old?.digest ?? "",
    phase: "surge",
    startedAt: new Date(clock.now()).toISOString(),
    before,
    after,
    ...(old !== undefined && facts.service !== undefined && { service: specWithoutHash(facts.service) }),
  }
  state.isOpen = true
  // The Service keeps its ports until the switch: the new version may have others.
  const isKept = old !== undefined && facts.service !== undefined
  const service = isKept ? pinnedTo(old.hash) : { apply: pinned(manifests.service, old?.hash ?? NOWHERE) }
  state.rollout = await openRollout(context, rollout, service)
  const wanted = { ...manifests.deployment, spec: surging(manifests.deployment.spec) }
  const made =
    facts.deployment === undefined
      ? await createDeployment(context, wanted)
      : await change(context, (live) => merged(live, wanted))
  state.revision = await ready(context, made.metadata.generation ?? 1)
  const next = old === undefined ? "" : ` next to ${old.version}`
  return `${count(state.revision.pods.length, "pod")} of ${version.name} ready${next}`
}

/** A Service that routes only to the pods of one hash. */
const pinned = (service: ServiceObject, hash: string): ServiceObject => ({
  ...service,
  spec: { ...service.spec, selector: { ...service.spec.selector, [HASH]: hash } },
})

const specWithoutHash = ({ spec }: ServiceObject): Pick<ServiceObject["spec"], "selector" | "ports"> => ({
  selector: without(spec.selector ?? {}, HASH),
  ports: spec.ports ?? [],
})

/** Seconds for the preview Service to get endpoints. */
const PREVIEW_SECONDS = 10

/** Tests health, smoke and digest while the old pods have all of the traffic. */
async function testPreview(
  context: Context,
  plan: RolloutPlan,
  state: State,
  log: string[],
): Promise<string> {
  const revision = await required(state.revision)
  const { service } = plan.manifests
  await applyPreview(context, service, revision.hash)
  const reached = async () => (await endpointPods(context, previewName(context.names))).length > 0
  await waitUntil(context, PREVIEW_SECONDS, reached, 200)
  log.push(await healthy(context, revision))
  log.push(await smoke(context))
  const address = `http://${service.metadata.name}-preview.${context.namespace}:${service.spec.ports?.[0]?.port ?? 80}`
  for (const attempt of plan.smokes) log.push(await attempt(context, address, revision.template, log))
  const now = await observe(context)
  log.push(sameDigest(now.revisions.find(({ hash }) => hash === revision.hash) ?? revision, plan.digests))
  return log.join("; ")
}

/** Switches the traffic to the new pods. */
async function switchTraffic(context: Context, { manifests }: RolloutPlan, state: State): Promise<string> {
  const revision = await required(state.revision)
  state.baseline = await takeBaseline(context, revision)
  const startedAt = context.clock.now()
  await saveProgress(context, state, { phase: "switch" }, { apply: pinned(manifests.service, revision.hash) })
  await awaitRouting(context, revision)
  await saveProgress(context, state, {
    phase: "soak",
    switchedAt: new Date(context.clock.now()).toISOString(),
  })
  state.baseline.startedAt = context.clock.now()
  return `${revision.version} has the traffic, after ${((context.clock.now() - startedAt) / 1000).toFixed(1)} s`
}

/** Updates the followers, and removes the old pods. */
async function finish(context: Context, { manifests, version }: RolloutPlan, state: State): Promise<string> {
  state.followers = await updateFollowers(context, manifests.last)
  await saveProgress(context, state, { phase: "finish" })
  await completeRollout(context, startedRollout(state))
  const others = state.followers.names.length
  return `only ${version.name} runs${others === 0 ? "" : `, with ${count(others, "other object")}`}`
}

/** Rolls back, and adds the result to the failed step. */
async function rollBack(
  context: Context,
  plan: RolloutPlan,
  state: State,
  steps: StepRunner,
): Promise<Omit<RolloutResult, "alerts"> & { isOver: boolean }> {
  const facts: Record<string, string> = { failed: steps.stop?.step ?? "", reason: steps.stop?.reason ?? "" }
  const result = (isOver: boolean) => {
    const isLost = steps.stop?.isLost === true
    return { status: "failed" as const, steps: steps.all(), facts, isOver, ...(isLost && { isLost }) }
  }
  if (steps.stop?.isLost === true) {
    steps.annotate("this run has undone nothing")
    return result(false)
  }
  try {
    const rollout = state.isOpen === true ? await recordedRollout(context) : undefined
    if (rollout === undefined && state.rollout !== undefined)
      throw fail("ROLLOUT_LOST", [context.names.service, "it has no record of a rollout"])
    if (rollout === undefined) {
      steps.annotate("nothing was changed")
      return result(false)
    }
    if (rollout.phase === "finish") {
      steps.annotate("the new version has the traffic and passed the soak; `slipway finish` completes it")
      return result(false)
    }
    const { text, seconds } = await undo(context, rollout, steps.stop?.reason ?? "")
    if (state.followers !== undefined) await restoreFollowers(context, state.followers)
    const schema = plan.migrate === undefined ? "" : plan.schema
    steps.annotate(
      `rolled back: ${text}${seconds === undefined ? "" : `, ${seconds.toFixed(1)} s after it was noticed`}`,
      schema,
    )
    Object.assign(facts, {
      rolledBackTo: rollout.fromVersion,
      ...(seconds !== undefined && { back: seconds.toFixed(1) }),
    })
    return result(true)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const lost = isTakenOver(error)
    if (lost && steps.stop !== undefined) steps.stop.isLost = true
    steps.annotate(
      `the rollback failed: ${problem}${lost ? "" : "; the next `slipway status` or `slipway deploy` retries it"}`,
    )
    return result(false)
  }
}

/** The rollout as it is recorded now: a write whose answer was lost may have been carried out. */
const recordedRollout = async (context: Context): Promise<Rollout | undefined> =>
  (await observe(context)).rollout
