import { setTimeout as sleep } from "node:timers/promises"
import type { Kube } from "../../src/lib/kube/client.js"

const PER_SECOND = 20

/** Counts of requests. */
export interface RequestCount {
  sent: number
  failed: number
}

/** Sends requests to a service continuously, from its first answer until `end`. */
export function sendRequests(
  kube: Kube,
  service: string,
  namespace: string,
): { end: () => Promise<RequestCount> } {
  const stop = new AbortController()
  let [sent, failed] = [0, 0]
  const ask = async () => {
    const { status } = await kube.proxy({ service }, namespace, "http", "/version", { timeout: 5_000 })
    if (sent === 0 && status !== 200) return
    sent += 1
    failed += status === 200 ? 0 : 1
  }
  const open = new Set<Promise<void>>()
  const loop = async () => {
    while (!stop.signal.aborted) {
      const one: Promise<void> = ask()
        .catch(() => undefined)
        .finally(() => open.delete(one))
      open.add(one)
      await sleep(sent === 0 ? 1_000 : 1_000 / PER_SECOND)
    }
  }
  const looping = loop()
  return {
    end: async () => {
      stop.abort()
      await looping
      await Promise.all(open)
      return { sent, failed }
    },
  }
}
