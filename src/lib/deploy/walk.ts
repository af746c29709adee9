import type { Deployment, KubeObject, PodTemplate, Service } from "../kube/objects.js"
import { fail, SlipwayError } from "../errors/catalogue.js"
import { count } from "../text/words.js"
import { beforeOf, change, merged, surging } from "./change.js"
import { healthy, ready, sameDigest, smoke } from "./checks.js"
import { type Context, note, observe, pin, preview, previewName, targets, until } from "./context.js"
import { follow, type Followers, followBack } from "./followers.js"
import { type Facts, type Revision, type Rollout, newest, serving } from "./facts.js"
import { without } from "../text/json.js"
import { HASH, type Manifests, type Version } from "./manifests.js"
import { Setback } from "./setback.js"
import { beforeTraffic, soak } from "./soak.js"
import { type Step, Walk } from "./steps.js"
import { leadsTo, NOWHERE, settle, tidy, undo } from "./undo.js"

/** What is deployed. */
export interface Plan {
  kind: "deploy" | "rollback"
  version: Version
  /** All digests by which what runs may be known: the index's and each platform's. */
  digests: readonly string[]
  /** The environment's objects with the version in them; of a rollback, the live ones. */
  manifests: Manifests
  /** Brings the database up to date with this image; says what it did. */
  migrate: ((context: Context, template: PodTemplate, log: string[]) => Promise<string>) | undefined
  /** Tries the new pods, which answer at this address within the cluster. */
  smokes: readonly ((
    context: Context,
    address: string,
    template: PodTemplate,
    log: string[],
  ) => Promise<string>)[]
  /** What is known of the version before on the new schema. */
  schema: string
}

/** How a deployment ended. */
export interface Walked {
  status: "succeeded" | "unchanged" | "failed" | "held"
  steps: Step[]
  alerts: string[]
  /** What is worth keeping of it. */
  facts: Record<string, string>
}

/** Deploys a version into a steady state, and undoes what fails. Throws only for what it can't even put down. */
export async function walk(context: Context, plan: Plan): Promise<Walked> {
  const steps = new Walk(context)
  const state: State = { facts: await observe(context), rollout: undefined, revision: undefined }
  const alerts: string[] = []
  await steps.step("prepare", async (log) => prepare(context, plan, state, log))
  if (steps.stop === undefined && isCurrent(state.facts, plan)) return settings(context, plan, steps)
  await steps.step("migrate", async (log) => {
    // What pods refer to, the migration's needs as well; whatever stands for it has another name or is the same.
    for (const object of plan.manifests.first) await context.kube.apply(object)
    return (
      (await plan.migrate?.(context, plan.manifests.deployment.spec.template, log)) ?? "nothing to migrate"
    )
  })
  await steps.step("surge", () => surge(context, plan, state))
  await steps.step("preview", (log) => tryOut(context, plan, state, log))
  await steps.step("switch", () => flip(context, plan, state))
  let held = false
  await steps.step("soak", async () => {
    const soaked = await soak(context, await must(state.watch))
    alerts.push(...soaked.alerts)
    if (!soaked.held) return `${soaked.text}${soaked.alerts.map((alert) => `; ALERT: ${alert}`).join("")}`
    await keep(context, state, { phase: "held" })
    held = true
    throw new Setback(
      `held: ${soaked.text}; ${plan.version.name} has the traffic, and the old pods stay until \`slipway finish\` or \`slipway rollback\``,
    )
  })
  if (held) return { status: "held", steps: steps.all(), alerts, facts: {} }
  await steps.step("finish", () => finish(context, plan, state))
  if (steps.stop === undefined) return { status: "succeeded", steps: steps.all(), alerts, facts: {} }
  return { ...(await takeBack(context, plan, state, steps)), alerts }
}

interface State {
  facts: Facts
  rollout: Rollout | undefined
  revision: Revision | undefined
  watch?: Awaited<ReturnType<typeof beforeTraffic>>
  followers?: Followers
}

const must = <T>(value: T | undefined): Promise<T> =>
  value === undefined ? Promise.reject(new Error("a step was left out")) : Promise.resolve(value)

const rolloutOf = ({ rollout }: State): Rollout => {
  if (rollout === undefined) throw new Error("no rollout was begun")
  return rollout
}

