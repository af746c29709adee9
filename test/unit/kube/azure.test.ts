import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { parse, stringify } from "yaml"
import { readKubeconfig } from "../../../src/lib/kube/access.js"
import { aksKubeconfig, type AzureOptions, type ServicePrincipal } from "../../../src/lib/kube/azure.js"

/**
 * Server with the two calls as Azure documents them: OAuth's client credentials, and a managed cluster's user
 * credentials.
 */
let server: Server
let url: string
let seen: {
  method: string
  path: string
  query: Record<string, string>
  authorization?: string
  type?: string
  form: Record<string, string>
}[]
/** Answers that replace the usual ones, in order. */
let instead: ({ status: number; body: unknown } | undefined)[]
let kubeconfig: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://none")
      const { authorization, "content-type": type } = request.headers
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
      seen.push({
        method: request.method ?? "",
        path: pathname,
        query: Object.fromEntries(searchParams),
        authorization,
        type,
        form,
      })
      const { status, body } = instead.shift() ?? usual(pathname, form, authorization)
      response.writeHead(status, { "content-type": "application/json" })
      response.end(typeof body === "string" ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())
beforeEach(() => {
  seen = []
  instead = []
  kubeconfig = config({ token: "cluster-user" })
})

function usual(path: string, form: Record<string, string>, authorization?: string) {
  if (path === "/tenant-1/oauth2/v2.0/token") {
    const known = form.client_secret === "s3cr&t=" || form.client_assertion === "ci.host.token"
    if (form.grant_type !== "client_credentials" || form.client_id !== "app-1" || !known) return wrongSecret
    return {
      status: 200,
      body: { token_type: "Bearer", expires_in: 3599, access_token: `for:${form.scope}` },
    }
  }
  if (path === PLACE && authorization === "Bearer for:https://management.azure.com/.default") {
    const value = Buffer.from(kubeconfig).toString("base64")
    return { status: 200, body: { kubeconfigs: [{ name: "clusterUser", value }] } }
  }
  return {
    status: 404,
    body: { error: { code: "ResourceNotFound", message: `The Resource '${path}' was not found.` } },
  }
}

const PLACE =
  "/subscriptions/sub-1/resourceGroups/group/providers/Microsoft.ContainerService/managedClusters/aks/listClusterUserCredential"

const wrongSecret = {
  status: 401,
  body: {
    error: "invalid_client",
    error_description:
      "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is not the secret ID, for app 'app-1': s3cr&t=.\r\nTrace ID: 255d1aef\r\nCorrelation ID: fb3d2015\r\nTimestamp: 2026-01-09 02:02:12Z",
    error_codes: [7000215],
  },
}

const config = (user: unknown) =>
  stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "aks",
    clusters: [{ name: "aks", cluster: { server: "https://aks-1.hcp.westeurope.azmk8s.io:443" } }],
    users: [{ name: "clusterUser_group_aks", user }],
    contexts: [{ name: "aks", context: { cluster: "aks", user: "clusterUser_group_aks" } }],
  })

const kubelogin = (...args: string[]) => ({
  exec: {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "kubelogin",
    args: ["get-token", "--environment", "AzurePublicCloud", ...args, "--login", "devicecode"],
  },
})

const principal: ServicePrincipal = { tenantId: "tenant-1", clientId: "app-1", clientSecret: "s3cr&t=" }
const cluster = { subscriptionId: "sub-1", resourceGroup: "group", name: "aks" }

const get = (given: Partial<ServicePrincipal> = {}, options: Partial<AzureOptions> = {}) =>
  aksKubeconfig({ ...principal, ...given }, cluster, {
    login: url,
    management: url,
    http: { sleep: () => Promise.resolve() },
    ...options,
  })

const failing = (given?: Partial<ServicePrincipal>, options?: Partial<AzureOptions>) =>
  get(given, options).then(
    () => expect.unreachable(),
    (error: unknown) => error as Error,
  )

