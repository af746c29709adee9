import { dag, type Directory, type Secret, type Service } from "@dagger.io/dagger"
import { type InspectedEnvironment, inspectEnvironment, deleteObjects, planClusters } from "./cluster.js"
import { recordsWork } from "./records.js"
import { applyPlan, planRegistry, type CleanupRepository } from "./registry.js"
import { overlayOf } from "../deploy/environment.js"
import { environmentOf } from "../lib/config/environment.js"
import { type Destination, destinationOf } from "../registry/destination.js"
import { REGCTL_VERSION } from "../stage/images.js"
import {
  type CleanupReport,
  clusterMarkdown,
  type ClusterReport,
  clusterText,
  type DeletionResult,
  registryMarkdown,
  type RegistryReport,
  registryText,
  type CleanupOutcome,
} from "../lib/cleanup/report.js"
import { usesOf } from "../lib/cleanup/use.js"
import { ENVIRONMENTS, type Environment } from "../lib/config/deploy.js"
import { ExitCode, exitCodeOf, fail, SlipwayError } from "../lib/errors/catalogue.js"
import { once } from "../lib/run/once.js"
import type { Run } from "../lib/run/verdict.js"
import { without } from "../lib/text/json.js"
import { oneLine } from "../lib/text/words.js"
import { registryTools } from "../registry/access.js"
import { namedSecrets } from "../stage/secrets.js"
import { attempted, identity, messageOf, skipped, type Stage } from "../stage/stage.js"
import type { PythonService } from "../stage/service.js"

/** Inputs of a cleanup. */
export interface CleanupInputs extends Omit<PythonService, "now"> {
  run: Run
  /** The time from which ages are computed. */
  now: Date
  /** Kubeconfigs and other secrets, as for deployments. */
  secrets: readonly Secret[]
  /** The cluster's API, if not at the address in the kubeconfig. */
  cluster: Service | undefined
  /** The environment whose cluster is cleaned up; empty for all. Images are always judged by all environments. */
  environment: string
  /** False for a plan only. */
  apply: boolean
  destination: Destination
  /** The command that repeats it. */
  repro: string
}

/** An environment with its state or the error of inspecting it. */
type Inspection = { environment: Environment } & ({ asked: InspectedEnvironment } | { error: unknown })

/**
 * Cleans up registry and clusters and reports expired exceptions, a stage each. Never throws.
 */
export async function cleanupStages(inputs: CleanupInputs): Promise<Stage[]> {
  const { repro, run, apply } = inputs
  const report: CleanupReport = { schema: 1, run: run.id, applied: apply }
  const answers = once(() => inspectAll(inputs))
  const about = (name: "registry" | "cluster" | "records", version: string) => ({
    ...identity("cleanup", name, version, ""),
    repro,
  })
  const timed = (stage: ReturnType<typeof about>, work: () => Promise<CleanupOutcome>): Promise<Stage> =>
    attempted(stage, async () => {
      const began = Date.now()
      const done = await work()
      const cached = done.status === "skipped" ? null : false
      return { ...done, milliseconds: Date.now() - began, began, cached }
    })
  const stages = [
    await timed(about("registry", REGCTL_VERSION), () => registryWork(inputs, answers, report)),
    await timed(about("cluster", ""), () => clusterWork(inputs, answers, report)),
    await timed(about("records", ""), () => recordsWork(inputs)),
  ]
  const [first, ...others] = stages
  return first === undefined ? [] : [{ ...first, files: filesOf(report) }, ...others]
}

function filesOf(report: CleanupReport): Directory {
  const { registry, cluster } = report
  const texts = [
    ...(registry === undefined ? [] : [registryMarkdown(registry)]),
    ...(cluster === undefined ? [] : [clusterMarkdown(cluster)]),
  ]
  return dag
    .directory()
    .withNewFile("cleanup/plan.json", `${JSON.stringify(report, null, 2)}\n`)
    .withNewFile("cleanup/plan.md", texts.length === 0 ? "Nothing was inspected.\n" : texts.join("\n"))
}

