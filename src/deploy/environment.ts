import type { Service } from "@dagger.io/dagger"
import { kubeconfigOfAks } from "./aks.js"
import { chartsIn, renderChart, requireChart } from "./chart.js"
import { execute } from "../stage/execute.js"
import type { PythonService } from "../stage/service.js"
import { type Environment } from "../lib/config/environments.js"
import { numbered } from "../lib/config/previews.js"
import { chartOf, overlayOf } from "../lib/deploy/chart.js"
import { requireCommit } from "../lib/deploy/commitTarget.js"
import { CLOCK, type Context } from "../lib/deploy/context.js"
import { requireInside } from "../lib/deploy/previewNamespace.js"
import { ClusterLedger } from "../lib/deploy/ledgerStore.js"
import { liveManifests } from "../lib/deploy/liveManifests.js"
import { type Manifests, readManifests } from "../lib/deploy/manifests.js"
import { fetchOutside } from "../lib/deploy/outside.js"
import { fail } from "../lib/errors/catalogue.js"
import { type ClusterAccess, readKubeconfig } from "../lib/kube/access.js"
import { Kube, type KubeOptions } from "../lib/kube/client.js"
import { ownMessage } from "../lib/run/outcome.js"
import { previewNumber } from "../lib/text/previews.js"
import { NamedSecret, secretNamed } from "../stage/secrets.js"
import { kubectl } from "../cluster/kubectl.js"

/** The inputs of a deployment. */
export interface DeployInputs extends PythonService {
  environment: Environment
  /** By name: KUBECONFIG, DATABASE_URL, AZURE_…, LEDGER_…, each also prefixed with the environment. */
  secrets: readonly NamedSecret[]
  /** The cluster's API, if not at the address in the kubeconfig. */
  cluster: Service | undefined
  run: string
  /** The actor, for the ledger. */
  who?: string
  /** Why a version is deployed that isn't on main, for the ledger. */
  offMain?: string
  /** Why a release is deployed that wasn't to the environment before, for the ledger. */
  offOrder?: string
  /** Why a version is deployed that lacks a released hotfix, for the ledger. */
  withoutHotfix?: string
  say: (line: string) => void
}

/**
 * Fails with NO_OVERLAY if the environment has neither a kustomization nor a chart, and as `requireChart`; where its
 * manifests are in another repository, as `requireCommit`, and for a preview with PREVIEW_COMMITTED.
 */
export async function requireManifests(
  inputs: Pick<DeployInputs, "source" | "config" | "environment">,
): Promise<void> {
  const { source, config, environment } = inputs
  const { repository, knownHosts } = config.deploy.commit
  if (repository !== undefined && previewNumber(environment) !== undefined)
    throw fail("PREVIEW_COMMITTED", [environment, repository])
  if (repository !== undefined)
    return requireCommit(config.deploy, knownHosts !== undefined && (await source.exists(knownHosts)))
  if (chartOf(config.deploy) !== undefined) return requireChart(inputs)
  const folder = overlayOf(config.deploy, environment)
  const files = await source.glob(`${folder}/kustomization.y*ml`)
  if (files.length === 0) throw fail("NO_OVERLAY", [folder, environment, await chartsIn(source)])
}

/**
 * Renders the environment's kustomization or chart, or reads what a controller has applied.
 *
 * Fails as `requireManifests` and `readManifests`, with CHART, and for a preview with PREVIEW_OUTSIDE.
 */
export async function render(inputs: DeployInputs, kube: Kube, namespace: string): Promise<Manifests> {
  const { deploy } = inputs.config
  await requireManifests(inputs)
  const wanted = { namespace: deploy.namespace[inputs.environment] ?? namespace }
  if (deploy.commit.repository !== undefined) return liveManifests(kube, wanted.namespace, deploy)
  const isChart = chartOf(deploy) !== undefined
  const text = await (isChart ? renderChart(inputs, kube, wanted.namespace) : renderOverlay(inputs))
  const { deployment, service } = deploy
  const manifests = readManifests(numbered(text, inputs.environment), {
    ...wanted,
    ...(deployment !== undefined && { deployment }),
    ...(service !== undefined && { service }),
  })
  if (previewNumber(inputs.environment) !== undefined) await requireInside(kube, manifests, wanted.namespace)
  return manifests
}

async function renderOverlay({ source, config, environment }: DeployInputs): Promise<string> {
  const folder = overlayOf(config.deploy, environment)
  const [top = ""] = folder.split("/")
  const container = kubectl(config)
    .withMountedDirectory(`/src/${top}`, source.directory(top))
    .withWorkdir("/src")
  const run = await execute(container, ["/usr/local/bin/kubectl", "kustomize", folder], config.timeout)
  if (run.exitCode !== 0) throw fail("MANIFESTS", [ownMessage(run)])
  return run.stdout
}

/** Connects to an environment's cluster. Fails with NO_CLUSTER and for an invalid kubeconfig. */
export async function clusterOf(
  inputs: DeployInputs,
  options: Partial<KubeOptions> = {},
): Promise<{ kube: Kube; access: ClusterAccess; namespace: string }> {
  const { secrets, environment, cluster } = inputs
  const named = secretNamed(secrets, environment, "KUBECONFIG")
  const text = named === undefined ? await kubeconfigOfAks(inputs) : await named.secret.plaintext()
  if (text === undefined) throw fail("NO_CLUSTER", [environment])
  const access = readKubeconfig(text)
  const { namespace } = access
  if (cluster === undefined) return { kube: new Kube(access, options), access, namespace }
  const started = await cluster.start()
  const [port] = await started.ports()
  const connectTo = { host: await started.hostname(), port: (await port?.port()) ?? 6443 }
  return { kube: new Kube(access, { ...options, connectTo }), access, namespace }
}

/** Returns the steps' context, and the rendered manifests. */
export async function contextOf(inputs: DeployInputs): Promise<{ context: Context; manifests: Manifests }> {
  const { config, environment, run, who = "", offMain = "", withoutHotfix = "", say } = inputs
  const { kube, namespace: fallback } = await clusterOf(inputs)
  const manifests = await render(inputs, kube, fallback)
  const { deployment, service, namespace } = manifests
  const names = { deployment: deployment.metadata.name, service: service.metadata.name }
  const context: Context = {
    kube,
    environment,
    namespace,
    names,
    run,
    who,
    offMain,
    withoutHotfix,
    say,
    settings: config.deploy,
    statusLabel: config.monitoring.status,
    healthPath: config.deploy.health.path ?? config.image.health,
    ledger: new ClusterLedger(kube, namespace, names.deployment),
    clock: CLOCK,
    mustHold: () => undefined,
    fetchOutside: fetchOutside,
  }
  return { context, manifests }
}
