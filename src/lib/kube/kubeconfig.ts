import type { ClusterAccess } from "./access.js"

/**
 * Returns a kubeconfig with one context for `kubectl`, as JSON, which is valid YAML.
 *
 * @param server Address to dial, if not the server's own; its certificate must still be for its own.
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
