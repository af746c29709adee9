import { type Container, dag, type Directory, type File, type Secret } from "@dagger.io/dagger"
import { type Execution, logOf } from "../stage/execute.js"
import { privateBytes, privateText } from "../stage/privateFiles.js"
import { toolFacts } from "./checks.js"
import { Ledger } from "./applyLedger.js"
import { type ExitCode as Code, ExitCode, fail } from "../lib/errors/catalogue.js"
import type { Finding } from "../lib/run/finding.js"
import { scrub } from "../lib/secrets/credentials.js"
import { applied, readable } from "../lib/infra/diagnostics.js"
import { chosenTargets, type InfraTarget, targetName } from "../lib/infra/roots.js"
import { encrypted, outdated, type SealedPlan, stateIdentity, unseal } from "../lib/infra/sealed.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { oneLine } from "../lib/text/words.js"
import { count } from "../lib/text/words.js"
import type { Run } from "../lib/run/verdict.js"
import { artifactsOf, failureOf, lockDigest } from "./planTarget.js"
import { executePrivately } from "./privateRun.js"
import { toolVersion } from "../lib/infra/tools.js"
import { attempted, identity, type Stage } from "../stage/stage.js"
import {
  checkedRoot,
  checkRoot,
  connected,
  type InfraInputs,
  OUT,
  terraform,
  toolCommand,
  toolText,
  work,
} from "./terraform.js"

/** Plan to apply, with the key and the run that it is recorded for. */
export interface ApplyOptions {
  run: Run
  plan?: File
  key?: Secret
  /** The service whose ledger records it. */
  service: string
}

/** Applies a reviewed plan, once for each run. An effect. Throws for nothing that can be missing or have changed. */
export function runApply(inputs: InfraInputs, options: ApplyOptions): Promise<Stage> {
  const stage = identity("apply", "apply", toolVersion(inputs.config), inputs.invocation)
  return attempted({ ...stage, repro: applyRepro(inputs, options.run) }, () => applyWork(inputs, options))
}

/** Command that applies the same plan again; with the same run id it takes effect only once. */
function applyRepro({ invocation, addresses }: InfraInputs, { id, sha }: Run): string {
  const secrets = addresses.map((address) => `--secrets=${address}`)
  const access = ["with-infra", ...secrets, "--plan=plan.sealed", "--plan-key=env://SLIPWAY_PLAN_KEY"]
  return `${invocation} ${shellQuote([...access, "ci", "--only=apply", `--sha=${sha}`, `--run-id=${id}`])}`
}

async function applyWork(inputs: InfraInputs, { run, plan, key, service }: ApplyOptions) {
  if (plan === undefined) throw fail("NO_PLAN", [])
  if (key === undefined) throw fail("NO_PLAN_KEY", [])
  const begun = Date.now()
  const password = await key.plaintext()
  const sealed = await unseal(await plan.contents(), password)
  const { about } = sealed
  const [target] = chosenTargets(inputs.targets, about.environment, about.root)
  if (target === undefined) throw fail("UNKNOWN_TARGET", [about.environment, about.root, []])
  const result = await applyTo(target, sealed, { inputs, run, key: password })
  const done = Object.entries(result.done).map(([kind, number]) => `${kind} ${number}`)
  const record = {
    kind: "apply" as const,
    status: result.succeeded ? ("succeeded" as const) : ("failed" as const),
    environment: target.environment,
    subject: target.root,
    sha: run.sha,
    run: run.id,
    startedAt: new Date(begun).toISOString(),
    finishedAt: new Date().toISOString(),
    facts: {
      plan: about.run,
      tool: about.tool,
      changes: done.join(", ") || "none",
      before: String(about.serial),
      after: String(result.serial),
    },
  }
  const entry = await new Ledger(terraform(inputs.config), inputs.space, service).append(record)
  return {
    ...result.outcome,
    milliseconds: Date.now() - begun,
    cached: false,
    log: result.log,
    ...(result.files && { files: result.files }),
    facts: {
      ...(await toolFacts(inputs)),
      [targetName(target)]: record.facts.changes,
      "state serial": `${about.serial} → ${result.serial}`,
      ledger: entry === undefined ? "recorded before, for the same run" : `entry ${entry.hash.slice(0, 12)}`,
    },
  }
}

interface Applied {
  succeeded: boolean
  outcome: { status: "passed" | "failed" | "error"; reason: string; exitCode: Code; findings: Finding[] }
  done: Record<string, number>
  serial: number
  log: string
  /** The state that could not be saved, encrypted. */
  files: Directory | undefined
}

