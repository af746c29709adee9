/** The namespace of a preview: made for one pull request of one service, and deleted with all that is in it. */
import { fail } from "../errors/catalogue.js"
import type { Kube } from "../kube/client.js"
import { type KubeObject, NAMESPACE } from "../kube/objects.js"
import { CLOCK, waitUntil } from "./context.js"
import type { Manifests } from "./manifests.js"

/** The label with the number of a preview's pull request. */
export const PREVIEW_LABEL = "slipway.dev/preview"

/** The annotation with the service that a preview is of. */
const SERVICE_OF_PREVIEW = "slipway.dev/service"

/** A preview of a service, and where it is. */
export interface Preview {
  environment: string
  /** The number of the pull request. */
  number: string
  namespace: string
  /** What tells this service from all others: the repository of its images, or its name. */
  service: string
}

/**
 * Fails with PREVIEW_OUTSIDE unless all objects of manifests are in this namespace.
 *
 * The cluster says which kinds are in namespaces: nobody has reviewed what a preview deploys.
 */
export async function requireInside(
  kube: Kube,
  { deployment, service, first, last }: Manifests,
  namespace: string,
): Promise<void> {
  const objects = [deployment, service, ...first, ...last]
  const places = await Promise.all(
    objects.map(async (object) => {
      const { kind, metadata } = object
      if (!(await kube.isNamespaced(object)))
        return [`${kind} ${metadata.name}, which is the whole cluster's`]
      return metadata.namespace === namespace ? [] : [`${kind} ${metadata.name}, in ${metadata.namespace}`]
    }),
  )
  const outside = places.flat()
  if (outside.length > 0) throw fail("PREVIEW_OUTSIDE", [namespace, outside])
}

/** What pods in a preview can't do: reach the node, as its files or its network. */
const POD_SECURITY = { "pod-security.kubernetes.io/enforce": "baseline" }

/**
 * Creates the namespace of a preview, unless it is there; one that is being deleted is awaited for `seconds`.
 *
 * Fails with PREVIEW_TAKEN for one that wasn't made for it, and with PREVIEW_ENDING.
 */
export async function claimNamespace(kube: Kube, preview: Preview, seconds: number): Promise<void> {
  const { namespace, number, service } = preview
  const found = await ownNamespace(kube, preview)
  if (found?.metadata.deletionTimestamp !== undefined) await awaitEnd(kube, namespace, seconds)
  else if (found !== undefined) return
  await kube.create({
    ...NAMESPACE,
    metadata: {
      name: namespace,
      labels: { [PREVIEW_LABEL]: number, ...POD_SECURITY },
      annotations: { [SERVICE_OF_PREVIEW]: service },
    },
  })
}

/** Deletes a preview, and waits until it is gone. Returns false if there was none. Fails with PREVIEW_TAKEN and PREVIEW_ENDING. */
export async function deletePreview(kube: Kube, preview: Preview, seconds: number): Promise<boolean> {
  const found = await ownNamespace(kube, preview)
  if (found === undefined) return false
  const { namespace } = preview
  await kube.delete(NAMESPACE, namespace, "", { uid: found.metadata.uid })
  await awaitEnd(kube, namespace, seconds)
  return true
}

async function awaitEnd(kube: Kube, namespace: string, seconds: number): Promise<void> {
  const isGone = async () => (await kube.get(NAMESPACE, namespace, "")) === undefined
  if (!(await waitUntil({ clock: CLOCK }, seconds, isGone)))
    throw fail("PREVIEW_ENDING", [namespace, seconds])
}

/** The namespace of a preview, if there is one. Fails with PREVIEW_TAKEN. */
async function ownNamespace(kube: Kube, preview: Preview): Promise<KubeObject | undefined> {
  const { namespace, environment, number } = preview
  const found = await kube.get<KubeObject>(NAMESPACE, namespace, "")
  if (found === undefined) return undefined
  const of = numberOf(found)
  if (of === undefined)
    throw fail("PREVIEW_TAKEN", [namespace, environment, "Slipway made it for no preview"])
  if (of !== number || !isOfService(found, preview))
    throw fail("PREVIEW_TAKEN", [
      namespace,
      environment,
      `it is that of number ${of} of ${serviceText(found)}`,
    ])
  return found
}

/** The number of the pull request whose preview a namespace was made for. */
export const numberOf = ({ metadata }: KubeObject): string | undefined => metadata.labels?.[PREVIEW_LABEL]

/** True if a namespace was made for a preview of this service. */
export const isOfService = ({ metadata }: KubeObject, { service }: Pick<Preview, "service">): boolean =>
  metadata.annotations?.[SERVICE_OF_PREVIEW] === service

const serviceText = ({ metadata }: KubeObject): string =>
  metadata.annotations?.[SERVICE_OF_PREVIEW] ?? "an unknown service"
