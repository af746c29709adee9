import { create } from "../stage/create.js"
import type { Container, Secret } from "@dagger.io/dagger"
import { debugBaseline } from "../dast/zap.js"
import { clusterOf, type DeployInputs, render } from "../deploy/environment.js"
import { environmentOf } from "../lib/config/environment.js"
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
import { type PythonService, serviceFields } from "../stage/service.js"
import { imageOf } from "../image/image.js"

/** What a stage's container is made with. */
export interface Looked {
  service: PythonService
  access: Pick<InfraAccess, "secrets" | "environment" | "root">
  deploying: Pick<DeployAccess, "secrets" | "environment" | "cluster" | "scale">
  /** What the Dockerfile's commands may mount. */
  secrets: Secret[]
  registry: Destination
}

/** How each group opens its stages' containers. What has effects is opened with its tools, and repeats nothing. */
const CONTAINERS: {
  [G in Group]?: (name: (typeof STAGES)[G][number], looked: Looked) => Promise<Container>
} = {
  quality: (name, { service }) => create(Quality, serviceFields(service)).debug(name),
  security: (name, { service }) => create(Security, serviceFields(service)).debug(name),
  tests: (name, { service }) => create(Tests, serviceFields(service)).debug(name),
  infra: (name, looked) => infra(name, looked),
  plan: (name, looked) => infra(name, looked),
  drift: (name, looked) => infra(name, looked),
  apply: (_, looked) => infra("plan", looked),
  image: (name, { service, registry, secrets }) =>
    imageOf(service, registry, { revision: NO_REVISION, ref: "", secrets }).debug(name),
  release: (_, looked) => registryShell(looked),
  deploy: (_, looked) => clusterShell(looked),
  load: (_, looked) => loadShell("load", looked),
  stress: (_, looked) => loadShell("stress", looked),
  dast: async (_, looked) => debugBaseline(await deployInputs(looked)),
}

const NO_REVISION = { sha: "", committed: "", origin: "", version: "" }

/** A stage's container as it stands before the stage's command. Fails with UNKNOWN_STAGE. */
export function debugStage(name: string, looked: Looked): Promise<Container> {
  for (const group of GROUPS)
    if (hasStage(group, name)) {
      // The group is the name's own, which the compiler can't follow through a table.
      const open = CONTAINERS[group] as ((name: string, looked: Looked) => Promise<Container>) | undefined
      if (open !== undefined) return open(name, looked)
    }
  throw fail("UNKNOWN_STAGE", [name, DEBUGGABLE])
}

function infra(name: Parameters<Infra["debug"]>[0], { service, access }: Looked): Promise<Container> {
  const { secrets, environment, root } = access
  return create(Infra, { ...serviceFields(service), secrets }).debug(name, environment, root)
}

/** regctl and cosign, logged in to where the service is published. */
async function registryShell({ service, registry }: Looked): Promise<Container> {
  const { source, config } = service
  const { access, repository } = await destinationOf(registry, source, config)
  return greeting(await registryTools(access, config), [
    "A release is not repeated from here. What there is can be looked at:",
    `regctl tag ls ${repository}`,
    `regctl manifest get ${repository}:TAG`,
    `regctl artifact list ${repository}:TAG`,
    `cosign tree ${repository}:TAG`,
  ])
}

async function deployInputs({ service, deploying }: Looked): Promise<DeployInputs> {
  return {
    ...service,
    run: "debug",
    environment: environmentOf(deploying.environment || "staging"),
    secrets: await namedSecrets(deploying.secrets),
    cluster: deploying.cluster,
    say: () => undefined,
  }
}

const loadShell = async (kind: Kind, looked: Looked): Promise<Container> =>
  debugLoad(
    { ...(await deployInputs(looked)), scale: looked.deploying.scale, version: "", repro: () => "" },
    kind,
  )

/** kubectl, which reaches the cluster of an environment. */
async function clusterShell(looked: Looked): Promise<Container> {
  const inputs = await deployInputs(looked)
  const { access, namespace: fallback } = await clusterOf(inputs)
  const { deployment, service: kubeService, namespace } = await render(inputs, fallback)
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
