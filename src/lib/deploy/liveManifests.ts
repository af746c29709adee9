import type { Config } from "../config/config.js"
import type { Kube } from "../kube/client.js"
import { DEPLOYMENT, type DeploymentObject, SERVICE, type ServiceObject } from "../kube/objects.js"
import { chosenPair, type Manifests } from "./manifests.js"

/**
 * Returns the objects that a controller applies, as the cluster has them.
 *
 * Before the first deployment only the names in the settings are known. Fails with NO_DEPLOYMENT.
 */
export async function liveManifests(
  kube: Kube,
  namespace: string,
  { deployment, service }: Pick<Config["deploy"], "deployment" | "service">,
): Promise<Manifests> {
  const [deployments, services] = await Promise.all([
    kube.list<DeploymentObject>(DEPLOYMENT, { namespace }),
    kube.list<ServiceObject>(SERVICE, { namespace }),
  ])
  const none = { namespace, first: [], last: [] }
  if (deployment !== undefined && !deployments.some(({ metadata }) => metadata.name === deployment))
    return { ...none, ...expected(deployment, service ?? deployment, namespace) }
  // Items of a list lack their kind.
  const objects = [
    ...deployments.map((object) => ({ ...object, ...DEPLOYMENT })),
    ...services.map((object) => ({ ...object, ...SERVICE })),
  ]
  const wanted = {
    namespace,
    ...(deployment !== undefined && { deployment }),
    ...(service !== undefined && { service }),
  }
  return { ...none, ...chosenPair(objects, wanted) }
}

/** True for a Deployment that the cluster has. */
export const isLive = ({ deployment }: Manifests): boolean => deployment.metadata.uid !== undefined

const expected = (
  deployment: string,
  service: string,
  namespace: string,
): Pick<Manifests, "deployment" | "service"> => ({
  deployment: {
    ...DEPLOYMENT,
    metadata: { name: deployment, namespace },
    spec: { selector: {}, template: { spec: { containers: [] } } },
  },
  service: { ...SERVICE, metadata: { name: service, namespace }, spec: {} },
})