/** Inspects all configured environments. */
async function inspectAll(inputs: CleanupInputs): Promise<Inspection[]> {
  const { source, config, run, cluster } = inputs
  const secrets = await namedSecrets(inputs.secrets)
  const exist = await Promise.all(ENVIRONMENTS.map((name) => source.exists(overlayOf(config, name))))
  const wanted = config.cleanup.environments ?? ENVIRONMENTS.filter((_, index) => exist[index])
  return Promise.all(
    wanted.map(async (environment): Promise<Inspection> => {
      const made = {
        ...inputs,
        now: inputs.now.toISOString(),
        environment,
        secrets,
        cluster,
        run: run.id,
        say: () => undefined,
      }
      return inspectEnvironment(made).then(
        (asked) => ({ environment, asked }),
        (error: unknown) => ({ environment, error }),
      )
    }),
  )
}

const isInspected = (answer: Inspection): answer is Inspection & { asked: InspectedEnvironment } =>
  "asked" in answer

async function registryWork(
  inputs: CleanupInputs,
  answers: () => Promise<Inspection[]>,
  report: CleanupReport,
): Promise<CleanupOutcome> {
  const { source, config, destination, apply, now } = inputs
  if (!destination.embedded && (destination.registry ?? config.release.registry) === undefined)
    return skipped("slipway.yaml names no registry (release.registry)")
  const all = await answers()
  const blind = all.find((answer) => !isInspected(answer))
  if (blind !== undefined && "error" in blind) {
    const error = unreadableEnvironment(blind.environment, blind.error)
    // A plan deletes nothing, so this is no error.
    if (apply) throw error
    return skipped(oneLine(error.message.split("\n")[0] ?? ""))
  }
  const { access, repository: name } = await destinationOf(destination, source, config)
  const { rollbacks } = config.cleanup
  const repository: CleanupRepository = {
    name,
    tools: await registryTools(access, config),
    policy: config.cleanup,
    now: now.getTime(),
    uses: all.filter(isInspected).flatMap(({ asked }) => usesOf(asked, name, rollbacks)),
  }
  const plan = await planRegistry(repository)
  const { plan: carried, done } = apply ? await applyPlan(repository, plan) : { plan, done: undefined }
  const { kept, going } = carried
  const found: RegistryReport = { repository: name, kept, going, ...(done !== undefined && { done }) }
  report.registry = found
  return {
    ...outcome(registryText(found), done),
    log: registryMarkdown(found),
    sections: [registryMarkdown(found)],
  }
}

function unreadableEnvironment(environment: Environment, error: unknown): SlipwayError {
  const reason = messageOf(error).split("\n")[0] ?? ""
  return fail("CLEANUP_BLIND", [environment, reason, exitCodeOf(error)], { cause: error })
}

async function clusterWork(
  inputs: CleanupInputs,
  answers: () => Promise<Inspection[]>,
  report: CleanupReport,
): Promise<CleanupOutcome> {
  const { config, environment, apply, now } = inputs
  const all = await answers()
  const chosen =
    environment === "" ? all : all.filter((answer) => answer.environment === environmentOf(environment))
  const asked = chosen.filter(isInspected).map((answer) => answer.asked)
  const silent = chosen.flatMap((answer) => ("error" in answer ? [answer] : []))
  const [first] = silent
  if (first !== undefined && apply) throw first.error
  if (asked.length === 0)
    return skipped(
      first === undefined ? "nothing is deployed" : oneLine(messageOf(first.error).split("\n")[0] ?? ""),
    )
  const every = all.filter(isInspected).map((answer) => answer.asked)
  const found = await planClusters(asked, every, config, now.getTime())
  const done = apply ? await deleteObjects(found) : undefined
  const going = found.map((each) => without(each, "of"))
  const made: ClusterReport = {
    environments: asked.map((each) => each.environment),
    going,
    ...(done !== undefined && { done }),
  }
  report.cluster = made
  return {
    ...outcome(clusterText(made), done),
    log: clusterMarkdown(made),
    sections: [clusterMarkdown(made)],
  }
}

/** Failed deletions are errors of the infrastructure. */
function outcome(reason: string, done: DeletionResult | undefined): Omit<CleanupOutcome, "log" | "sections"> {
  const [left] = done?.left ?? []
  if (left === undefined) return { status: "passed", reason, findings: [], exitCode: ExitCode.passed }
  return {
    status: "error",
    reason: oneLine(`${reason}: ${left.why}`),
    exitCode: ExitCode.infrastructure,
    findings: (done?.left ?? []).map(({ what, why }) => ({
      tool: "slipway",
      rule: "left",
      level: "error" as const,
      message: `${what} could not be deleted: ${why}`,
    })),
  }
}