describe("aksKubeconfig", () => {
  it("returns a cluster's kubeconfig by two calls", async () => {
    expect(readKubeconfig(await get())).toMatchObject({
      server: "https://aks-1.hcp.westeurope.azmk8s.io:443".replace(":443", ""),
      token: "cluster-user",
    })
    expect(seen).toEqual([
      {
        method: "POST",
        path: "/tenant-1/oauth2/v2.0/token",
        query: {},
        authorization: undefined,
        type: "application/x-www-form-urlencoded",
        form: {
          grant_type: "client_credentials",
          client_id: "app-1",
          client_secret: "s3cr&t=",
          scope: "https://management.azure.com/.default",
        },
      },
      {
        method: "POST",
        path: PLACE,
        query: { "api-version": "2025-10-01", format: "exec" },
        authorization: "Bearer for:https://management.azure.com/.default",
        type: undefined,
        form: {},
      },
    ])
  })

  it("prefers a CI host's token to a secret", async () => {
    await get({ assertion: "ci.host.token" })
    expect(seen[0]?.form).toEqual({
      grant_type: "client_credentials",
      client_id: "app-1",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "ci.host.token",
      scope: "https://management.azure.com/.default",
    })
  })

  it.each<[string, unknown, string]>([
    [
      "kubelogin",
      kubelogin("--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"),
      "6dae42f8-4368-4678-94ff-3960e28e3630",
    ],
    ["kubelogin for an application of the team", kubelogin("--server-id", "own-app"), "own-app"],
    [
      "kubelogin without more",
      { exec: { command: "C:\\bin\\kubelogin.exe" } },
      "6dae42f8-4368-4678-94ff-3960e28e3630",
    ],
    [
      "the older plugin",
      { "auth-provider": { name: "azure", config: { "apiserver-id": "own-app" } } },
      "own-app",
    ],
  ])("replaces %s by a token", async (_, user, application) => {
    kubeconfig = config(user)
    const text = await get()
    expect(readKubeconfig(text).token).toBe(`for:${application}/.default`)
    expect((parse(text) as { users: unknown }).users).toEqual([
      { name: "clusterUser_group_aks", user: { token: `for:${application}/.default` } },
    ])
  })

  it("keeps another program", async () => {
    kubeconfig = config({ exec: { command: "notkubelogin" } })
    expect(await get()).toBe(kubeconfig)
    expect(seen).toHaveLength(2)
  })

  it("retries while Azure is busy", async () => {
    instead = [{ status: 503, body: "" }, undefined, { status: 429, body: {} }]
    expect(readKubeconfig(await get()).token).toBe("cluster-user")
    expect(seen).toHaveLength(4)
  })
})

describe("aksKubeconfig's error", () => {
  it("for a login has Azure's code and message, without details for its support, or the secret", async () => {
    instead = [wrongSecret]
    const error = await failing()
    expect(error).toMatchObject({ code: "AZURE_LOGIN", exitCode: 4 })
    expect(error.message).toContain("AADSTS7000215: Invalid client secret provided. Ensure")
    expect(error.message).not.toMatch(/s3cr|Trace|Correlation/)
  })

  it("has the status if there is no message", async () => {
    instead = [{ status: 400, body: "<html>" }]
    expect((await failing()).message).toContain("it answered 400")
    instead = [{ status: 200, body: { token_type: "Bearer" } }]
    expect(await failing()).toMatchObject({ code: "AZURE_LOGIN" })
  })

  it("never contains a federated token", async () => {
    instead = [
      { status: 400, body: { error_description: "AADSTS50027: JWT token aaaa.bbbb.cccc is invalid" } },
    ]
    const { message } = await failing({ assertion: "aaaa.bbbb.cccc" })
    expect(message).toContain("AADSTS50027: JWT token *** is invalid")
  })

  it("without any credentials is AZURE_LOGIN, without a request", async () => {
    expect(await failing({ clientSecret: "" })).toMatchObject({ code: "AZURE_LOGIN", exitCode: 4 })
    expect(seen).toEqual([])
  })

  it.each([
    [403, "AuthorizationFailed", 4],
    [404, "ResourceGroupNotFound", 4],
    [500, "InternalServerError", 3],
  ])("for credentials by %i says why", async (status, code, exitCode) => {
    instead = [undefined, { status, body: { error: { code, message: "The client 'app-1' does\r\nnot" } } }]
    const error = await failing()
    expect(error).toMatchObject({ code: "AKS_CREDENTIALS", exitCode })
    expect(error.message).toContain(
      `cluster "aks" are unavailable from Azure: ${code}: The client 'app-1' does not\n`,
    )
  })

  it.each([{}, { kubeconfigs: [] }, { kubeconfigs: null }, { kubeconfigs: [{ name: "x" }] }, [], "null"])(
    "says so for an answer without a kubeconfig: %j",
    async (body) => {
      instead = [undefined, { status: 200, body }]
      expect(await failing()).toMatchObject({ code: "AKS_CREDENTIALS", exitCode: 3 })
    },
  )

  it("has exit code 3 if Azure can't be reached", async () => {
    expect(await failing({}, { login: "http://127.0.0.1:2" })).toMatchObject({
      code: "AZURE_LOGIN",
      exitCode: 3,
    })
    const error = await failing({}, { management: "http://127.0.0.1:2" })
    expect(error).toMatchObject({ code: "AKS_CREDENTIALS", exitCode: 3 })
    expect(error.message).toContain("nothing listens at its address")
  })
})
