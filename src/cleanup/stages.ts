import { dag, type Directory, type Secret, type Service } from "@dagger.io/dagger"
import { inspectAll } from "./environments.js"
import { recordsWork } from "./records.js"
import { repositoryClient } from "./registry.js"
import type { Config } from "../lib/config/config.js"
import { environmentOf, environmentsOf } from "../lib/config/environments.js"
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
import {
  type CleanupAnswers,
  inspectAgain,
  type EnvironmentAnswer,
  isInspected,
  previewsOf,
  usesIn,
} from "../lib/cleanup/asked.js"
import { deleteObjects, planClusters } from "../lib/cleanup/live.js"
import type { ImageUse } from "../lib/cleanup/policy.js"
import { applyPlan, planRepository } from "../lib/cleanup/repository.js"
import { previewNumber } from "../lib/text/previews.js"
import { ExitCode, fail, SlipwayError } from "../lib/errors/catalogue.js"
import { once } from "../lib/run/once.js"
import type { Run } from "../lib/run/verdict.js"
import { jsonText, without } from "../lib/text/json.js"
import { oneLine } from "../lib/text/words.js"
import { registryTools } from "../registry/access.js"
import { namedSecrets } from "../stage/secrets.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import { messageOf } from "../lib/run/execError.js"
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
  /** Keep all images, instead of failing, where an environment can't be asked for those that it runs. */
  imagesIfKnown?: boolean
  /** False for a plan only. */
  apply: boolean
  destination: Destination
  /** The command that repeats it. */
  repro: string
}

/**
 * Cleans up registry and clusters and reports expired exceptions, a stage each. Never throws.
 */
export async function cleanupStages(inputs: CleanupInputs): Promise<Stage[]> {
  const { repro, run, apply } = inputs
  const report: CleanupReport = { schema: 1, run: run.id, applied: apply }
  const answers = once(() => askAll(inputs))
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
    .withNewFile("cleanup/plan.json", jsonText(report))
    .withNewFile("cleanup/plan.md", texts.length === 0 ? "Nothing was inspected.\n" : texts.join("\n"))
}

async function askAll(inputs: CleanupInputs): Promise<CleanupAnswers> {
  const secrets = await namedSecrets(inputs.secrets)
  const { now, run } = inputs
  return inspectAll({ ...inputs, now: now.toISOString(), secrets, run: run.id, say: () => undefined })
}

async function registryWork(
  inputs: CleanupInputs,
  answers: () => Promise<CleanupAnswers>,
  report: CleanupReport,
): Promise<CleanupOutcome> {
  const { source, config, destination, apply, now } = inputs
  if (!destination.embedded && (destination.registry ?? config.release.registry) === undefined)
    return skipped("slipway.yaml names no registry (release.registry)")
  const { access, repository: name } = await destinationOf(destination, source, config)
  const all = await answers()
  const usesOfAll = (found: CleanupAnswers) => usesIn(found, name, config.cleanup.rollbacks)
  let uses: ImageUse[]
  try {
    uses = usesOfAll(all)
  } catch (error) {
    // A plan deletes nothing, so this is no error.
    if (apply && inputs.imagesIfKnown !== true) throw error
    return skipped(oneLine(messageOf(error).split("\n")[0] ?? ""))
  }
  const client = repositoryClient(name, await registryTools(access, config))
  const retention = { policy: config.cleanup, now: now.getTime() }
  const plan = await planRepository(client, retention, uses)
  const { plan: carried, done } = apply
    ? await applyPlan(client, retention, plan, async () => usesOfAll(await inspectAgain(all)))
    : { plan, done: undefined }
  const { kept, going } = carried
  const found: RegistryReport = { repository: name, kept, going, ...(done !== undefined && { done }) }
  report.registry = found
  return {
    ...outcome(registryText(found), done),
    log: registryMarkdown(found),
    sections: [registryMarkdown(found)],
  }
}

async function clusterWork(
  inputs: CleanupInputs,
  answers: () => Promise<CleanupAnswers>,
  report: CleanupReport,
): Promise<CleanupOutcome> {
  const { config, environment, apply, now } = inputs
  const named = environment === "" ? "" : environmentOf(environment, config.deploy)
  if (previewNumber(named) !== undefined)
    throw fail("UNKNOWN_ENVIRONMENT", [named, environmentsOf(config.deploy)])
  const all = cleanedOf(await answers(), config, named)
  const chosen = named === "" ? all : onlyOf(all, [named])
  const asked = chosen.environments.filter(isInspected)
  const silent = [...chosen.environments, chosen.previews].find(
    (answer) => answer !== undefined && "error" in answer,
  )
  if (silent !== undefined && apply) throw silent.error
  if (asked.length === 0 && !hasPreviews(chosen))
    return skipped(
      silent === undefined ? "nothing is deployed" : oneLine(messageOf(silent.error).split("\n")[0] ?? ""),
    )
  const planned = (these: CleanupAnswers, every: CleanupAnswers) =>
    planClusters(
      { asked: statesOf(these), all: statesOf(every), previews: previewsOf(these) },
      config,
      now.getTime(),
    )
  const found = await planned(chosen, all)
  let done: DeletionResult | undefined
  if (apply) {
    const again = await inspectAgain(all)
    const names = asked.map((each) => each.environment)
    const still = onlyOf(again, names, named === "" ? again.previews : undefined)
    done = await deleteObjects(found, await planned(still, again))
  }
  const made: ClusterReport = {
    environments: [...asked.map((each) => each.environment), ...(hasPreviews(chosen) ? ["previews"] : [])],
    going: found.map((each) => without(each, "of")),
    ...(done !== undefined && { done }),
  }
  report.cluster = made
  return {
    ...outcome(clusterText(made), done),
    log: clusterMarkdown(made),
    sections: [clusterMarkdown(made)],
  }
}

const cleanedOf = (
  { environments, previews }: CleanupAnswers,
  config: Config,
  wanted: string,
): CleanupAnswers => ({
  environments: environments.filter((answer) => isCleaned(answer, config, wanted)),
  previews,
})

/** The answers of these environments alone. */
const onlyOf = (
  { environments }: CleanupAnswers,
  names: readonly string[],
  previews: CleanupAnswers["previews"] = undefined,
): CleanupAnswers => ({
  environments: environments.filter((each) => names.includes(each.environment)),
  previews,
})

const statesOf = ({ environments }: CleanupAnswers) =>
  environments.filter(isInspected).map((each) => each.asked)

const hasPreviews = (answers: CleanupAnswers): boolean => (previewsOf(answers)?.previews.length ?? 0) > 0

/** False for an environment that may have no cluster: one without a kustomization, or that nothing was deployed to. */
function isCleaned(answer: EnvironmentAnswer, { cleanup }: Config, wanted: string): boolean {
  if (isInspected(answer)) return answer.asked.entries.length > 0
  if (answer.environment === wanted || (cleanup.environments ?? []).includes(answer.environment)) return true
  return !(
    "error" in answer &&
    answer.error instanceof SlipwayError &&
    answer.error.code === "CLEANUP_NO_OVERLAY"
  )
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
