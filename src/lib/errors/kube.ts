import { type Catalogue, ExitCode, quote } from "./entry.js"

/** A refused permission, as the cluster reports it. */
export interface Refused {
  user: string
  verb: string
  /** With its group unless it is the core group: `deployments.apps`. */
  resource: string
  /** Undefined for cluster-wide resources. */
  namespace?: string
}

/** Errors of connecting to a cluster and of its API. */
export const kubeErrors = {
  KUBECONFIG: (reason: string, remedy = FLATTEN) => ({
    message: `the kubeconfig can't be used: ${reason}`,
    remedy,
    exitCode: ExitCode.badInput,
  }),
  KUBE_UNREACHABLE: (server: string, reason: string, seconds: number) => ({
    message: `the cluster at ${quote(server)} gave no answer that stands: ${reason}${seconds > 0 ? ` (tried for ${seconds} s)` : ""}`,
    remedy: "see whether the cluster runs and can be reached from here, then run it again",
    exitCode: ExitCode.infrastructure,
  }),
  KUBE_UNAUTHORIZED: (server: string, reason: string) => ({
    message: `the cluster at ${quote(server)} doesn't know who asks: ${reason}`,
    remedy: "pass a kubeconfig with credentials that hold, as whoever runs the cluster hands them out",
    exitCode: ExitCode.badInput,
  }),
  KUBE_FORBIDDEN: (refused: Refused | string) => ({
    message: typeof refused === "string" ? `the cluster forbids it: ${refused}` : sentence(refused),
    remedy:
      typeof refused === "string"
        ? "what the cluster names there must be allowed by whoever runs it"
        : `allow it by a Role: \`verbs: ["${refused.verb}"], resources: ["${bare(refused.resource)}"]\``,
    exitCode: ExitCode.badInput,
  }),
  KUBE_CONFLICT: (what: string, reason: string) => ({
    message: `somebody else changed ${what} at the same time: ${reason}`,
    remedy: "run it again: it starts from what is there now",
    exitCode: ExitCode.infrastructure,
  }),
  KUBE_EXISTS: (what: string) => ({
    message: `there is already a ${what}`,
    remedy: "find its owner; delete it if it is stale, or run it again",
    exitCode: ExitCode.infrastructure,
  }),
  KUBE_INVALID: (what: string, causes: readonly string[]) => ({
    message: `the cluster doesn't take ${what}: ${causes.join("; ")}`,
    remedy:
      "fix these fields in the manifests, for example those of the kustomize overlay or the values of the chart",
    exitCode: ExitCode.badInput,
  }),
  KUBE_MISSING: (what: string, reason: string) => ({
    message: `${what} is unavailable: ${reason}`,
    remedy: "create it, or see whether name, namespace and cluster are the right ones",
    exitCode: ExitCode.badInput,
  }),
  KUBE_CERTIFICATE: (server: string, reason: string) => ({
    message: `the cluster at ${quote(server)} isn't trusted: ${reason}`,
    remedy:
      "pass a kubeconfig of this very cluster: it holds the authority (`certificate-authority-data`) and, where the name differs, `tls-server-name`",
    exitCode: ExitCode.badInput,
  }),
  KUBE_FAILED: (what: string, status: number, reason: string) => ({
    message: `the cluster failed at ${what} (${status}): ${reason}`,
    remedy: "see the log of the cluster's API server or of the webhook that it names, then run it again",
    exitCode: ExitCode.infrastructure,
  }),
  AZURE_LOGIN: (reason: string, exitCode: ExitCode) => ({
    message: `the service principal can't log in to Azure: ${reason}`,
    remedy:
      "see AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or the federated token), and whether the secret has expired",
    exitCode,
  }),
  ACR_LOGIN: (host: string, reason: string, exitCode: ExitCode) => ({
    message: `the service principal can't log in to ${quote(host)}: ${reason}`,
    remedy: "give it the role AcrPush there, or set ACR_USERNAME and ACR_PASSWORD",
    exitCode,
  }),
  AKS_CREDENTIALS: (cluster: string, reason: string, exitCode: ExitCode) => ({
    message: `the credentials of the cluster ${quote(cluster)} are unavailable from Azure: ${reason}`,
    remedy:
      'see subscription, resource group and name; the service principal needs the role "Azure Kubernetes Service Cluster User Role" on it',
    exitCode,
  }),
} satisfies Catalogue

const FLATTEN = "pass one that stands for itself, as `kubectl config view --raw --flatten --minify` prints it"

const sentence = ({ user, verb, resource, namespace }: Refused): string =>
  `${quote(user)} may not ${verb} ${resource} ${namespace === undefined ? "in the cluster" : `in the namespace ${quote(namespace)}`}`

/** Returns a resource's name without its group, as rules have it. */
const bare = (resource: string): string => resource.replace(/^([^./]+)[^/]*/, "$1")
