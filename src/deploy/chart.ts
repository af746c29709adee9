import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import type { Environment } from "../lib/config/environments.js"
import {
  chartArguments,
  chartFolders,
  chartOf,
  groupVersions,
  kindsOf,
  valuesFiles,
  withoutTestHooks,
} from "../lib/deploy/chart.js"
import { fail } from "../lib/errors/catalogue.js"
import type { Kube } from "../lib/kube/client.js"
import { ownMessage } from "../lib/run/outcome.js"
import { execute } from "../stage/execute.js"
import { HELM_VERSION, imageReference } from "../stage/images.js"
import { nameOf } from "../stage/texts.js"

interface ChartInputs {
  source: Directory
  config: Config
  environment: Environment
}

/** Returns the folders of the charts in a source. */
export const chartsIn = async (source: Directory): Promise<string[]> =>
  chartFolders(await source.glob("**/Chart.yaml"))

/** True unless the chart is to be a folder of the source that has none. */
export const hasChart = async (source: Directory, { deploy }: Config): Promise<boolean> =>
  deploy.chart.path === undefined || (await source.exists(`${deploy.chart.path}/Chart.yaml`))

/** Fails with TWO_CHARTS, or with NO_CHART if the chart's folder has none. */
export async function requireChart({ source, config }: Omit<ChartInputs, "environment">): Promise<void> {
  const { path, reference } = config.deploy.chart
  if (path === undefined) return
  if (reference !== undefined) throw fail("TWO_CHARTS", [path, reference])
  if (!(await hasChart(source, config))) throw fail("NO_CHART", [path])
}

/**
 * Renders an environment's chart, without its tests, for the version and the APIs that the cluster has, as `helm install`
 * does. Fails with CHART and CHART_HOOKS.
 */
export async function renderChart(
  { source, config, environment }: ChartInputs,
  kube: Kube,
  namespace: string,
): Promise<string> {
  const { deploy } = config
  const chart = chartOf(deploy) ?? ""
  const [service, capabilities] = await Promise.all([nameOf(source, config), capabilitiesOf(kube)])
  const command = ["helm", ...chartArguments(deploy, environment, { service, namespace }), ...capabilities]
  // Only what is deployed: Helm's cache holds for as long as these files do.
  const { path } = deploy.chart
  const include = [
    ...(path === undefined ? [] : [`${path}/**`]),
    ...valuesFiles(deploy.chart.values, environment),
  ]
  const files = dag.directory().withDirectory("/", source, { include })
  const run = await execute(helm(config).withMountedDirectory("/src", files), command, config.timeout)
  if (run.exitCode !== 0) throw fail("CHART", [chart, environment, ownMessage(run)])
  return withoutTestHooks(run.stdout, chart)
}

const helm = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("helm", HELM_VERSION, config.images))
    .withDirectory("/slipway", dag.directory())
    .withWorkdir("/src")

/** Helm's flags for what a chart may ask about the cluster. An API that doesn't answer has its version alone. */
async function capabilitiesOf(kube: Kube): Promise<string[]> {
  const [version, list] = await Promise.all([
    kube.version(),
    kube.text("/apis", "the list of the cluster's APIs"),
  ])
  const hasty = kube.limited({ timeout: 5_000, patience: 5_000 })
  const apis = await Promise.all(
    groupVersions(list).map(async (api) => {
      const kinds = await hasty
        .text(`/apis/${api}`, `the kinds of ${api}`)
        .then((text) => kindsOf(api, text))
        .catch(() => [])
      return [api, ...kinds]
    }),
  )
  return [`--kube-version=${version}`, ...apis.flat().map((api) => `--api-versions=${api}`)]
}
