import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { ClusterAccess } from "../../../src/lib/kube/access.js"
import type { KubeOptions } from "../../../src/lib/kube/client.js"
import { POD } from "../../../src/lib/kube/objects.js"
import {
  type ApiServer,
  answer,
  type Certificates,
  clientOf,
  drop,
  makeCertificates,
  refuse,
  startApi,
} from "./server.js"

let certificates: Certificates
let api: ApiServer
let access: ClusterAccess

beforeAll(async () => {
  certificates = makeCertificates()
  api = await startApi(certificates)
})
afterAll(() => api.stop())
beforeEach(() => {
  api.acts = []
  api.seen = []
  access = {
    server: "https://kubernetes:6443",
    authority: certificates.authority.certificate,
    insecure: false,
    certificate: certificates.client.certificate,
    key: certificates.client.key,
    namespace: "default",
    context: "test",
  }
})

const client = (options: Partial<KubeOptions> = {}) =>
  clientOf(access, { connectTo: { host: "127.0.0.1", port: api.port }, ...options })
const ask = (options: Partial<KubeOptions> = {}) => client(options).kube.get(POD, "a")

describe("a TLS connection", () => {
  it("dials another address with the server name of the URL, and sends the client's certificate", async () => {
    expect(await ask()).toEqual({})
    expect(api.seen).toMatchObject([
      { name: "kubernetes", user: "ann", headers: { host: "kubernetes:6443" } },
    ])
  })

  it("is reused for further requests", async () => {
    const { kube } = client()
    const ports = new Set<number | undefined>()
    api.acts = Array.from({ length: 3 }, () => (_, response, request) => {
      ports.add(request.socket.remotePort)
      response.end("{}")
    })
    for (let count = 0; count < 3; count += 1) await kube.get(POD, "a")
    expect(ports.size).toBe(1)
  })

  it("works with an IP address", async () => {
    access.server = "https://10.96.0.1"
    expect(await ask()).toEqual({})
    expect(api.seen[0]?.name).toBeUndefined()
  })

  it("accepts the server name in the kubeconfig", async () => {
    access = { ...access, server: "https://203.0.113.9", serverName: "kubernetes" }
    expect(await ask()).toEqual({})
    expect(api.seen[0]?.name).toBe("kubernetes")
  })

  it("rejects a server with another name", async () => {
    for (const server of ["https://elsewhere.example", "https://127.0.0.1"]) {
      access.server = server
      const failure = ask()
      await expect(failure).rejects.toMatchObject({ code: "KUBE_CERTIFICATE", exitCode: 4 })
      await expect(failure).rejects.toThrow(/of another name: .* is not in the cert's .*10\.96\.0\.1/)
    }
    expect(api.seen).toEqual([])
  })

  it("rejects a server of another authority", async () => {
    for (const authority of [certificates.stranger.certificate, undefined]) {
      access.authority = authority
      const failure = ask()
      await expect(failure).rejects.toMatchObject({ code: "KUBE_CERTIFICATE", exitCode: 4 })
      await expect(failure).rejects.toThrow(/authority .*signed its certificate/)
    }
    expect(api.seen).toEqual([])
  })

  it("accepts any server if the kubeconfig says so", async () => {
    access = { ...access, authority: undefined, insecure: true, server: "https://elsewhere.example" }
    expect(await ask()).toEqual({})
  })

  it("fails for a server without TLS", async () => {
    const plain = await startApi()
    const failure = ask({ connectTo: { host: "127.0.0.1", port: plain.port } })
    await expect(failure).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" })
    await expect(failure).rejects.toThrow("it speaks another protocol")
    await plain.stop()
  })

  it("is opened again if it broke off, even during the handshake", async () => {
    const { kube } = client()
    await kube.get(POD, "a")
    api.acts = [drop, answer(200, { a: 1 })]
    expect(await kube.create({ ...POD, metadata: { name: "a" } })).toEqual({ a: 1 })
  })
})

describe("a client certificate", () => {
  const end = () => Date.now() + 31 * 24 * 3_600_000

  it("that has expired is reported before any request", async () => {
    const failure = ask({ now: end })
    await expect(failure).rejects.toMatchObject({ code: "KUBE_UNAUTHORIZED", exitCode: 4 })
    await expect(failure).rejects.toThrow(/its client certificate expired on \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/)
    const { kube } = client({ now: end })
    await expect(kube.proxy({ pod: "a" }, "web", 80, "/")).rejects.toThrow("expired on")
    await expect(kube.follow("web", "a", {})[Symbol.asyncIterator]().next()).rejects.toThrow("expired on")
    expect(api.seen).toEqual([])
  })

  it("that isn't valid yet is reported, too", async () => {
    await expect(ask({ now: () => 0 })).rejects.toThrow("its client certificate isn't valid before 20")
  })

  it("is ignored next to a token, unless the server refuses that", async () => {
    access.token = "t0ken"
    expect(await ask({ now: end })).toEqual({})
    api.acts = [refuse(401, "Unauthorized", "Unauthorized")]
    await expect(ask({ now: end })).rejects.toThrow("its client certificate expired on")
  })

  it("of another cluster is reported", async () => {
    api.acts = [refuse(401, "Unauthorized", "Unauthorized")]
    await expect(ask()).rejects.toThrow("it doesn't accept the kubeconfig's client certificate")
  })
})
