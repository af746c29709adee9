import { type Container, dag, func, object, type Secret, type Service } from "@dagger.io/dagger"
import { EMBEDDED_HOST, embeddedRegistry } from "../registry/embedded.js"
import { imageReference, K3S_VERSION } from "../stage/images.js"
import { privateText } from "../stage/privateFiles.js"
import { configOf } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"

const API_PORT = 6443

/** The range of node ports, by which Services are reached from outside. */
const NODE_PORTS = [30080, 30081, 30082, 30083]

const FOLDER = "/etc/rancher/k3s"
const KUBECONFIG = `${FOLDER}/k3s.yaml`
const ADDRESS = `${FOLDER}/address`
const REGISTRIES = "/slipway/registries.yaml"
const REGISTRY_NAME = EMBEDDED_HOST.replace(/:\d+$/, "")

/** Folders that the cluster writes to, off the container's own file system, on which no other overlay can lie. */
const STATE = ["/var/lib/rancher/k3s", "/var/lib/kubelet", "/var/lib/cni", "/var/log"]

/**
 * Empties the root of cgroup v2, which a group with controllers for its children has to be, and forgets the kubeconfig
 * of the cluster before. Then it becomes k3s.
 */
const START = `
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/init
    while read -r id; do echo "$id" > /sys/fs/cgroup/init/cgroup.procs; done < /sys/fs/cgroup/cgroup.procs 2> /dev/null
    sed 's/ / +/g; s/^/+/' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
  fi
  rm -f ${KUBECONFIG}
  { hostname -I 2> /dev/null || hostname -i; } | tr ' ' '\\n' | head -n 1 > ${ADDRESS}
  exec "$@"`

/** Options of `k3s server`, which leave out whatever a trial cluster doesn't need. */
const FLAGS = [
  "--node-name=slipway",
  "--tls-san=kubernetes",
  "--write-kubeconfig-mode=600",
  `--private-registry=${REGISTRIES}`,
  "--egress-selector-mode=disabled",
  ...["traefik", "metrics-server", "servicelb", "local-storage"].map((part) => `--disable=${part}`),
]

/** How long a cluster may take until it says how to reach it. */
const PATIENCE_SECONDS = 120

/** A Kubernetes cluster of one node, for trials: gone without a trace when its service ends. */
@object()
export class Cluster {
  /** Clusters of one name take each other's place. */
  name!: string
  /** The text of `slipway.yaml`. */
  settings!: string

  /**
   * The cluster itself: its API at port 6443, node ports 30080 to 30083. It pulls from the embedded registry and from
   * public ones. An effect, once it is started.
   */
  @func({ cache: "never" })
  service(): Service {
    const mirrors = { [EMBEDDED_HOST]: { endpoint: [`http://${EMBEDDED_HOST}`] } }
    let machine = this.machine()
      .withNewFile(REGISTRIES, JSON.stringify({ mirrors }))
      .withExposedPort(API_PORT)
    for (const folder of STATE) machine = machine.withMountedTemp(folder)
    for (const port of NODE_PORTS)
      machine = machine.withExposedPort(port, { experimentalSkipHealthcheck: true })
    machine = machine.withServiceBinding(REGISTRY_NAME, this.registry())
    const args = ["sh", "-c", START, "sh", "k3s", "server", ...FLAGS]
    return machine.asService({ args, insecureRootCapabilities: true })
  }

  /** The registry that it pulls from. Pure. */
  @func()
  registry(): Service {
    const { service } = embeddedRegistry(configOf(this.settings))
    if (service === undefined) throw new Error("the embedded registry is a service")
    return service
  }

  /**
   * How to reach the cluster that runs, as its administrator; its address there is https://127.0.0.1:6443. Waits for a
   * cluster that is about to start, and fails with CLUSTER_ABSENT. Asks each time.
   */
  @func({ cache: "never" })
  async kubeconfig(): Promise<Secret> {
    // Copied rather than printed: what a command prints is in logs.
    const script = `for i in $(seq ${PATIENCE_SECONDS * 5}); do [ ! -s $0 ] || break; sleep 0.2; done
      touch /kubeconfig; [ ! -s $0 ] || cp $0 /kubeconfig`
    const copied = this.machine()
      .withEnvVariable("SLIPWAY_ASKED", crypto.randomUUID())
      .withExec(["sh", "-c", script, KUBECONFIG])
      .file("/kubeconfig")
    const text = await privateText(copied)
    if (text === "") throw fail("CLUSTER_ABSENT", [this.name, PATIENCE_SECONDS])
    return dag.setSecret(`kubeconfig of the cluster ${this.name}`, text)
  }

  /** Where the cluster that runs is within the engine's network, for whoever can reach that. Asks each time. */
  @func({ cache: "never" })
  async address(): Promise<string> {
    const text = await this.machine()
      .withEnvVariable("SLIPWAY_ASKED", crypto.randomUUID())
      .withExec(["sh", "-c", "touch $0; cp $0 /address", ADDRESS])
      .file("/address")
      .contents()
    return text.trim()
  }

  /** The cluster's container, with the folder that outlives it: its kubeconfig is there for other sessions. */
  private machine(): Container {
    const { images } = configOf(this.settings)
    return dag
      .container()
      .from(imageReference("k3s", K3S_VERSION, images))
      .withMountedCache(FOLDER, dag.cacheVolume(`slipway-cluster-${this.name}`))
  }
}
