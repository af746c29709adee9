import type { ClusterAccess } from "./access.js"

/**
 * A kubeconfig of one context, for `kubectl`; as JSON, which is YAML as well.
 *
 * @param server Where the API server is dialled, if not at its own address: its certificate is still that of its own.
 */
export function kubeconfigText(access: ClusterAccess, server = access.server): string {
  const { authority, certificate, key, token, insecure, namespace, serverName } = access
  const own = new URL(access.server).hostname.replace(/^\[|\]$/g, "")
  const name = serverName ?? (server === access.server ? undefined : own)
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "slipway",
    clusters: [
      {
        name: "slipway",
        cluster: {
          server,
          ...(name !== undefined && { "tls-server-name": name }),
          ...(authority !== undefined && { "certificate-authority-data": base64(authority) }),
          ...(insecure && { "insecure-skip-tls-verify": true }),
        },
      },
    ],
    users: [
      {
        name: "slipway",
        user: {
          ...(certificate !== undefined && { "client-certificate-data": base64(certificate) }),
          ...(key !== undefined && { "client-key-data": base64(key) }),
          ...(token !== undefined && { token }),
        },
      },
    ],
    contexts: [{ name: "slipway", context: { cluster: "slipway", user: "slipway", namespace } }],
  })
}

const base64 = (text: string): string => Buffer.from(text).toString("base64")
