import { beforeAll, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { readKubeconfig } from "../../../src/lib/kube/access.js"
import { type Certificates, makeCertificates } from "./server.js"

let certificates: Certificates

beforeAll(() => {
  certificates = makeCertificates()
})

const base64 = (text: string) => Buffer.from(text).toString("base64")

interface Parts {
  cluster?: Record<string, unknown>
  user?: Record<string, unknown>
  context?: Record<string, unknown>
  rest?: Record<string, unknown>
}

const kubeconfig = ({ cluster, user, context, rest }: Parts = {}) =>
  stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "prod",
    clusters: [{ name: "c1", cluster: { server: "https://10.0.0.1:6443/", ...cluster } }],
    users: [{ name: "ann", user: { token: "t0ken", ...user } }],
    contexts: [
      { name: "prod", context: { cluster: "c1", user: "ann", ...context } },
      { name: "bare", context: { cluster: "c1", namespace: "web" } },
    ],
    ...rest,
  })

const pair = () => ({
  "client-certificate-data": base64(certificates.client.certificate),
  "client-key-data": base64(certificates.client.key),
})

describe("readKubeconfig", () => {
  it("returns the cluster's address and the user's credentials", () => {
    const cluster = {
      "certificate-authority-data": base64(certificates.authority.certificate),
      "tls-server-name": "kubernetes",
    }
    expect(readKubeconfig(kubeconfig({ cluster, user: pair(), context: { namespace: "web" } }))).toEqual({
      server: "https://10.0.0.1:6443",
      serverName: "kubernetes",
      authority: certificates.authority.certificate,
      insecure: false,
      certificate: certificates.client.certificate,
      key: certificates.client.key,
      token: "t0ken",
      namespace: "web",
      context: "prod",
    })
  })

  it("reads another context, without a user, in JSON, with base64 over several lines", () => {
    expect(readKubeconfig(kubeconfig(), "bare")).toEqual({
      server: "https://10.0.0.1:6443",
      insecure: false,
      namespace: "web",
      context: "bare",
    })
    const data = base64(certificates.authority.certificate).replace(/.{64}/g, "$&\n")
    const text = kubeconfig({ cluster: { "certificate-authority-data": data } })
    expect(readKubeconfig(text)).toMatchObject({ authority: certificates.authority.certificate })
    expect(
      readKubeconfig(
        '{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"b"}}],"clusters":[{"name":"b","cluster":{"server":"http://c/k8s/x/","insecure-skip-tls-verify":true}}]}',
      ),
    ).toEqual({ server: "http://c/k8s/x", insecure: true, namespace: "default", context: "a" })
  })

  it("prefers data to a file, as kubectl does", () => {
    expect(readKubeconfig(kubeconfig({ user: { ...pair(), "client-key": "/home/ann/key" } }))).toHaveProperty(
      "key",
    )
  })
})

