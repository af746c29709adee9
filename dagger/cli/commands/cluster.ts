import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { clusterNodes, isNodeReady, startKitCluster } from "../../kit/cluster/cluster.js"
import { endCluster, findHolder, type Holder, KUBECONFIG } from "../../lib/clusterHolder.js"
import { say, secondsSince } from "../../lib/progress.js"

/** Starts the cluster with the settings in the current folder. */
async function up(): Promise<number> {
  const begun = Date.now()
  const before = findHolder()
  const settings = resolve("slipway.yaml")
  const holder = await startKitCluster(existsSync(settings) ? settings : undefined)
  say(before?.pid === holder.pid ? "cluster ready" : `cluster started (${secondsSince(begun)})`)
  console.log([`export KUBECONFIG=${KUBECONFIG}`, ...ways(holder)].join("\n"))
  return 0
}

async function down(): Promise<number> {
  await endCluster()
  return 0
}

function kubeconfig(): Promise<number> {
  if (!findHolder() || !existsSync(KUBECONFIG)) {
    say("no cluster runs; `slipway cluster up` starts one")
    return Promise.resolve(3)
  }
  console.log(KUBECONFIG)
  return Promise.resolve(0)
}

async function status({ json }: { json?: boolean } = {}): Promise<number> {
  const holder = findHolder()
  const found = holder === undefined ? [] : await clusterNodes()
  const ready = found.length > 0 && found.every(isNodeReady)
  if (json) {
    const names = found.map((node) => ({ name: node.metadata.name, ready: isNodeReady(node) }))
    const known = holder && {
      pid: holder.pid,
      api: `https://127.0.0.1:${holder.api}`,
      nodePorts: holder.nodePorts,
    }
    console.log(JSON.stringify({ running: holder !== undefined, ready, ...known, nodes: names }, null, 2))
    return ready ? 0 : 3
  }
  if (!holder) {
    console.log("cluster is not running")
    return 3
  }
  console.log(`cluster runs as process ${holder.pid}, its API at https://127.0.0.1:${holder.api}`)
  for (const node of found) {
    const { name } = node.metadata
    const version = node.status?.nodeInfo?.kubeletVersion ?? ""
    console.log(`node    ${name} ${isNodeReady(node) ? "is Ready" : "is not Ready"} ${version}`.trimEnd())
  }
  console.log(ways(holder).join("\n"))
  return ready ? 0 : 3
}

const ways = ({ nodePorts }: Holder): string[] =>
  Object.entries(nodePorts).map(([port, ours]) => `# node port ${port} is 127.0.0.1:${ours}`)

/** The subcommands of `slipway cluster`, by name. Each returns the exit code. */
export const clusterCommands = { up, down, kubeconfig, status }
