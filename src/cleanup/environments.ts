import type { Directory } from "@dagger.io/dagger"
import { hasChart } from "../deploy/chart.js"
import { contextOf, type DeployInputs } from "../deploy/environment.js"
import { inspection, type EnvironmentAnswer } from "../lib/cleanup/asked.js"
import { environmentsToAsk } from "../lib/cleanup/environments.js"
import { readState } from "../lib/cleanup/live.js"
import type { Config } from "../lib/config/config.js"
import { type Environment, environmentsOf } from "../lib/config/environments.js"
import { chartOf, placeOfManifests } from "../lib/deploy/chart.js"
import { fail } from "../lib/errors/catalogue.js"
import type { NamedSecret } from "../stage/secrets.js"
import { ownVariable } from "../lib/text/variables.js"

/** Inspects all environments that are in use or configured. Never throws. */
export async function inspectAll(inputs: Omit<DeployInputs, "environment">): Promise<EnvironmentAnswer[]> {
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
