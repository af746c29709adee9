import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { isAlive, type Process } from "./process.js"
import { paths } from "./home.js"

/** The process whose Dagger session the cluster runs in: both end together. */
export interface Holder extends Process {
  /** Content key of everything that the cluster was started from. */
  key: string
  /** The local port forwarded to the cluster's API. */
  api: number
  /** Forwarded ports: node port → local port. */
  nodePorts: Record<number, number>
  /** The port forwarder, if it is another process; it ends by itself. */
  forwarder?: Process
}

const STATE = join(paths.cluster, "state.json")
export const KUBECONFIG = join(paths.cluster, "kubeconfig")

const STOP_SECONDS = 20

/** The running holder, or undefined. */
export function findHolder(): Holder | undefined {
  if (!existsSync(STATE)) return undefined
  const holder = JSON.parse(readFileSync(STATE, "utf8")) as Holder
  return isAlive(holder) ? holder : undefined
}

export const rememberHolder = (holder: Holder): void => writeFileSync(STATE, JSON.stringify(holder))

/** Stops the cluster, if one runs, and deletes its files. */
export async function endCluster(): Promise<void> {
  const holder = findHolder()
  if (holder) {
    signal(holder, "SIGINT")
    const deadline = Date.now() + STOP_SECONDS * 1000
    while (isAlive(holder) && Date.now() < deadline) await sleep(50)
    if (isAlive(holder)) signal(holder, "SIGKILL")
    while (isAlive(holder)) await sleep(20)
  }
  const forwarder = holder?.forwarder
  while (forwarder !== undefined && isAlive(forwarder)) await sleep(50)
  rmSync(paths.cluster, { recursive: true, force: true })
}

/** Signals the whole process group, which may have just ended. */
function signal({ pid }: Process, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
