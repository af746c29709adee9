import { setTimeout as sleep } from "node:timers/promises"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { connectionProblem, type Endpoint } from "../../lib/connection.js"
import { say } from "../../lib/progress.js"

/** A CI host starts the engine's container beside the job's. */
const PATIENCE_SECONDS = 30
const CONNECT_MS = 5000

/**
 * Waits until something accepts connections at a given engine's address; `dagger` (0.21.8) itself waits for ever.
 *
 * Fails with ENGINE_UNREACHABLE after `seconds`. Addresses that only `dagger` can reach, as of containers, aren't tried.
 */
export async function waitForGiven(address: string, seconds = PATIENCE_SECONDS): Promise<void> {
  const target = socketOf(address)
  if (target === undefined) return
  const deadline = Date.now() + seconds * 1000
  for (let tries = 0; ; tries += 1) {
    const problem = await connectionProblem(target, CONNECT_MS)
    if (problem === undefined) return
    if (Date.now() >= deadline) throw fail("ENGINE_UNREACHABLE", [address, seconds, problem])
    if (tries === 0) say(`waiting for the engine at ${address}: ${problem}`)
    await sleep(1000)
  }
}

/** What to connect to at an address of `tcp://` or `unix://`. */
function socketOf(address: string): Endpoint | undefined {
  if (address.startsWith("unix://")) return { path: address.slice("unix://".length) }
  const [, host, port] = /^tcp:\/\/\[?([^/\]]+)\]?:(\d{1,5})$/.exec(address) ?? []
  return host !== undefined && Number(port) < 65536 ? { host, port: Number(port) } : undefined
}
