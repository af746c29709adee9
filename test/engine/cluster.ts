import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { startKitCluster } from "../../dagger/kit/cluster/cluster.js"
import { KUBECONFIG } from "../../dagger/lib/clusterHolder.js"
import { readKubeconfig } from "../../src/lib/kube/access.js"
import { Kube } from "../../src/lib/kube/client.js"
import { without } from "../../src/lib/text/json.js"
import { dagger, engineEnvironment } from "./dagger.js"

const IMAGE = "registry.k8s.io/kubectl:v1.36.3"

export interface TestCluster {
  /** Path of the kubeconfig. */
  kubeconfig: string
  /** Returns the URL of one of the node ports 30080 to 30083 on this host. */
  nodePort: (port: number) => string
}

/** Starts the one cluster that all test files share. It runs until `slipway cluster down` or `slipway engine down`. */
export async function startCluster(): Promise<TestCluster> {
  await engineEnvironment()
  const { nodePorts } = await startKitCluster()
  return {
    kubeconfig: KUBECONFIG,
    nodePort: (port) => {
      const ours = nodePorts[port]
      if (ours === undefined)
        throw new Error(`node port ${port} isn't among ${Object.keys(nodePorts).join()}`)
      return `http://127.0.0.1:${ours}`
    },
  }
}

/** Creates a client of that cluster, as its administrator or with the identity of a token. */
export function kube({ token }: { token?: string } = {}): Kube {
  const admin = readKubeconfig(readFileSync(KUBECONFIG, "utf8"))
  if (token === undefined) return new Kube(admin)
  return new Kube({ ...without(admin, "certificate", "key"), token })
}

const scratch = mkdtempSync(join(tmpdir(), "kubectl-"))
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }))

let command: Promise<string> | undefined

async function exported(): Promise<string> {
  const path = join(scratch, "kubectl")
  const script = `container | from ${IMAGE} | file /bin/kubectl | export ${path}`
  const { exitCode, stderr } = await dagger(["-M", "-c", script])
  if (exitCode !== 0) throw new Error(stderr)
  return path
}

/** Runs `kubectl` from its image on this host, and returns its output; rejects with its error output. */
export async function kubectl(...args: string[]): Promise<string> {
  command ??= exported()
  const env = { ...process.env, KUBECONFIG }
  const { stdout } = await promisify(execFile)(await command, args, { env, maxBuffer: 1 << 26 })
  return stdout
}
