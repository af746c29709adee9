import type { DeploymentObject, KubeObject, PodTemplate, ServiceObject } from "../kube/objects.js"
import { fail, SlipwayError } from "../errors/catalogue.js"
import { count } from "../text/words.js"
import { rolloutSettingsOf, change, merged, surging } from "./change.js"
import { healthy, ready, sameDigest, smoke } from "./checks.js"
import {
  type Context,
  saveRollout,
  observe,
  pin,
  applyPreview,
  previewName,
  endpointPods,
  waitUntil,
} from "./context.js"
import { updateFollowers, type Followers, restoreFollowers } from "./followers.js"
import { type Facts, type Revision, type Rollout, newest, serving } from "./facts.js"
import { without } from "../text/json.js"
import { HASH, type Manifests, type DeployedVersion } from "./manifests.js"
import { StepFailure } from "./stepFailure.js"
import { takeBaseline, soak } from "./soak.js"
import { type Step, StepRunner } from "./steps.js"
import { awaitRouting, NOWHERE, completeRollout, cleanUp, undo } from "./undo.js"

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
}

/** The outcome of a deployment. */
export interface RolloutResult {
  status: "succeeded" | "unchanged" | "failed" | "held"
  steps: Step[]
  alerts: string[]
  /** Facts for the ledger. */
  facts: Record<string, string>
}

/**
 * Rolls out a version, and rolls back on failure.
 *
 * Returns a step for each phase; never throws for a step that fails.
 */
export async function rollOut(context: Context, plan: RolloutPlan): Promise<RolloutResult> {
  const steps = new StepRunner(context)
  const state: State = { facts: await observe(context), rollout: undefined, revision: undefined }
  const alerts: string[] = []
  await steps.step("prepare", async (log) => prepare(context, plan, state, log))
  if (steps.stop === undefined && isCurrent(state.facts, plan)) return applySettings(context, plan, steps)
  await steps.step("migrate", async (log) => {
    // What pods and the migration refer to. Old pods are unaffected: changed objects have new names.
    for (const object of plan.manifests.first) await context.kube.apply(object)
    return (
      (await plan.migrate?.(context, plan.manifests.deployment.spec.template, log)) ?? "nothing to migrate"
    )
  })
  await steps.step("surge", () => surge(context, plan, state))
  await steps.step("preview", (log) => testPreview(context, plan, state, log))
  await steps.step("switch", () => switchTraffic(context, plan, state))
  let onHold = false
  await steps.step("soak", async () => {
    const result = await soak(context, await required(state.baseline))
    alerts.push(...result.alerts)
    if (!result.onHold) return `${result.text}${result.alerts.map((alert) => `; ALERT: ${alert}`).join("")}`
    await saveProgress(context, state, { phase: "held" })
    onHold = true
    throw new StepFailure(
      `on hold: ${result.text}; ${plan.version.name} has the traffic, and the old pods stay until \`slipway finish\` or \`slipway rollback\``,
    )
  })
  if (onHold) return { status: "held", steps: steps.all(), alerts, facts: {} }
  await steps.step("finish", () => finish(context, plan, state))
  if (steps.stop === undefined) return { status: "succeeded", steps: steps.all(), alerts, facts: {} }
  return { ...(await rollBack(context, plan, state, steps)), alerts }
}

interface State {
  facts: Facts
  rollout: Rollout | undefined
  revision: Revision | undefined
  baseline?: Awaited<ReturnType<typeof takeBaseline>>
  followers?: Followers
}

const required = <T>(value: T | undefined): Promise<T> =>
  value === undefined ? Promise.reject(new Error("a step was skipped")) : Promise.resolve(value)

const rolloutOf = ({ rollout }: State): Rollout => {
  if (rollout === undefined) throw new Error("no rollout has started")
  return rollout
}

/** Records the progress on the cluster before going on. */
async function saveProgress(context: Context, state: State, more: Partial<Rollout>): Promise<void> {
  state.rollout = { ...rolloutOf(state), ...more }
  await saveRollout(context, state.rollout)
}