/** Writes down how far it came, before it goes on. */
async function keep(context: Context, state: State, more: Partial<Rollout>): Promise<void> {
  state.rollout = { ...rolloutOf(state), ...more }
  await note(context, state.rollout)
}

/** The version is there already: what else the manifests say is brought up to them. */
async function settings(context: Context, { manifests, version }: Plan, steps: Walk): Promise<Walked> {
  await steps.step("finish", async () => {
    for (const object of [...manifests.first, manifests.service]) await context.kube.apply(object)
    const { replicas } = manifests.deployment.spec
    if (replicas !== undefined)
      await change(context, (live) => ({ ...live, spec: { ...live.spec, replicas } }))
    await follow(context, manifests.last)
    return `${version.name} runs already`
  })
  return {
    status: steps.stop === undefined ? "unchanged" : "failed",
    steps: steps.all(),
    alerts: [],
    facts: {},
  }
}

/** Whether exactly this runs already, in health. */
const isCurrent = (facts: Facts, { manifests, version }: Plan): boolean => {
  const [current] = facts.revisions
  if (current === undefined || facts.deployment === undefined) return false
  const image = (template: PodTemplate) => template.spec.containers.map((container) => container.image).join()
  const same = image(current.template) === image(manifests.deployment.spec.template)
  return same && current.digest === version.digest && sameSettings(facts.deployment, manifests.deployment)
}

