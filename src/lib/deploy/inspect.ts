import { eventsThatMatter } from "../kube/diagnosis.js"
import { EVENT, type Event } from "../kube/objects.js"
import { type Context, observe } from "./context.js"
import { living } from "./facts.js"

interface LogOptions {
  /** Seconds to look back; 0 for all. */
  since: number
  /** Seconds to follow; 0 for none. */
  follow: number
  print: (line: string) => void
}

/**
 * Returns the logs of all pods, each line prefixed with its pod.
 *
 * Followed lines are printed as they arrive, and returned at the end.
 */
export async function podLogs(context: Context, { since, follow, print }: LogOptions): Promise<string> {
  const { kube, namespace } = context
  const pods = (await observe(context)).revisions.flatMap(living).map(({ metadata }) => metadata.name)
  const back = since > 0 ? { sinceSeconds: since } : {}
  if (follow === 0) {
    const all = await Promise.all(
      pods.map(async (pod) => lines(pod, await kube.logs(namespace, pod, back).catch(() => ""))),
    )
    return all.flat().join("")
  }
  const signal = AbortSignal.timeout(follow * 1000)
  const seen: string[] = []
  await Promise.all(
    pods.map(async (pod) => {
      for await (const line of kube.follow(namespace, pod, { ...back, signal })) {
        print(`${pod} ${line}`)
        seen.push(`${pod} ${line}\n`)
      }
    }),
  )
  return seen.join("")
}

const lines = (pod: string, log: string): string[] =>
  log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${pod} ${line}\n`)

/** Returns the namespace's events, one per line, the most important first. */
export const namespaceEvents = async ({ kube, namespace }: Context): Promise<string[]> =>
  eventsThatMatter(await kube.list<Event>(EVENT, { namespace }))
