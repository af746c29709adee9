import { type Container, dag, type Service } from "@dagger.io/dagger"
import { clusterOf, type DeployInputs, render } from "./environment.js"
import { kubectl } from "../cluster/kubectl.js"
import { execute } from "../stage/execute.js"
import { fail } from "../lib/errors/catalogue.js"
import type { ClusterAccess } from "../lib/kube/access.js"
import { kubeconfigText } from "../lib/kube/kubeconfig.js"
import type { ServiceObject as KubeService } from "../lib/kube/objects.js"
import { ownMessage } from "../lib/run/outcome.js"

/** A service's address for a tool in a container. */
export interface ServiceEndpoint {
  /** Without a slash at its end. */
  url: string
  /** The route from the URL to the service, for reports. */
  way: string
  /** Returns the container, bound so that the URL reaches the service. */
  bind: (container: Container) => Container
}

const HOST = "service.slipway.internal"
const PORT = 8000
const API = "cluster.slipway.internal"
const KUBECONFIG = "/slipway/kubeconfig"

/**
 * Forwards the port, again with the next pod when one is deleted. Five failures in a row within seconds mean that there
 * is nothing to connect to. Ends on SIGTERM: the session waits for its services.
 */
const FORWARD = `
  trap 'kill $forwarding; exit' TERM
  failures=0
  while [ $failures -lt 5 ]; do
    began=$(date +%s)
    "$@" & forwarding=$!
    wait $forwarding
    if [ $(($(date +%s) - began)) -lt 10 ]; then failures=$((failures + 1)); else failures=0; fi
    sleep 1
  done
  exit 1`

const TRY_SECONDS = 60

/** Exits with 0 once the port is forwarded. */
const TRY = `
  "$@" > /tmp/said 2> /tmp/complained & forwarding=$!
  while kill -0 $forwarding 2> /dev/null; do
    ! grep -q ^Forwarding /tmp/said || exit 0
    sleep 0.2
  done
  cat /tmp/complained >&2
  exit 1`

/**
 * Finds an environment's service: at deploy.url, else by a port forwarded to one of its pods.
 *
 * Fails as `clusterOf` and `render`, and with NO_PORT and NOT_FORWARDED.
 */
export async function endpointOf(inputs: DeployInputs): Promise<ServiceEndpoint> {
  const { config, environment } = inputs
  const url = config.deploy.url[environment]
  if (url !== undefined) return addressEndpoint(url, `deploy.url.${environment}`)
  const { access, kube, namespace: fallback } = await clusterOf(inputs)
  const { service, namespace } = await render(inputs, kube, fallback)
  const forward = await forwarded(inputs, access, service, namespace)
  return {
    url: `http://${HOST}:${PORT}`,
    way: `kubectl port-forward service/${service.metadata.name}, which routes to one pod, through the API server`,
    bind: (container) => container.withServiceBinding(HOST, forward),
  }
}

/** Returns the endpoint of a URL that every container reaches. */
export const addressEndpoint = (url: string, way: string): ServiceEndpoint => ({
  url: url.replace(/(?<!\/)\/+$/, ""),
  way,
  bind: (container) => container,
})

/** Returns the endpoint of a container in place of a deployed service, at this URL if given. */
export async function serviceEndpoint(service: Service, way: string, url = ""): Promise<ServiceEndpoint> {
  if (url !== "")
    return {
      ...addressEndpoint(url, way),
      bind: (container) => container.withServiceBinding(new URL(url).hostname, service),
    }
  const [port] = await service.ports()
  return {
    url: `http://${HOST}:${(await port?.port()) ?? 80}`,
    way,
    bind: (container) => container.withServiceBinding(HOST, service),
  }
}

/** Returns a container with kubectl, connected to the cluster and namespace of `access`. */
export async function connectedKubectl(
  { config, cluster }: Pick<DeployInputs, "config" | "cluster">,
  access: ClusterAccess,
): Promise<Container> {
  const [port] = (await cluster?.ports()) ?? []
  const server = cluster === undefined ? access.server : `https://${API}:${(await port?.port()) ?? 6443}`
  const kubeconfig = dag.setSecret(
    `kubeconfig of ${access.server} ${access.namespace ?? ""}`,
    kubeconfigText(access, server),
  )
  const tool = kubectl(config)
    .withMountedSecret(KUBECONFIG, kubeconfig)
    .withEnvVariable("KUBECONFIG", KUBECONFIG)
  return cluster === undefined ? tool : tool.withServiceBinding(API, cluster)
}

/** Forwards the port, after a test: a service that doesn't start wouldn't report the reason. */
async function forwarded(
  inputs: DeployInputs,
  access: ClusterAccess,
  service: KubeService,
  namespace: string,
): Promise<Service> {
  const { name } = service.metadata
  const port = portOf(service)
  if (port === undefined) throw fail("NO_PORT", [name])
  const tool = await connectedKubectl(inputs, access)
  const forward = [
    "/usr/local/bin/kubectl",
    `--namespace=${namespace}`,
    "port-forward",
    "--address=0.0.0.0",
    `service/${name}`,
    `${PORT}:${port}`,
  ]
  const probe = tool.withEnvVariable("SLIPWAY_RUN", inputs.run)
  const tried = await execute(probe, ["sh", "-c", TRY, "sh", ...forward], TRY_SECONDS)
  if (tried.exitCode !== 0) throw fail("NOT_FORWARDED", [name, namespace, ownMessage(tried)])
  return tool.withExposedPort(PORT).asService({ args: ["sh", "-c", FORWARD, "sh", ...forward] })
}

/** Returns the port named http, else the first. */
const portOf = ({ spec }: KubeService): number | undefined =>
  (spec.ports?.find(({ name }) => name === "http") ?? spec.ports?.[0])?.port