/** Whether all that a manifest says of pods holds for those that are there; what the server added doesn't count. */
function sameSettings(live: Deployment, wanted: Deployment): boolean {
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

/** Asks the server whether it would take every object, before it gets any. */
async function prepare(context: Context, { manifests }: Plan, state: State, log: string[]): Promise<string> {
  const { names } = context
  const { deployment } = state.facts
  if (deployment?.spec.paused) throw fail("PAUSED", [names.deployment])
  if (deployment === undefined && (await targets(context)).length > 0)
    throw fail("SERVICE_TAKEN", [names.service, names.deployment])
  if ((manifests.deployment.spec.replicas ?? deployment?.spec.replicas) === 0)
    throw fail("NO_REPLICAS", [names.deployment])
  const objects = [...manifests.first, manifests.service, manifests.deployment, ...manifests.last]
  const problems = await Promise.all(objects.map((object) => refused(context, object)))
  const found = problems.filter((problem) => problem !== undefined)
  if (found.length > 0) throw fail("DRY_RUN", [found])
  log.push(...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}: the cluster would take it`))
  return `${count(objects.length, "object")} tried in ${context.namespace}`
}

async function refused({ kube }: Context, object: KubeObject): Promise<string | undefined> {
  try {
    await kube.apply(object, { dryRun: true })
    return undefined
  } catch (error) {
    // An error of the way there isn't one of the object's.
    if (!(error instanceof SlipwayError) || error.code === "KUBE_UNREACHABLE") throw error
    return `${object.kind} ${object.metadata.name}: ${error.message.split("\n→")[0] ?? ""}`
  }
}

/** Puts the new pods beside the old ones, which alone get the traffic. */
async function surge(context: Context, plan: Plan, state: State): Promise<string> {
  const { kube, run, clock, mustHold } = context
  const { manifests, version } = plan
  // A migration may have taken minutes, and somebody else may have changed what runs.
  const facts = (state.facts = await observe(context))
  const old = facts.deployment === undefined ? undefined : (serving(facts) ?? newest(facts))
  const after = beforeOf(manifests.deployment)
  const before = facts.deployment === undefined ? after : beforeOf(facts.deployment)
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
    ...(old !== undefined && facts.service !== undefined && { service: plainSpec(facts.service) }),
  }
  mustHold()
  // The Service stays what it is, until the new pods have the traffic: its ports may be others.
  if (old !== undefined && facts.service !== undefined) await pin(context, old.hash)
  else await kube.apply(pinned(manifests.service, old?.hash ?? NOWHERE))
  state.rollout = rollout
  await note(context, rollout)
  const wanted = { ...manifests.deployment, spec: surging(manifests.deployment.spec) }
  const made =
    facts.deployment === undefined
      ? await kube.create<Deployment>(wanted)
      : await change(context, (live) => merged(live, wanted))
  state.revision = await ready(context, made.metadata.generation ?? 1)
  const beside = old === undefined ? "" : ` beside ${old.version}`
  return `${count(state.revision.pods.length, "pod")} of ${version.name} ready${beside}`
}

/** A Service that leads to the pods of one hash alone. */
const pinned = (service: Service, hash: string): Service => ({
  ...service,
  spec: { ...service.spec, selector: { ...service.spec.selector, [HASH]: hash } },
})

const plainSpec = ({ spec }: Service): Pick<Service["spec"], "selector" | "ports"> => ({
  selector: without(spec.selector ?? {}, HASH),
  ports: spec.ports ?? [],
})

/** How long a new Service may take to find its pods. */
const PREVIEW_SECONDS = 10

/** Health, smoke tests and the digest, while the old pods have all of the traffic. */
async function tryOut(context: Context, plan: Plan, state: State, log: string[]): Promise<string> {
  const revision = await must(state.revision)
  const { service } = plan.manifests
  await preview(context, service, revision.hash)
  const reached = async () => (await targets(context, previewName(context.names))).length > 0
  await until(context, PREVIEW_SECONDS, reached, 200)
  log.push(await healthy(context, revision))
  log.push(await smoke(context))
  const address = `http://${service.metadata.name}-preview.${context.namespace}:${service.spec.ports?.[0]?.port ?? 80}`
  for (const attempt of plan.smokes) log.push(await attempt(context, address, revision.template, log))
  const now = await observe(context)
  log.push(sameDigest(now.revisions.find(({ hash }) => hash === revision.hash) ?? revision, plan.digests))
  return log.join("; ")
}

/** Gives the new pods the traffic. */
async function flip(context: Context, { manifests }: Plan, state: State): Promise<string> {
  const revision = await must(state.revision)
  state.watch = await beforeTraffic(context, revision)
  const begun = context.clock.now()
  await keep(context, state, { phase: "switch" })
  context.mustHold()
  await context.kube.apply(pinned(manifests.service, revision.hash))
  await leadsTo(context, revision)
  await keep(context, state, { phase: "soak", switchedAt: new Date(context.clock.now()).toISOString() })
  state.watch.begun = context.clock.now()
  return `${revision.version} has the traffic, after ${((context.clock.now() - begun) / 1000).toFixed(1)} s`
}

/** Brings all else up to the version, and lets the old pods go. */
async function finish(context: Context, { manifests, version }: Plan, state: State): Promise<string> {
  state.followers = await follow(context, manifests.last)
  await keep(context, state, { phase: "finish" })
  await settle(context, rolloutOf(state))
  await tidy(context)
  const others = state.followers.names.length
  return `only ${version.name} runs${others === 0 ? "" : `, with ${count(others, "other object")}`}`
}

/** Undoes what failed, and says how that went with what failed. */
async function takeBack(
  context: Context,
  plan: Plan,
  state: State,
  steps: Walk,
): Promise<Omit<Walked, "alerts">> {
  const { rollout } = state
  const facts: Record<string, string> = { failed: steps.stop?.step ?? "", reason: steps.stop?.reason ?? "" }
  const result = () => ({ status: "failed" as const, steps: steps.all(), facts })
  if (rollout === undefined) {
    steps.add("nothing was changed")
    return result()
  }
  if (rollout.phase === "finish") {
    steps.add("the new version has the traffic and had proved itself; `slipway finish` goes on")
    return result()
  }
  try {
    const { text, back } = await undo(context, rollout, steps.stop?.reason ?? "")
    if (state.followers !== undefined) await followBack(context, state.followers)
    const schema = plan.migrate === undefined ? "" : plan.schema
    steps.add(
      `rolled back: ${text}${back === undefined ? "" : `, ${back.toFixed(1)} s after it was noticed`}`,
      schema,
    )
    Object.assign(facts, {
      rolledBackTo: rollout.fromVersion,
      ...(back !== undefined && { back: back.toFixed(1) }),
    })
  } catch (error) {
    const problem = error instanceof Setback || error instanceof Error ? error.message : String(error)
    steps.add(
      `it could not be undone now: ${problem}; the next \`slipway status\` or \`slipway deploy\` does so`,
    )
  }
  return result()
}
