import { beforeAll, describe, expect, it } from "vitest"
import { type ClusterAccess, readKubeconfig } from "../../../src/lib/kube/access.js"
import { kubeconfigText } from "../../../src/lib/kube/kubeconfig.js"
import { type Certificates, makeCertificates } from "./server.js"

let certificates: Certificates

beforeAll(() => {
  certificates = makeCertificates()
})

const access = (): ClusterAccess => ({
  server: "https://10.0.0.1:6443",
  insecure: false,
  namespace: "web",
  context: "slipway",
  authority: certificates.authority.certificate,
  certificate: certificates.client.certificate,
  key: certificates.client.key,
  token: "t0ken",
})

describe("kubeconfigText", () => {
  it("is read back unchanged", () => {
    expect(readKubeconfig(kubeconfigText(access()))).toEqual(access())
    const bare: ClusterAccess = {
      server: "https://a",
      insecure: true,
      namespace: "default",
      context: "slipway",
    }
    expect(readKubeconfig(kubeconfigText(bare))).toEqual(bare)
  })

  it("dials another address, and still requires the certificate of the server's own", () => {
    const at = "https://cluster.internal:6443"
    expect(readKubeconfig(kubeconfigText(access(), at))).toEqual({
      ...access(),
      server: at,
      serverName: "10.0.0.1",
    })
    expect(readKubeconfig(kubeconfigText({ ...access(), serverName: "kubernetes" }, at)).serverName).toBe(
      "kubernetes",
    )
    const ipv6 = kubeconfigText({ ...access(), server: "https://[::1]:6443" }, at)
    expect(readKubeconfig(ipv6).serverName).toBe("::1")
  })
})