describe("readKubeconfig of an unusable kubeconfig", () => {
  const exec = { token: undefined, exec: { command: "/usr/bin/aws-iam", args: ["secret"] } }

  it.each<[string, () => string, string]>([
    ["is empty", () => " \n", "it is empty"],
    ["is invalid YAML", () => "a: b\nkey: 'hunter2\nc: [", "is not YAML"],
    ["is a list", () => "- a\n", "it is not a mapping"],
    [
      "names no context",
      () => kubeconfig({ rest: { "current-context": "" } }),
      'no current-context (it has "prod", "bare")',
    ],
    [
      "names a missing context",
      () => kubeconfig({ rest: { "current-context": "dev" } }),
      'no context "dev" (it has "prod", "bare")',
    ],
    [
      "has no such cluster",
      () => kubeconfig({ context: { cluster: "c2" } }),
      'no cluster "c2" (it has "c1")',
    ],
    ["has no such user", () => kubeconfig({ context: { user: "bob" } }), 'no user "bob" (it has "ann")'],
    ["has no lists", () => kubeconfig({ rest: { contexts: "x" } }), "(it has none)"],
    ["has no server", () => kubeconfig({ cluster: { server: "" } }), 'the cluster "c1" has no "server"'],
    [
      "has an invalid address",
      () => kubeconfig({ cluster: { server: "10.0.0.1" } }),
      '"10.0.0.1" of the cluster "c1" is not an address',
    ],
    ["has another protocol", () => kubeconfig({ cluster: { server: "ftp://x" } }), '"ftp://x"'],
    [
      "has a password in its address",
      () => kubeconfig({ cluster: { server: "https://u:hunter2@x" } }),
      "a user or a password",
    ],
    [
      "has a number as server",
      () => kubeconfig({ cluster: { server: 7 } }),
      '"server" of the cluster "c1" is not text',
    ],
    ["names a proxy", () => kubeconfig({ cluster: { "proxy-url": "http://p" } }), "through a proxy"],
    [
      "names a file of the host",
      () => kubeconfig({ cluster: { "certificate-authority": "/etc/ca.crt" } }),
      '"/etc/ca.crt" (certificate-authority)',
    ],
    [
      "names the key's file",
      () => kubeconfig({ user: { "client-key": "key.pem" } }),
      '"key.pem" (client-key)',
    ],
    [
      "names a token's file",
      () => kubeconfig({ user: { tokenFile: "/run/token" } }),
      '"/run/token" (tokenFile)',
    ],
    ["runs a program", () => kubeconfig({ user: exec }), 'by running "/usr/bin/aws-iam" (exec)'],
    ["has a plugin", () => kubeconfig({ user: { "auth-provider": { name: "gcp" } } }), '"auth-provider"'],
    ["has a password", () => kubeconfig({ user: { username: "u", password: "hunter2" } }), '"username"'],
    ["asks as another", () => kubeconfig({ user: { as: "root" } }), '"as"'],
    [
      "has invalid base64",
      () => kubeconfig({ cluster: { "certificate-authority-data": "hunter2!" } }),
      "is no base64 of a PEM",
    ],
    [
      "has invalid PEM",
      () => kubeconfig({ cluster: { "certificate-authority-data": base64("hunter2") } }),
      "is no base64 of a PEM",
    ],
    [
      "has a broken certificate",
      () =>
        kubeconfig({
          cluster: {
            "certificate-authority-data": base64(
              "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----",
            ),
          },
        }),
      "no certificate that can be read",
    ],
    [
      "lacks the key",
      () => kubeconfig({ user: { ...pair(), "client-key-data": "" } }),
      "only one of client-certificate-data",
    ],
    [
      "has a broken key",
      () =>
        kubeconfig({
          user: { ...pair(), "client-key-data": base64("-----BEGIN PRIVATE KEY-----\nhunter2\n") },
        }),
      "no key that can be read",
    ],
    [
      "has the key of another certificate",
      () => kubeconfig({ user: { ...pair(), "client-key-data": base64(certificates.server.key) } }),
      "don't belong together",
    ],
    [
      "has a token on two lines",
      () => kubeconfig({ user: { token: "hunter2\nb" } }),
      "characters that no token has",
    ],
    [
      "trusts both one authority and any",
      () =>
        kubeconfig({
          cluster: {
            "certificate-authority-data": base64(certificates.authority.certificate),
            "insecure-skip-tls-verify": true,
          },
        }),
      "both an authority and insecure-skip-tls-verify",
    ],
  ])("explains that it %s, without its secrets", (_, text, expected) => {
    let error: unknown
    try {
      readKubeconfig(text())
    } catch (caught) {
      error = caught
    }
    expect(error).toMatchObject({ code: "KUBECONFIG", exitCode: 4 })
    expect((error as Error).message).toContain(expected)
    expect((error as Error).message).not.toContain("hunter2")
    expect((error as Error).message).not.toContain("t0ken")
  })

  it("says what to do", () => {
    expect(() => readKubeconfig(kubeconfig({ user: { "client-key": "x" } }))).toThrow(
      "--raw --flatten --minify",
    )
    expect(() => readKubeconfig(kubeconfig({ user: exec }))).toThrow("kubectl create token")
  })

  it("doesn't follow endless aliases", () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `a${level}: &a${level} [*a${Math.max(0, level - 1)}, *a${Math.max(0, level - 1)}]`,
    )
    expect(() => readKubeconfig(["a0: &a0 [x, x]", ...levels.slice(1)].join("\n"))).toThrow(
      "aliases can't be resolved",
    )
  })
})