async function applyTo(
  target: InfraTarget,
  { about, plan }: SealedPlan,
  { inputs, run, key }: { inputs: InfraInputs; run: Run; key: string },
): Promise<Applied> {
  const { config } = inputs
  const tool = await toolText(config)
  const place = { sha: run.sha, lock: await lockDigest(target, inputs) }
  const known = { lineage: about.lineage, serial: about.serial }
  const early = outdated(about, { ...place, ...known })
  const changed = about.tool === tool ? early : [...early, `the tool: planned by ${about.tool}, now ${tool}`]
  if (changed.length > 0) throw fail("PLAN_OUTDATED", [targetName(target), changed])
  const made = await connected(checkedRoot(await checkRoot(target.root, inputs)), target, inputs)
  // The run's id is part of the engine's cache key: a repeated run is not applied again.
  const reached = await executePrivately(
    made.container.withEnvVariable("SLIPWAY_RUN", run.id),
    work("connect", config, made.args),
    config.timeout,
  )
  if (reached.exitCode !== 0) throw await refusal(reached, made.secrets, target, inputs)
  await mustHaveBackend(reached, target)
  const late = outdated(about, { ...place, ...(await stateOf(reached)) })
  if (late.length > 0) throw fail("PLAN_OUTDATED", [targetName(target), late])
  const command = work("apply", config, [`-lock-timeout=${config.infra.lockTimeout}s`])
  const done = await executePrivately(withPlan(reached.container, plan, about.run), command, config.timeout)
  const changes = applied(done.stdout)
  const log = scrub(
    readable(`${logOf(work("connect", config, made.args), reached)}${logOf(command, done)}`),
    made.secrets,
  )
  const { serial } = await stateOf(done).catch(() => known)
  const files = done.exitCode === 0 ? undefined : await unsavedState(done, target, key)
  const outcome =
    done.exitCode === 0
      ? {
          status: "passed" as const,
          reason: appliedText(target, changes),
          exitCode: ExitCode.passed,
          findings: [],
        }
      : await failureOutcome(done, { secrets: made.secrets, target, inputs, kept: files !== undefined })
  return { succeeded: done.exitCode === 0, outcome, done: changes, serial, log, files }
}

/** File that both tools leave in the root if the backend doesn't take the state. */
const UNSAVED = "errored.tfstate"

/** Keeps a state that the backend didn't take, which would be gone with the container, encrypted with the plan's key. */
async function unsavedState(
  { container }: Execution,
  target: InfraTarget,
  key: string,
): Promise<Directory | undefined> {
  try {
    const folder = container.directory(".")
    if (!(await folder.exists(UNSAVED))) return undefined
    const state = await privateBytes(folder.file(UNSAVED))
    return artifactsOf(target, { [`${UNSAVED}.age`]: await encrypted(state, key) })
  } catch {
    // The apply's own failure, and its entry in the ledger, matter more.
    return undefined
  }
}

/** Length up to which the engine accepts a secret. */
const PART_LENGTH = 256 * 1024

/** Passes the tool's file as secrets: it contains some, and the engine logs the content of other files. */
function withPlan(container: Container, plan: Buffer, run: string): Container {
  const text = plan.toString("base64")
  const parts = Array.from({ length: Math.ceil(text.length / PART_LENGTH) }, (_, index) =>
    text.slice(index * PART_LENGTH, (index + 1) * PART_LENGTH),
  )
  return parts.reduce(
    (changed, part, index) =>
      changed.withMountedSecret(
        `/slipway/plan/${String(index).padStart(4, "0")}`,
        dag.setSecret(`slipway plan ${run} ${index}`, part),
      ),
    container,
  )
}

interface Failure {
  secrets: readonly string[]
  target: InfraTarget
  inputs: InfraInputs
  /** True if the state that could not be saved is among the reports. */
  kept: boolean
}

async function failureOutcome(run: Execution, { secrets, target, inputs, kept }: Failure) {
  const { reason, exitCode, findings } = await failureOf(run, secrets, target, inputs)
  const before = appliedText(target, applied(run.stdout))
  const tool = toolCommand(inputs.config)
  const next = kept ? `; ${UNSAVED}.age has it: \`age -d\` it, then \`${tool} state push\`` : ""
  return { status: "error" as const, reason: oneLine(`${reason}${next} (${before})`), exitCode, findings }
}

async function refusal(run: Execution, secrets: readonly string[], target: InfraTarget, inputs: InfraInputs) {
  const { reason, exitCode } = await failureOf(run, secrets, target, inputs)
  return fail("APPLY_REFUSED", [targetName(target), reason, exitCode])
}

const stateOf = async ({ container }: Execution) =>
  stateIdentity(await privateText(container.file(`${OUT}/state.json`)))

function appliedText(target: InfraTarget, changes: Readonly<Record<string, number>>): string {
  const total = Object.values(changes).reduce((sum, number) => sum + number, 0)
  const kinds = Object.entries(changes).map(([kind, number]) => `${number} ${kind}`)
  return `${targetName(target)}: ${count(total, "change")} applied${total === 0 ? "" : ` (${kinds.join(", ")})`}`
}

/** Fails with NO_BACKEND for a state inside the container, which would be lost with it. */
async function mustHaveBackend({ container }: Execution, target: InfraTarget): Promise<void> {
  const file = ".terraform/terraform.tfstate"
  const folder = container.directory(".")
  const text = (await folder.exists(file)) ? await privateText(folder.file(file)) : "{}"
  const { backend } = JSON.parse(text) as { backend?: { type?: string } }
  if (backend?.type === undefined || backend.type === "local") throw fail("NO_BACKEND", [targetName(target)])
}
