import { dag, type Directory } from "@dagger.io/dagger"
import { alertRulesFacts } from "./alertRules.js"
import { contextOf, type DeployInputs, requireManifests } from "./environment.js"
import { planWithoutObjects, rolloutPlan, unmigratedText } from "./plan.js"
import { committedDigest, commitPlan } from "./manifestRepository.js"
import { findKnownRelease, findRelease } from "./wantedRelease.js"
import { type ReleaseAccess } from "./wantedRelease.js"
import { type WantedRelease } from "./wantedRelease.js"
import { withProof } from "./proof.js"
import { claimPreview } from "./preview.js"
import { promotionOf } from "./promotion.js"
import { reviewOfRelease } from "./review.js"
import { type Facts, serving } from "../lib/deploy/facts.js"
import { abandonRollout, earlierRollback, findRollbackTarget, manifestsOf } from "../lib/deploy/rollback.js"
import type { RolloutPlan } from "../lib/deploy/rollout.js"
import { goodVersions } from "../lib/deploy/goodVersions.js"
import { deployOnce, type DeployResult } from "../lib/deploy/run.js"
import type { Context } from "../lib/deploy/context.js"
import { isLive } from "../lib/deploy/liveManifests.js"
import { bareImageName, type Manifests } from "../lib/deploy/manifests.js"
import { type Step, STEPS } from "../lib/deploy/steps.js"
import { ExitCode, fail } from "../lib/errors/catalogue.js"
import { gitNotes } from "./ledgerNotes.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import { jsonText } from "../lib/text/json.js"

/** The version to deploy: just released, named by a reference, or an earlier one. */
export interface DeployRequest {
  /** Released and verified by this run. */
  released?: WantedRelease
  /** Why the environment doesn't take what this run released. */
  refusal?: string | undefined
  reference: string
  rollback: boolean
}

/**
 * Deploys, and returns a stage per step.
 *
 * Doesn't throw for missing inputs: an environment without a cluster is an error of the first step.
 */
export async function runDeploy(
  inputs: DeployInputs,
  access: ReleaseAccess,
  request: DeployRequest,
  repro: string,
): Promise<Stage[]> {
  const lines: string[] = []
  const say = (line: string) => {
    lines.push(`${new Date().toISOString()} ${line}\n`)
    inputs.say(line)
  }
  let ran: DeployResult | undefined
  const startedAt = Date.now()
  const first = { ...identity("deploy", "prepare", "", ""), repro }
  const stage = await attempted(first, async () => {
    ran = request.rollback
      ? await rollback({ ...inputs, say }, access, request.reference)
      : await deployRelease({ ...inputs, say }, access, request)
    return { ...skipped(""), milliseconds: Date.now() - startedAt }
  })
  if (ran === undefined) return [stage, ...notBegun(repro)]
  const notes = {
    ...(await gitNotes({ ...inputs, say }, ran.entry)),
    ...(await alertRulesFacts({ ...inputs, say }, ran)),
  }
  return stagesOf(ran, notes, lines.join(""), repro)
}

async function deployRelease(
  inputs: DeployInputs,
  access: ReleaseAccess,
  request: DeployRequest,
): Promise<DeployResult> {
  const { config, environment } = inputs
  const { environments } = config.deploy
  if (!environments.includes(environment)) throw fail("NOT_DEPLOYED_HERE", [environment, environments])
  if (request.refusal !== undefined) throw fail("NOT_A_VERSION", [environment, request.refusal])
  await requireManifests(inputs)
  const { context, manifests } = await contextOf(inputs)
  const deployed = request.released ?? (await findRelease(inputs, access, request.reference))
  inputs.say(`${deployed.name} (${deployed.digest.slice(0, 19)}) to ${environment}: ${deployed.verified}`)
  const review = await reviewOfRelease(inputs, access.wanted.origin ?? "", deployed.commit)
  if (review !== "") inputs.say(review)
  const promotion = await promotionOf(inputs, deployed)
  if (promotion !== "") inputs.say(promotion)
  await claimPreview(inputs, context.kube)
  const plan = await planFor(inputs, manifests, deployed, "deploy")
  const proving = (facts: Facts) => withProof(plan, inputs, access, { deployed, previous: serving(facts) })
  return deployOnce(
    { ...context, review, promotion },
    (facts) => Promise.resolve(proving(facts)),
    manifests.first,
    { kind: "deploy", digest: deployed.digest },
  )
}

