import { SERVICE, type ServiceObject } from "../kube/objects.js"
import { applyOver } from "./apply.js"
import type { Context, ObjectNames } from "./context.js"
import { ANNOTATIONS, HASH } from "./manifests.js"

export const previewName = ({ service }: ObjectNames): string => `${service}-preview`

/** Applies the preview Service, which routes only to the pods of one hash. */
export async function applyPreview(context: Context, service: ServiceObject, hash: string): Promise<void> {
  const { names, namespace, term } = context
  const { selector = {}, ports = [] } = service.spec
  await applyOver<ServiceObject>(context, {
    ...SERVICE,
    metadata: {
      name: previewName(names),
      namespace,
      labels: service.metadata.labels ?? {},
      // The mark makes it another state than the same preview of an earlier run, whose late removal then fails.
      ...(term !== undefined && { annotations: { [ANNOTATIONS.term]: term } }),
    },
    spec: {
      selector: { ...selector, [HASH]: hash },
      ports: ports.map(({ name, port, targetPort, protocol }) => ({
        port,
        ...(name !== undefined && { name }),
        ...(targetPort !== undefined && { targetPort }),
        ...(protocol !== undefined && { protocol }),
      })),
    },
  })
}

/** Removes the preview Service, unless another run has it by now. */
export async function removePreview({ kube, namespace, names }: Context): Promise<void> {
  const found = await kube.get<ServiceObject>(SERVICE, previewName(names), namespace)
  if (found === undefined) return
  const { name, uid, resourceVersion } = found.metadata
  await kube.delete(SERVICE, name, namespace, { uid, resourceVersion })
}
