import { create } from "../stage/create.js"
import type { Container } from "@dagger.io/dagger"
import { debugBaseline } from "../dast/zap.js"
import { clusterOf, type DeployInputs, render } from "../deploy/environment.js"
import { firstEnvironment } from "../lib/config/environments.js"
import { inEnvironment } from "../lib/config/previews.js"
import type { DeployAccess } from "./deploying.js"
import { type Destination, destinationOf } from "../registry/destination.js"
import { Infra, type InfraAccess } from "../infra/infra.js"
import { fail } from "../lib/errors/catalogue.js"
import type { Kind } from "../lib/load/profile.js"
import { DEBUGGABLE, type Group, GROUPS, hasStage, STAGES } from "../lib/pipeline/stages.js"
import { debugLoad } from "../load/k6.js"
import { Quality } from "../quality/quality.js"
import { registryTools } from "../registry/access.js"
import { namedSecrets } from "../stage/secrets.js"
import { Security } from "../security/security.js"
import { connectedKubectl } from "../deploy/endpoint.js"
import { Tests } from "../testing/testing.js"
import { greeting } from "../stage/shell.js"
import { installingFields, type PythonService, serviceFields } from "../stage/service.js"
import type { BuildAccess } from "../image/access.js"
import { imageOf } from "../image/image.js"

/** Inputs of a stage's container. */
export interface DebugInputs {
  service: PythonService
  access: Pick<InfraAccess, "secrets" | "environment" | "root">
  deploying: Pick<DeployAccess, "secrets" | "environment" | "cluster" | "scale">
  building: BuildAccess
  registry: Destination
}

/** The container of each group's stages. Groups with effects open with their tools, and repeat nothing. */
const CONTAINERS: {
  [G in Group]?: (name: (typeof STAGES)[G][number], inputs: DebugInputs) => Promise<Container>
} = {
  quality: (name, { service }) => create(Quality, installingFields(service)).debug(name),
  security: (name, { service }) => create(Security, installingFields(service)).debug(name),
  tests: (name, { service }) => create(Tests, installingFields(service)).debug(name),
  infra: (name, inputs) => infra(name, inputs),
  plan: (name, inputs) => infra(name, inputs),
  drift: (name, inputs) => infra(name, inputs),
  apply: (_, inputs) => infra("plan", inputs),
  image: (name, { service, registry, building: access }) =>
    imageOf(service, registry, { revision: NO_REVISION, ref: "", access }).debug(name),
  release: (_, inputs) => registryShell(inputs),
  deploy: (_, inputs) => clusterShell(inputs),
  load: (_, inputs) => loadShell("load", inputs),
  stress: (_, inputs) => loadShell("stress", inputs),
  dast: async (_, inputs) => debugBaseline(await deployInputs(inputs)),
}

const NO_REVISION = { sha: "", committed: "", origin: "", version: "" }

/** Opens a stage's container as it stands before the stage's command. Fails with UNKNOWN_STAGE. */
export function debugStage(name: string, inputs: DebugInputs): Promise<Container> {
  for (const group of GROUPS)
    if (hasStage(group, name)) {
      // The name is one of the group's, which the compiler can't see through a table.
      const open = CONTAINERS[group] as
        ((name: string, inputs: DebugInputs) => Promise<Container>) | undefined
      if (open !== undefined) return open(name, inputs)
    }
  throw fail("UNKNOWN_STAGE", [name, DEBUGGABLE])
}

function infra(name: Parameters<Infra["debug"]>[0], { service, access }: DebugInputs): Promise<Container> {
  const { secrets, environment, root } = access
  return create(Infra, { ...serviceFields(service), secrets }).debug(name, environment, root)
}

/** Opens regctl and cosign, logged in to the service's registry. */
async function registryShell({ service, registry }: DebugInputs): Promise<Container> {
  const { source, config } = service
  const { access, repository } = await destinationOf(registry, source, config)
  return greeting(await registryTools(access, config), [
    "A release is not repeated from here. Inspect it:",
    `regctl tag ls ${repository}`,
    `regctl manifest get ${repository}:TAG`,
    `regctl artifact list ${repository}:TAG`,
    `cosign tree ${repository}:TAG`,
  ])
}

async function deployInputs({ service, deploying }: DebugInputs): Promise<DeployInputs> {
  const { config } = service
  return {
    ...service,
    ...inEnvironment(config, deploying.environment || firstEnvironment(config.deploy)),
    run: "debug",
    secrets: await namedSecrets(deploying.secrets),
    cluster: deploying.cluster,
    say: () => undefined,
  }
}

const loadShell = async (kind: Kind, inputs: DebugInputs): Promise<Container> =>
  debugLoad(
    { ...(await deployInputs(inputs)), scale: inputs.deploying.scale, version: "", repro: () => "" },
    kind,
  )

/** Opens kubectl, connected to the cluster of an environment. */
async function clusterShell(debug: DebugInputs): Promise<Container> {
  const inputs = await deployInputs(debug)
  const { access, kube, namespace: fallback } = await clusterOf(inputs)
  const { deployment, service: kubeService, namespace } = await render(inputs, kube, fallback)
  const { name } = deployment.metadata
  return greeting(await connectedKubectl(inputs, { ...access, namespace }), [
    `A deployment is not repeated from here. This is ${inputs.environment}, the namespace ${namespace}:`,
    "kubectl get pods -o wide",
    "kubectl get events --sort-by=.lastTimestamp",
    `kubectl describe deployment/${name} service/${kubeService.metadata.name}`,
    `kubectl logs deployment/${name} --all-containers --tail=100`,
    `kubectl rollout history deployment/${name}`,
  ])
}