/** Rolls back to an earlier version by its digest, with the settings that it had. */
async function rollback(inputs: DeployInputs, access: ReleaseAccess, wanted: string): Promise<DeployResult> {
  const { context, manifests } = await contextOf(inputs)
  const done = wanted === "" ? await earlierRollback(context) : undefined
  if (done !== undefined) return done
  const target = await findRollbackTarget(context, wanted, await digestToLeave(inputs, context))
  if (target === undefined) return { ...NOTHING, recovered: await abandonRollout(context) }
  const deployed = await findKnownRelease(inputs, access, target)
  inputs.say(`rolling back to ${deployed.name} (${deployed.digest.slice(0, 19)}): ${deployed.verified}`)
  const plan = await planFor(inputs, manifests, deployed, "rollback")
  const makePlan = async (facts: Facts): Promise<RolloutPlan> => {
    if (plan.commit !== undefined) return { ...plan, kind: "rollback" }
    const live = await manifestsOf(context, facts, target)
    return { ...plan, kind: "rollback", ...(live !== undefined && { manifests: live }) }
  }
  // Repeated without a version, it must not go back further.
  const digest = wanted === "" ? undefined : target.digest
  return deployOnce(context, makePlan, [], { kind: "rollback", digest })
}

/** Plans a rollout by Slipway, or by a commit for a controller. */
async function planFor(
  inputs: DeployInputs,
  manifests: Manifests,
  deployed: WantedRelease,
  kind: RolloutPlan["kind"],
): Promise<RolloutPlan> {
  const migrates = kind === "deploy"
  if (inputs.config.deploy.commit.repository === undefined)
    return rolloutPlan(inputs, manifests, deployed, migrates)
  const live = isLive(manifests)
  const unmigrated = migrates && !live ? await unmigratedText(inputs) : ""
  const plan = live
    ? await rolloutPlan(inputs, manifests, deployed, migrates)
    : planWithoutObjects(manifests, deployed)
  return { ...plan, commit: commitPlan(inputs, plan.version, { kind, unmigrated }) }
}

/** The digest that a rollback leaves, if not the one that runs: a commit may not be applied yet. */
const digestToLeave = async (inputs: DeployInputs, context: Context): Promise<string | undefined> => {
  if (inputs.config.deploy.commit.repository === undefined) return undefined
  const { entries } = await context.ledger.read()
  const [known] = goodVersions(entries)
  return known === undefined ? undefined : committedDigest(inputs, bareImageName(known.image))
}

const NOTHING: Omit<DeployResult, "recovered"> = {
  status: "unchanged",
  steps: [],
  alerts: [],
  facts: {},
  entry: undefined,
}

const notBegun = (repro: string): Stage[] =>
  STEPS.slice(1).map((name) => ({
    ...identity("deploy", name, "", ""),
    repro,
    ...skipped("prepare did not pass"),
  }))

function stagesOf(
  { steps, status, recovered, entry, alerts }: DeployResult,
  notes: Record<string, string>,
  timeline: string,
  repro: string,
): Stage[] {
  const facts = {
    ...notes,
    ...(recovered !== "" && { reconciled: recovered }),
    ...(entry !== undefined && { ledger: `entry ${entry.hash.slice(0, 12)}` }),
    ...(entry?.facts["review"] && { review: entry.facts["review"] }),
    ...(entry?.facts["promotion"] && { promotion: entry.facts["promotion"] }),
    ...(entry?.facts["offMain"] && { "not on main": entry.facts["offMain"] }),
    ...(alerts.length > 0 && { ALERT: alerts.join("; ") }),
  }
  const known = steps.length > 0 ? steps : STEPS.map((name) => idle(name, recovered, status))
  return known.map((step, index) => ({
    ...identity("deploy", step.name, "", ""),
    repro,
    status: step.status,
    reason: step.reason,
    milliseconds: step.milliseconds,
    exitCode: step.exitCode,
    cached: step.status === "skipped" ? null : false,
    log: `${step.log.join("\n")}\n${index === 0 ? timeline : ""}`,
    ...(step.began > 0 && { began: step.began }),
    findings: findingsOf(step),
    ...(index === 0 && { facts: { ...facts, outcome: status }, files: ledgerFiles(entry) }),
  }))
}

const ledgerFiles = (entry: DeployResult["entry"]): Directory =>
  entry === undefined ? dag.directory() : dag.directory().withNewFile("deploy/entry.json", jsonText(entry))

/** The step of a repeated run: one that had failed doesn't pass when repeated. */
const idle = (name: Step["name"], recovered: string, outcome: DeployResult["status"]): Step => {
  const good = outcome === "unchanged" || outcome === "succeeded"
  const status = good ? "passed" : "failed"
  return {
    name,
    status: name === "prepare" ? status : "skipped",
    milliseconds: 0,
    began: 0,
    log: [],
    reason: recovered === "" ? "there was nothing to do" : recovered,
    exitCode: good ? ExitCode.passed : ExitCode.gateFailed,
  }
}

/** Returns the cluster's diagnosis of a failed step as findings. */
const findingsOf = ({ status, name, reason, log }: Step): Stage["findings"] =>
  status !== "failed"
    ? []
    : log
        .filter((line) => line.trim() !== "" && !reason.includes(line))
        .slice(0, 10)
        .map((message) => ({ tool: name, rule: "cluster", level: "note" as const, message }))
