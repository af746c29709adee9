/**
 * The record of the rollout in progress, on the Service: it says whose the Service is.
 *
 * Each write is one request with the resourceVersion of a state in which the record was this run's. An attempt that
 * arrives late, when somebody else has taken over, changes nothing.
 */
import { fail } from "../errors/catalogue.js"
import { SERVICE, type ServiceObject } from "../kube/objects.js"
import { isOvertaken } from "../kube/status.js"
import { createOwned, WRITE_ATTEMPTS } from "./apply.js"
import { type Context, observe } from "./context.js"
import { type Rollout, rolloutOf } from "./facts.js"
import { ANNOTATIONS, HASH } from "./manifests.js"

/** A change of the Service in the same write as its record: a merge patch of the spec, or an object to apply. */
export interface ServiceChange {
  spec?: (live: ServiceObject["spec"]) => unknown
  apply?: ServiceObject
}

interface Write extends ServiceChange {
  /** Returns the record to write for the one found; undefined removes it. */
  next: (found: Rollout | undefined) => Rollout | undefined
  mayWrite: (found: Rollout | undefined) => boolean
}

/** Opens a rollout. Fails with ROLLOUT_LOST if there is a record already. */
export const openRollout = (context: Context, rollout: Rollout, change: ServiceChange): Promise<Rollout> =>
  recorded(context, rollout, { ...change, mayWrite: (found) => found === undefined })

/** Records a rollout's progress. Fails with ROLLOUT_LOST if the record is no longer this run's. */
export const saveRollout = (
  context: Context,
  rollout: Rollout,
  change: ServiceChange = {},
): Promise<Rollout> =>
  recorded(context, rollout, {
    ...change,
    mayWrite: (found) => found !== undefined && isOurs(context, found),
  })

/** Takes over the rollout that another run has left; undefined if there is none. Needs the lock. */
export const claimRollout = (
  context: Context,
  how: (rollout: Rollout) => Rollout = (rollout) => rollout,
): Promise<Rollout | undefined> =>
  write(context, { next: (found) => found && how(found), mayWrite: () => true })

/** Ends a rollout: removes its record, and the Service's pin unless the rollout left no Deployment. */
export async function closeRollout(context: Context): Promise<void> {
  const { deployment } = await observe(context)
  await write(context, {
    next: () => undefined,
    mayWrite: (found) => found === undefined || isOurs(context, found),
    ...(deployment !== undefined && UNPINNED),
  })
}

/** Routes the Service to all pods again, as between deployments. Fails with ROLLOUT_LOST during one. */
export const changeIdleService = (context: Context, change: ServiceChange): Promise<Rollout | undefined> =>
  write(context, { ...change, next: () => undefined, mayWrite: (found) => found === undefined })

const isOurs = ({ term }: Context, found: Rollout): boolean => found.term === term

async function recorded(context: Context, rollout: Rollout, change: Omit<Write, "next">): Promise<Rollout> {
  return (await write(context, { ...change, next: () => rollout })) ?? rollout
}

async function write(context: Context, change: Write): Promise<Rollout | undefined> {
  const { kube, namespace, names, term, mustHold } = context
  let first: string | undefined
  for (let attempt = 1; ; attempt += 1) {
    mustHold()
    const live = await kube.get<ServiceObject>(SERVICE, names.service, namespace)
    const found = rolloutOf(live)
    const wanted = change.next(found)
    const next = wanted && { ...wanted, ...(term !== undefined && { term }) }
    const text = next === undefined ? undefined : JSON.stringify(next)
    const now = live?.metadata.annotations?.[ANNOTATIONS.rollout]
    if (attempt === 1) first = now
    // An earlier attempt was carried out, and its answer was lost.
    else if (now === text && now !== first) return next
    if (!change.mayWrite(found)) throw fail("ROLLOUT_LOST", [names.service, recordText(found)])
    if (now === undefined && text === undefined && change.spec === undefined && change.apply === undefined)
      return undefined
    try {
      await send(context, live, text, change)
      return next
    } catch (error) {
      if (!isOvertaken(error) || attempt === WRITE_ATTEMPTS) throw error
    }
  }
}

async function send(
  { kube, namespace, names }: Context,
  live: ServiceObject | undefined,
  text: string | undefined,
  { spec, apply }: ServiceChange,
): Promise<void> {
  const resourceVersion = live?.metadata.resourceVersion
  if (apply !== undefined) {
    const annotations = {
      ...apply.metadata.annotations,
      ...(text !== undefined && { [ANNOTATIONS.rollout]: text }),
    }
    const object = { ...apply, metadata: { ...apply.metadata, annotations } }
    if (live === undefined) await createOwned(kube, object)
    else await kube.apply({ ...object, metadata: { ...object.metadata, resourceVersion } })
    return
  }
  await kube.merge<ServiceObject>(SERVICE, names.service, namespace, {
    metadata: { resourceVersion, annotations: { [ANNOTATIONS.rollout]: text ?? null } },
    ...(spec !== undefined && live !== undefined && { spec: spec(live.spec) }),
  })
}

const recordText = (found: Rollout | undefined): string =>
  found === undefined
    ? "it has no record of a rollout"
    : `it has the ${found.kind} of ${found.version} by run ${found.run} (${found.phase})`

/** Routes the Service only to the pods of one hash. */
export const pinnedTo = (hash: string): ServiceChange => ({ spec: () => ({ selector: { [HASH]: hash } }) })

/** Lets the Service select all pods of the deployment again. */
export const UNPINNED: ServiceChange = { spec: () => ({ selector: { [HASH]: null } }) }

/** Restores the Service's selector and ports from before a rollout, pinned to the old pods. */
export const restoredBy = ({ service, from }: Rollout): ServiceChange => {
  if (service === undefined) return pinnedTo(from)
  const { selector = {}, ports = [] } = service
  return {
    spec: (live) => ({
      selector: {
        // A merge patch removes a key by null.
        ...Object.fromEntries(Object.keys(live.selector ?? {}).map((key) => [key, null])),
        ...selector,
        [HASH]: from,
      },
      ports,
    }),
  }
}
