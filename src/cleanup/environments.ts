import type { Directory } from "@dagger.io/dagger"
import { hasChart } from "../deploy/chart.js"
import { clusterOf, contextOf, type DeployInputs } from "../deploy/environment.js"
import { serviceOfPreviews } from "../deploy/preview.js"
import {
  type CleanupAnswers,
  inspection,
  type EnvironmentAnswer,
  previewInspection,
} from "../lib/cleanup/asked.js"
import { type PreviewCluster, readPreviews } from "../lib/cleanup/previews.js"
import { PREVIEWS } from "../lib/text/previews.js"
import { environmentsToAsk } from "../lib/cleanup/environments.js"
import { readState } from "../lib/cleanup/live.js"
import type { Config } from "../lib/config/config.js"
import { type Environment, environmentsOf } from "../lib/config/environments.js"
import { chartOf, placeOfManifests } from "../lib/deploy/chart.js"
import { fail } from "../lib/errors/catalogue.js"
import type { NamedSecret } from "../stage/secrets.js"
import { ownVariable } from "../lib/text/variables.js"

/** Inspects all environments that are in use or configured, and the previews if there may be any. Never throws. */
export async function inspectAll(inputs: Omit<DeployInputs, "environment">): Promise<CleanupAnswers> {
  const hasPreviews = inputs.config.deploy.preview.namespace !== undefined
  const [environments, previews] = await Promise.all([
    inspectEnvironments(inputs),
    hasPreviews ? previewInspection(() => previewsOf(inputs)) : undefined,
  ])
  return { environments, previews }
}

async function previewsOf(inputs: Omit<DeployInputs, "environment">): Promise<PreviewCluster> {
  const { kube } = await clusterOf({ ...inputs, environment: PREVIEWS })
  return readPreviews(kube, await serviceOfPreviews(inputs))
}

async function inspectEnvironments(inputs: Omit<DeployInputs, "environment">): Promise<EnvironmentAnswer[]> {
  const { source, config, secrets } = inputs
  const found = await Promise.all(
    environmentsOf(config.deploy).map(
      async (environment) => [environment, await tracesOf(environment, source, config, secrets)] as const,
    ),
  )
  const traces = Object.fromEntries(found)
  const wanted = environmentsToAsk(config, traces)
  return Promise.all(
    wanted.map((each) =>
      inspection(each, async () => {
        const { environment, why } = each
        const folder = placeOfManifests(config.deploy, environment)
        if (traces[environment]?.overlay === undefined)
          throw fail("CLEANUP_NO_OVERLAY", [environment, folder, why])
        return readState((await contextOf({ ...inputs, environment })).context)
      }),
    ),
  )
}

async function tracesOf(
  environment: Environment,
  source: Directory,
  config: Config,
  secrets: readonly NamedSecret[],
) {
  const { deploy } = config
  const folder = placeOfManifests(deploy, environment)
  // A chart, or a repository of manifests, is that of every environment that the service is deployed to.
  const isShared = chartOf(deploy) !== undefined || deploy.commit.repository !== undefined
  const isThere = await (isShared
    ? deploy.environments.includes(environment) && hasChart(source, config)
    : source.exists(folder))
  return {
    overlay: isThere ? folder : undefined,
    kubeconfig: secrets.some(({ name }) => name === ownVariable(environment, "KUBECONFIG")),
  }
}