/** Applies the manifests' other settings where the version runs already. */
async function applySettings(
  context: Context,
  { manifests, version }: RolloutPlan,
  steps: StepRunner,
): Promise<RolloutResult> {
  await steps.step("finish", async () => {
    for (const object of [...manifests.first, manifests.service]) await context.kube.apply(object)
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

/** True if this version with these settings is the newest revision. */
const isCurrent = (facts: Facts, { manifests, version }: RolloutPlan): boolean => {
  const [current] = facts.revisions
  if (current === undefined || facts.deployment === undefined) return false
  const image = (template: PodTemplate) => template.spec.containers.map((container) => container.image).join()
  const same = image(current.template) === image(manifests.deployment.spec.template)
  return same && current.digest === version.digest && sameSettings(facts.deployment, manifests.deployment)
}

/** True if the live template has every field of the wanted one; the server's defaults don't count. */
function sameSettings(live: DeploymentObject, wanted: DeploymentObject): boolean {
  const within = (part: unknown, whole: unknown): boolean => {
    if (typeof part !== "object" || part === null) return part === whole || String(part) === String(whole)
    if (Array.isArray(part))
      return (
        Array.isArray(whole) &&
        part.length === whole.length &&
        part.every((item, index) => within(item, whole[index]))
      )
    return Object.entries(part).every(([key, value]) =>
      within(value, (whole as Record<string, unknown> | undefined)?.[key]),
    )
  }
  return within(wanted.spec.template, live.spec.template)
}

/** Validates every object by a server-side dry run before any is applied. */
async function prepare(
  context: Context,
  { manifests }: RolloutPlan,
  state: State,
  log: string[],
): Promise<string> {
  const { names } = context
  const { deployment } = state.facts
  if (deployment?.spec.paused) throw fail("PAUSED", [names.deployment])
  if (deployment === undefined && (await endpointPods(context)).length > 0)
    throw fail("SERVICE_TAKEN", [names.service, names.deployment])
  if ((manifests.deployment.spec.replicas ?? deployment?.spec.replicas) === 0)
    throw fail("NO_REPLICAS", [names.deployment])
  const objects = [...manifests.first, manifests.service, manifests.deployment, ...manifests.last]
  const problems = await Promise.all(objects.map((object) => dryRunProblem(context, object)))
  const found = problems.filter((problem) => problem !== undefined)
  if (found.length > 0) throw fail("DRY_RUN", [found])
  log.push(...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}: accepted by a dry run`))
  return `${count(objects.length, "object")} validated in ${context.namespace}`
}

async function dryRunProblem({ kube }: Context, object: KubeObject): Promise<string | undefined> {
  try {
    await kube.apply(object, { dryRun: true })
    return undefined
  } catch (error) {
    // A connection error isn't the object's fault.
    if (!(error instanceof SlipwayError) || error.code === "KUBE_UNREACHABLE") throw error
    return `${object.kind} ${object.metadata.name}: ${error.message.split("\n→")[0] ?? ""}`
  }
}

/** Starts the new pods next to the old ones, which keep the traffic. */
async function surge(context: Context, plan: RolloutPlan, state: State): Promise<string> {
  const { kube, run, clock, mustHold } = context
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
    from: old?.hash ?? "",
    fromVersion: old?.version ?? "",
    fromDigest: old?.digest ?? "",
    phase: "surge",
    startedAt: new Date(clock.now()).toISOString(),
    before,
    after,
    ...(old !== undefined && facts.service !== undefined && { service: specWithoutHash(facts.service) }),
  }
  mustHold()
  // The Service keeps its ports until the switch: the new version may have others.
  if (old !== undefined && facts.service !== undefined) await pin(context, old.hash)
  else await kube.apply(pinned(manifests.service, old?.hash ?? NOWHERE))
  state.rollout = rollout
  await saveRollout(context, rollout)
  const wanted = { ...manifests.deployment, spec: surging(manifests.deployment.spec) }
  const made =
    facts.deployment === undefined
      ? await kube.create<DeploymentObject>(wanted)
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
  await saveProgress(context, state, { phase: "switch" })
  context.mustHold()
  await context.kube.apply(pinned(manifests.service, revision.hash))
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
  await completeRollout(context, rolloutOf(state))
  await cleanUp(context)
  const others = state.followers.names.length
  return `only ${version.name} runs${others === 0 ? "" : `, with ${count(others, "other object")}`}`
}

/** Rolls back, and adds the result to the failed step. */
async function rollBack(
  context: Context,
  plan: RolloutPlan,
  state: State,
  steps: StepRunner,
): Promise<Omit<RolloutResult, "alerts">> {
  const { rollout } = state
  const facts: Record<string, string> = { failed: steps.stop?.step ?? "", reason: steps.stop?.reason ?? "" }
  const result = () => ({ status: "failed" as const, steps: steps.all(), facts })
  if (rollout === undefined) {
    steps.annotate("nothing was changed")
    return result()
  }
  if (rollout.phase === "finish") {
    steps.annotate("the new version has the traffic and passed the soak; `slipway finish` completes it")
    return result()
  }
  try {
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
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    steps.annotate(
      `the rollback failed: ${problem}; the next \`slipway status\` or \`slipway deploy\` retries it`,
    )
  }
  return result()
}
