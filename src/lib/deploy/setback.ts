import type { Pod } from "../kube/objects.js"
import { EVENT, type Event, NODE, type Node } from "../kube/objects.js"
import { diagnose } from "../kube/diagnosis.js"
import type { Context } from "./context.js"

/** What keeps a version from going on: a gate that failed, for a reason that a person can act upon. */
export class Setback extends Error {
  override readonly name = "Setback"

  constructor(
    readonly reason: string,
    /** What else the cluster knows. */
    readonly details: readonly string[] = [],
  ) {
    super(reason)
  }
}

/** What the cluster knows about pods that don't get ready, the most telling first. */
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
  // Not everybody may look at nodes, and what lacks is told without them too.
  const nodes = await kube.list<Node>(NODE).catch(() => [])
  const lines = diagnose(pods, events, { nodes }).map(({ line }) => line)
  return [...new Set([...lines, ...(await lastWords(context, pods))])]
}

const LAST_LINES = 5

/** The end of the log of a container that crashed. */
async function lastWords({ kube, namespace }: Context, pods: readonly Pod[]): Promise<string[]> {
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
