/** What environments answer, and whether that is enough to delete an image. */
import { messageOf } from "../run/execError.js"
import type { Environment } from "../config/environments.js"
import { PREVIEWS } from "../text/previews.js"
import { exitCodeOf, ExitCode, fail, SlipwayError } from "../errors/catalogue.js"
import {
  clusterMismatch,
  repositoryMismatch,
  unaskedDeployment,
  type WantedEnvironment,
} from "./environments.js"
import { type InspectedEnvironment, readState } from "./live.js"
import type { ImageUse } from "./policy.js"
import { type PreviewCluster, readPreviews } from "./previews.js"
import { usesOf } from "./use.js"

/** An environment with its state or the error of inspecting it. */
export type EnvironmentAnswer = WantedEnvironment & ({ asked: InspectedEnvironment } | { error: unknown })

/** What everybody answers: the environments, and the cluster of previews where there may be any. */
export interface CleanupAnswers {
  environments: readonly EnvironmentAnswer[]
  previews: PreviewAnswer | undefined
}

export type PreviewAnswer = { asked: PreviewCluster } | { error: unknown }

export type Inspected = EnvironmentAnswer & { asked: InspectedEnvironment }

export const isInspected = (answer: EnvironmentAnswer): answer is Inspected => "asked" in answer

/** The cluster of previews, where there are any and it answers. */
export const previewsOf = ({ previews }: Pick<CleanupAnswers, "previews">): PreviewCluster | undefined =>
  previews !== undefined && "asked" in previews ? previews.asked : undefined

/** Inspects an environment, and refuses a cluster that isn't known to be its own. */
export async function inspection(
  { environment, why, listed }: WantedEnvironment,
  inspect: () => Promise<InspectedEnvironment>,
): Promise<EnvironmentAnswer> {
  try {
    const asked = await inspect()
    const unused = !listed && asked.entries.length === 0
    const mismatch = unused ? undefined : clusterMismatch(asked)
    if (mismatch !== undefined) throw fail("WRONG_CLUSTER", [environment, mismatch])
    return { environment, why, listed, asked }
  } catch (error) {
    return { environment, why, listed, error }
  }
}

/** Inspects the previews of a service. Never throws. */
export async function previewInspection(inspect: () => Promise<PreviewCluster>): Promise<PreviewAnswer> {
  try {
    return { asked: await inspect() }
  } catch (error) {
    return { error }
  }
}

/** Asks the same environments again. */
export async function inspectAgain({ environments, previews }: CleanupAnswers): Promise<CleanupAnswers> {
  const again = environments.map(async (each) =>
    isInspected(each) ? inspection(each, () => readState(each.asked.context)) : each,
  )
  const cluster = previewsOf({ previews })
  return {
    environments: await Promise.all(again),
    previews: cluster ? await previewInspection(() => readPreviews(cluster.kube, cluster.service)) : previews,
  }
}

/**
 * Returns the images of a repository in use in all environments.
 *
 * Fails with CLEANUP_BLIND if one couldn't be asked, isn't known to deploy this repository, or was left out although it
 * was deployed to.
 */
export function usesIn(
  { environments: all, previews }: CleanupAnswers,
  repository: string,
  rollbacks: number,
): ImageUse[] {
  if (previews !== undefined && "error" in previews) throw blind(PREVIEWS, previews.error)
  for (const each of all) {
    if (!isInspected(each)) throw blind(each.environment, "error" in each ? each.error : undefined)
    const { asked, listed, environment } = each
    const unused = !listed && asked.entries.length === 0
    const mismatch = unused ? undefined : repositoryMismatch(asked, repository)
    if (mismatch !== undefined) throw blind(environment, fail("WRONG_CLUSTER", [environment, mismatch]))
  }
  const states = all.filter(isInspected).map(({ asked }) => asked)
  const unasked = unaskedDeployment(
    states,
    repository,
    all.map(({ environment }) => environment),
  )
  if (unasked !== undefined) {
    const { environment, why } = unasked
    const remedy = `add ${environment} to cleanup.environments in slipway.yaml, and pass its kubeconfig`
    throw fail("CLEANUP_BLIND", [environment, why, remedy, ExitCode.badInput])
  }
  const running = [...states, ...(previews?.asked.previews ?? [])]
  return running.flatMap((state) => usesOf(state, repository, rollbacks))
}

function blind(environment: Environment, error: unknown): SlipwayError {
  const reason = messageOf(error).split("\n")[0] ?? ""
  const remedy =
    error instanceof SlipwayError ? error.remedy : "see whether its cluster can be reached, then run it again"
  return fail("CLEANUP_BLIND", [environment, reason, remedy, exitCodeOf(error)], { cause: error })
}
