import { dag, type Directory } from "@dagger.io/dagger"
import { contextOf, type DeployInputs } from "./environment.js"
import { planOf } from "./plan.js"
import { findRelease } from "./wantedRelease.js"
import { type ReleaseAccess } from "./wantedRelease.js"
import { type Deployed } from "./wantedRelease.js"
import { withProof } from "./proof.js"
import { type Facts, serving } from "../lib/deploy/facts.js"
import { giveUp, manifestsOf, targetOf } from "../lib/deploy/rollback.js"
import { deploy, type Ran } from "../lib/deploy/run.js"
import { type Step, STEPS } from "../lib/deploy/steps.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { gitNotes } from "./ledgerNotes.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"

/** What a run deploys: what it has just released, what a reference names, or what was there before. */
export interface Wish {
  /** Released and verified by this very run. */
  released?: Deployed
  reference: string
  rollback: boolean
}

/**
 * Deploys, a stage for each step. Throws for nothing that can be missing: an environment without a cluster is an error
 * of the first step.
 */
export async function runDeploy(
  inputs: DeployInputs,
  access: ReleaseAccess,
  wish: Wish,
  repro: string,
): Promise<Stage[]> {
  const lines: string[] = []
  const say = (line: string) => {
    lines.push(`${new Date().toISOString()} ${line}\n`)
    inputs.say(line)
  }
  let ran: Ran | undefined
  const begun = Date.now()
  const first = { ...identity("deploy", "prepare", "", ""), repro }
  const stage = await attempted(first, async () => {
    ran = wish.rollback
      ? await rollback({ ...inputs, say }, access, wish.reference)
      : await deployIt({ ...inputs, say }, access, wish)
    return { ...skipped(""), milliseconds: Date.now() - begun }
  })
  if (ran === undefined) return [stage, ...left(repro)]
  const notes = await gitNotes({ ...inputs, say }, ran.entry)
  return stagesOf(ran, notes, lines.join(""), repro)
}

async function deployIt(inputs: DeployInputs, access: ReleaseAccess, wish: Wish): Promise<Ran> {
  const { context, manifests } = await contextOf(inputs)
  const deployed = wish.released ?? (await findRelease(inputs, access, wish.reference))
  inputs.say(
    `${deployed.name} (${deployed.digest.slice(0, 19)}) to ${inputs.environment}: ${deployed.verified}`,
  )
  const plan = await planOf(inputs, manifests, deployed)
  const proving = (facts: Facts) => withProof(plan, inputs, access, { deployed, previous: serving(facts) })
  return deploy(context, (facts) => Promise.resolve(proving(facts)), manifests.first)
}

/** Goes back to an earlier version: by its digest, verified again, with the settings that it had. */
async function rollback(inputs: DeployInputs, access: ReleaseAccess, wanted: string): Promise<Ran> {
  const { context, manifests } = await contextOf(inputs)
  const target = await targetOf(context, wanted)
  if (target === undefined) return { ...NOTHING, recovered: await giveUp(context) }
  const found = await findRelease(inputs, access, target.image === "" ? target.digest : target.image)
  const deployed = { ...found, name: target.version, commit: target.commit }
  inputs.say(`back to ${deployed.name} (${deployed.digest.slice(0, 19)}): ${deployed.verified}`)
  const plan = await planOf(inputs, manifests, deployed, false)
  return deploy(context, async (facts) => {
    const live = await manifestsOf(context, facts, target)
    return { ...plan, kind: "rollback", ...(live !== undefined && { manifests: live }) }
  })
}

const NOTHING: Omit<Ran, "recovered"> = {
  status: "unchanged",
  steps: [],
  alerts: [],
  facts: {},
  entry: undefined,
}

const left = (repro: string): Stage[] =>
  STEPS.slice(1).map((name) => ({
    ...identity("deploy", name, "", ""),
    repro,
    ...skipped("prepare did not pass"),
  }))

function stagesOf(
  { steps, status, recovered, entry, alerts }: Ran,
  notes: Record<string, string>,
  timeline: string,
  repro: string,
): Stage[] {
  const facts = {
    ...notes,
    ...(recovered !== "" && { "put in order": recovered }),
    ...(entry !== undefined && { ledger: `entry ${entry.hash.slice(0, 12)}` }),
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

const ledgerFiles = (entry: Ran["entry"]): Directory =>
  entry === undefined
    ? dag.directory()
    : dag.directory().withNewFile("deploy/entry.json", `${JSON.stringify(entry, null, 2)}\n`)

/** A run that had failed hasn't passed when it is repeated. */
const idle = (name: Step["name"], recovered: string, outcome: Ran["status"]): Step => {
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

/** What else the cluster knows of what failed. */
const findingsOf = ({ status, name, reason, log }: Step): Stage["findings"] =>
  status !== "failed"
    ? []
    : log
        .filter((line) => line.trim() !== "" && !reason.includes(line))
        .slice(0, 10)
        .map((message) => ({ tool: name, rule: "cluster", level: "note" as const, message }))
