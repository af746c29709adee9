import { connect, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { fail } from "../../../src/lib/errors/catalogue.js"
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
    const problem = await connecting(target)
    if (problem === undefined) return
    if (Date.now() >= deadline) throw fail("ENGINE_UNREACHABLE", [address, seconds, problem])
    if (tries === 0) say(`waiting for the engine at ${address}: ${problem}`)
    await sleep(Math.min(1000, seconds * 1000))
  }
}

type Target = { path: string } | { host: string; port: number }

/** What to connect to at an address of `tcp://` or `unix://`. */
function socketOf(address: string): Target | undefined {
  if (address.startsWith("unix://")) return { path: address.slice("unix://".length) }
  const [, host, port] = /^tcp:\/\/\[?([^/\]]+)\]?:(\d{1,5})$/.exec(address) ?? []
  return host !== undefined && Number(port) < 65536 ? { host, port: Number(port) } : undefined
}

/** Connects once. Returns what is wrong, if anything. */
const connecting = (target: Target): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket: Socket = connect({ ...target, timeout: CONNECT_MS })
    const end = (problem?: string) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once("connect", () => {
      end()
    })
    socket.once("timeout", () => {
      end(`no answer within ${CONNECT_MS / 1000} s`)
    })
    socket.once("error", (error) => {
      end(error.message)
    })
  })
