import type { Pod } from "../kube/objects.js"
import { EVENT, type Event, NODE, type NodeObject } from "../kube/objects.js"
import { diagnose } from "../kube/diagnosis.js"
import type { Context } from "./context.js"

/** A step that failed because of the version, for a reason that a person can act upon. */
export class StepFailure extends Error {
  override readonly name = "StepFailure"

  constructor(
    readonly reason: string,
    /** Further diagnosis from the cluster. */
    readonly details: readonly string[] = [],
  ) {
    super(reason)
  }
}

/** Diagnoses pods that aren't ready: one line per cause, the most specific first, then the crashed container's log. */
export async function explain(
  context: Context,
  pods: readonly Pod[],
  sets: readonly string[] = [],
): Promise<string[]> {
  const { kube, namespace } = context
  const names = new Set([...pods.map(({ metadata }) => metadata.name), ...sets])
  const events = (await kube.list<Event>(EVENT, { namespace }).catch(() => [])).filter(({ involvedObject }) =>
    names.has(involvedObject.name ?? ""),
  )
  // Reading nodes needs a cluster-wide right that the account may not have.
  const nodes = await kube.list<NodeObject>(NODE).catch(() => [])
  const lines = diagnose(pods, events, { nodes }).map(({ line }) => line)
  return [...new Set([...lines, ...(await crashedLog(context, pods))])]
}

const LAST_LINES = 5

/** Returns the last lines of the first crashed container's log. */
async function crashedLog({ kube, namespace }: Context, pods: readonly Pod[]): Promise<string[]> {
  const crashed = pods.flatMap(({ metadata, status }) =>
    (status?.containerStatuses ?? [])
      .filter(({ restartCount, state }) => restartCount > 0 || state?.terminated !== undefined)
      .map(({ name, restartCount }) => ({ pod: metadata.name, container: name, previous: restartCount > 0 })),
  )
  const [first] = crashed
  if (first === undefined) return []
  const { pod, container, previous } = first
  const log = await kube.logs(namespace, pod, { container, previous, tail: LAST_LINES }).catch(() => "")
  return log
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${pod} said: ${line.slice(0, 300)}`)
}
