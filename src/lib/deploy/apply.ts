/** Writes of objects that change nothing if they arrive late, when somebody else has changed the object. */
import { FIELD_MANAGER, type Kube } from "../kube/client.js"
import type { KubeObject } from "../kube/objects.js"
import { isOvertaken } from "../kube/status.js"
import type { Context } from "./context.js"

/** Attempts of a write that another client overtakes. */
export const WRITE_ATTEMPTS = 10

/** Applies an object over its present state. */
export async function applyOver<T extends KubeObject>({ kube, mustHold }: Context, object: T): Promise<T> {
  const { name, namespace } = object.metadata
  for (let attempt = 1; ; attempt += 1) {
    mustHold()
    const live = await kube.get<T>(object, name, namespace)
    try {
      if (live === undefined) return await createOwned(kube, object)
      const { resourceVersion } = live.metadata
      return await kube.apply({ ...object, metadata: { ...object.metadata, resourceVersion } })
    } catch (error) {
      if (!isOvertaken(error) || attempt === WRITE_ATTEMPTS) throw error
    }
  }
}

/**
 * Creates an object whose fields are owned as if it had been applied.
 *
 * An apply that arrives late could overwrite an object that somebody else has created meanwhile; a creation fails. But
 * a later apply would keep what only the creation owns.
 */
export async function createOwned<T extends KubeObject>(kube: Kube, object: T): Promise<T> {
  const made = await kube.create(object)
  const { name, namespace = "", resourceVersion, managedFields = [] } = made.metadata
  const applied = managedFields.map((entry) =>
    entry.manager === FIELD_MANAGER && entry.operation === "Update" && entry.subresource === undefined
      ? { ...entry, operation: "Apply" }
      : entry,
  )
  if (managedFields.length === 0) return made
  const patch = { metadata: { resourceVersion, managedFields: applied } }
  return kube.merge<T>(object, name, namespace, patch).catch(() => made)
}
