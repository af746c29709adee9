import { existsSync, readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { logInToAcr } from "../../../dagger/cli/commands/acrLogin.js"
import { registryArguments } from "../../../dagger/cli/commands/credentials.js"

/** A server with the two calls as they are documented: Entra's client credentials, and the registry's exchange. */
let server: Server
let url: string
let seen: { path: string; form: Record<string, string> }[]
let refused: { status: number; body: unknown } | undefined

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
      const path = request.url ?? ""
      seen.push({ path, form })
      const usual =
        path === "/oauth2/exchange"
          ? { refresh_token: `refresh:${form.access_token}` }
          : { access_token: `for:${form.scope}` }
      const { status, body } = (path === "/oauth2/exchange" ? refused : undefined) ?? {
        status: 200,
        body: usual,
      }
      response.writeHead(status, { "content-type": "application/json" })
      response.end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

beforeEach(() => {
  seen = []
  refused = undefined
  const names = [
    "REGISTRY_USERNAME",
    "ACR_USERNAME",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
  ]
  for (const name of [...names, "AZURE_CREDENTIALS", "AZURE_OIDC_TOKEN"]) vi.stubEnv(name, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

const HOST = { host: "team.azurecr.io" }
const SCOPE = "https://containerregistry.azure.net/.default"
const JSON_OF_SP = JSON.stringify({
  clientId: "app",
  clientSecret: "s3cret",
  subscriptionId: "s",
  tenantId: "t",
})

function set(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

const logIn = (recipient = HOST) => logInToAcr(recipient, process.env, { login: url }, url)

describe("logInToAcr", () => {
  it.each([
    ["AZURE_CREDENTIALS", { AZURE_CREDENTIALS: JSON_OF_SP }, { client_secret: "s3cret" }],
    [
      "a federated token",
      { AZURE_CLIENT_ID: "app", AZURE_TENANT_ID: "t", AZURE_OIDC_TOKEN: "host.token" },
      { client_assertion: "host.token" },
    ],
  ])("exchanges the token of %s for one of the registry, which ends with the run", async (_, env, proof) => {
    set(env)
    const end = await logIn()
    expect(seen).toMatchObject([
      { path: "/t/oauth2/v2.0/token", form: { client_id: "app", scope: SCOPE, ...proof } },
      {
        path: "/oauth2/exchange",
        form: { grant_type: "access_token", service: HOST.host, tenant: "t", access_token: `for:${SCOPE}` },
      },
    ])
    const [call, user, password = ""] = registryArguments({}, HOST)
    expect([call, user]).toEqual(["with-registry", "--username=00000000-0000-0000-0000-000000000000"])
    const file = password.replace("--password=file://", "")
    expect(readFileSync(file, "utf8")).toBe(`refresh:for:${SCOPE}`)
    expect(registryArguments({}, { host: "other.azurecr.io" }).join()).not.toContain("file://")
    end()
    expect(existsSync(file)).toBe(false)
    expect(registryArguments({}, HOST).join()).not.toContain("file://")
  })

  it.each([
    ["another registry", { AZURE_CREDENTIALS: JSON_OF_SP }, { host: "registry.example.com" }],
    ["a user and password", { AZURE_CREDENTIALS: JSON_OF_SP, ACR_USERNAME: "u", ACR_PASSWORD: "p" }, HOST],
    [
      "a client secret, which is a password itself",
      { AZURE_CLIENT_ID: "app", AZURE_CLIENT_SECRET: "s" },
      HOST,
    ],
    ["no account", {}, HOST],
  ])("asks nobody for %s", async (_, env, recipient) => {
    set(env)
    await logIn(recipient)
    expect(seen).toEqual([])
  })

  it("fails with the registry's reason, and without the token", async () => {
    set({ AZURE_CREDENTIALS: JSON_OF_SP })
    refused = { status: 401, body: { errors: [{ code: "UNAUTHORIZED", message: `no role, for:${SCOPE}` }] } }
    const error = await logIn().catch((cause: unknown) => String(cause))
    expect(error).toMatch(/can't log in to "team\.azurecr\.io": UNAUTHORIZED: no role.*AcrPush.*ACR_LOGIN/s)
    expect(error).not.toContain(`for:${SCOPE}`)
  })
})
