import { randomUUID } from "node:crypto"
import { type Container, dag, type Directory } from "@dagger.io/dagger"
import { type Execution, logOf } from "../stage/execute.js"
import { privateText } from "../stage/privateFiles.js"
import { type ExitCode as Code, exitCodeOf, ExitCode, fail } from "../lib/errors/catalogue.js"
import type { Finding } from "../lib/run/finding.js"
import { scrub } from "../lib/secrets/credentials.js"
import { failureCause, readable } from "../lib/infra/diagnostics.js"
import { maskedPlan } from "../lib/infra/maskedPlan.js"
import { planSecrets } from "../lib/infra/masks.js"
import { type PlanJson, readPlan } from "../lib/infra/planJson.js"
import { type InfraTarget, targetFolder, targetName } from "../lib/infra/roots.js"
import { sha256, stateIdentity } from "../lib/infra/sealed.js"
import { interrupted, TIMED_OUT } from "../lib/run/command.js"
import { executePrivately } from "./privateRun.js"
import {
  checkedRoot,
  checkRoot,
  type Connected,
  connected,
  disconnected,
  type InfraInputs,
  lacksAzure,
  OUT,
  toolCommand,
  work,
} from "./terraform.js"
import { messageOf } from "../lib/run/execError.js"

/** Kind of plan: changes of an apply, or drift. */
export type Planning = "plan" | "refresh"

/** Plan of one target, with its origin. */
export interface Planned {
  target: InfraTarget
  plan: PlanJson
  /** The plan for an artifact, without sensitive values. */
  masked: string
  /** The tool's own text for people, without sensitive values. */
  text: string
  /** Container that holds the plan, without credentials. */
  container: Container
  lineage: string
  serial: number
  /** Of the lock file; empty without one. */
  lock: string
  log: string
}

/** Reason why a target could not be planned. */
export interface Unplanned {
  target: InfraTarget
  /** True if it has no credentials, as in a fork. */
  skipped: boolean
  reason: string
  exitCode: Code
  findings: Finding[]
  log: string
}

export const isPlanned = (result: Planned | Unplanned): result is Planned => "plan" in result

/** Plans a target, bypassing the cache. Never throws because of the source or the backend. */
export async function planTarget(
  planning: Planning,
  target: InfraTarget,
  inputs: InfraInputs,
): Promise<Planned | Unplanned> {
  const failed = { target, skipped: false, findings: [], log: "" }
  if (lacksAzure(target, inputs)) {
    const reason = "not planned: there are no Azure credentials (a fork has none)"
    return { ...failed, skipped: true, reason, exitCode: ExitCode.passed }
  }
  try {
    return await planned(planning, target, inputs)
  } catch (error) {
    const reason = messageOf(error)
    return { ...failed, reason, exitCode: exitCodeOf(error), log: reason }
  }
}

async function planned(
  planning: Planning,
  target: InfraTarget,
  inputs: InfraInputs,
): Promise<Planned | Unplanned> {
  const { container, command, secrets } = await preparePlan(planning, target, inputs)
  const { timeout } = inputs.config
  const run = await executePrivately(fresh(container), command, timeout)
  const log = scrub(readable(logOf(command, run)), secrets)
  if (run.exitCode !== 0)
    return { target, skipped: false, log, ...(await failureOf(run, secrets, target, inputs)) }
  const reading = work("show", inputs.config)
  const shown = await executePrivately(disconnected(run.container, target, inputs), reading, timeout)
  if (shown.exitCode !== 0)
    return { target, skipped: false, log, ...(await failureOf(shown, secrets, target, inputs)) }
  const read = (name: string) => privateText(shown.container.file(`${OUT}/${name}`))
  const [json, text, state, lock] = await Promise.all([
    read("plan.json"),
    read("plan.txt"),
    read("state.json"),
    lockDigest(target, inputs),
  ])
  const plan = readPlan(json)
  // Neither tool hides sensitive values everywhere.
  const hidden = (said: string) => planSecrets(plan).hide(scrub(said, secrets))
  return {
    target,
    plan,
    masked: scrub(`${JSON.stringify(maskedPlan(plan))}\n`, secrets),
    text: hidden(text),
    container: shown.container,
    ...stateIdentity(state),
    lock,
    log: `${hidden(log)}\n${hidden(text)}`,
  }
}

/** The container in which a target is planned, and the command that does it. */
export async function preparePlan(
  planning: Planning,
  target: InfraTarget,
  inputs: InfraInputs,
): Promise<Connected & { command: string[] }> {
  const made = await connected(checkedRoot(await checkRoot(target.root, inputs)), target, inputs)
  const wait = planning === "plan" ? [`-lock-timeout=${inputs.config.infra.lockTimeout}s`] : []
  return { ...made, command: work(planning, inputs.config, [...made.args, ...wait]) }
}

/** Bypasses the cache, since the state may have changed. */
export const fresh = (container: Container): Container =>
  container.withEnvVariable("SLIPWAY_RUN", randomUUID())

/** Cause of a failed run in a target. */
export async function failureOf(
  run: Execution,
  secrets: readonly string[],
  { root }: InfraTarget,
  { config }: InfraInputs,
): Promise<{ reason: string; exitCode: Code; findings: Finding[] }> {
  const interruption =
    run.exitCode >= TIMED_OUT ? interrupted(run, toolCommand(config), config.timeout) : undefined
  if (interruption !== undefined) return { ...interruption, exitCode: ExitCode.infrastructure }
  const step = (await run.container.file(`${OUT}/step`).contents()).trim()
  const [stdout, stderr] = [scrub(run.stdout, secrets), scrub(run.stderr, secrets)]
  return failureCause(toolCommand(config), root, { step, log: stdout + stderr, stream: stdout })
}

/** SHA-256 of a root's lock file. */
export async function lockDigest(
  { root }: Pick<InfraTarget, "root">,
  { source }: InfraInputs,
): Promise<string> {
  const path = `${root}/.terraform.lock.hcl`
  const found = await source.filter({ include: [path.replace(/^\.\//, "")] }).glob("**/*")
  return found.length === 0 ? "" : sha256(await source.file(path).contents())
}

/** The artifacts of a target, below its folder. */
export const artifactsOf = (target: InfraTarget, files: Readonly<Record<string, string>>): Directory =>
  Object.entries(files).reduce(
    (folder, [name, text]) => folder.withNewFile(`${targetFolder(target)}/${name}`, text),
    dag.directory(),
  )

/** Returns the plan. Fails with PLAN_FAILED. */
export function mustBePlanned(result: Planned | Unplanned): Planned {
  if (isPlanned(result)) return result
  throw fail("PLAN_FAILED", [targetName(result.target), result.reason, result.exitCode || ExitCode.badInput])
}
