import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { canLogInToAcr, logInToAcr, whileLoggedIn } from "../../../dagger/cli/commands/acrLogin.js"
import { runCleanup } from "../../../dagger/cli/commands/cleanup.js"
import { loginOf, type Recipient, registryArguments } from "../../../dagger/cli/commands/credentials.js"
import { debugService } from "../../../dagger/cli/commands/debug.js"
import { watchArguments, watchDeployment } from "../../../dagger/cli/commands/deploy.js"
import { printMetrics } from "../../../dagger/cli/commands/metrics.js"
import { prove } from "../../../dagger/cli/commands/proof.js"
import { verify, verifyArguments } from "../../../dagger/cli/commands/verify.js"
import { serviceFindings } from "../../../dagger/cli/doctor/service.js"

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

const logIn = (recipient: Recipient = HOST) => logInToAcr(recipient, process.env, { login: url }, url)

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

describe("a login by AZURE_CREDENTIALS", () => {
  const source = mkdtempSync(join(tmpdir(), "slipway-test-"))
  writeFileSync(join(source, "slipway.yaml"), `release: { registry: ${HOST.host} }\n`)
  afterAll(() => rmSync(source, { recursive: true, force: true }))

  it.each([
    ["verify", () => verifyArguments(`${HOST.host}/x:1`, { source })],
    ["watch", () => watchArguments({ origin: "" }, HOST)],
  ])("is what %s hands on, until it ends", async (_, argumentsOf) => {
    set({ AZURE_CREDENTIALS: JSON_OF_SP })
    const args = await whileLoggedIn(HOST, () => Promise.resolve(argumentsOf()), logIn)
    expect(args).toContain("--username=00000000-0000-0000-0000-000000000000")
    expect(args.join(" ")).toMatch(/ --password=file:\/\//)
    expect(argumentsOf().join(" ")).not.toContain("--username")
  })

  it("is what doctor tries", async () => {
    set({ AZURE_CREDENTIALS: JSON_OF_SP })
    const login = await whileLoggedIn(HOST, () => Promise.resolve(loginOf(HOST)), logIn)
    const user = "00000000-0000-0000-0000-000000000000"
    expect(login).toEqual({ user, password: `refresh:for:${SCOPE}` })
    expect(loginOf(HOST)).toEqual({})
  })

  it("ends with a command that fails", async () => {
    set({ AZURE_CREDENTIALS: JSON_OF_SP })
    await expect(whileLoggedIn(HOST, () => Promise.reject(new Error("no")), logIn)).rejects.toThrow("no")
    expect(loginOf(HOST)).toEqual({})
  })

  const out = join(source, "out")
  const release = `${HOST.host}/x:1`
  it.each([
    ["verify", () => verify(release, { source })],
    ["watch", () => watchDeployment({ source })],
    ["proof", () => prove({ source, previous: release, tag: release, environment: "staging" })],
    ["cleanup", () => runCleanup({ source, out })],
    ["metrics ledger --verify", () => printMetrics("ledger", { source, out, verify: true })],
    ["debug sign", () => Promise.resolve().then(() => debugService("sign", { source }))],
  ])("comes before %s calls the module", async (_, command) => {
    set({ AZURE_CREDENTIALS: "{}" })
    await expect(command()).rejects.toThrow(/AZURE_CREDENTIALS\]/)
  })

  it("that can't be is a finding of doctor", async () => {
    set({ AZURE_CREDENTIALS: "{}" })
    const found = await serviceFindings({ source })
    expect(found.find(({ name }) => name === "push")).toMatchObject({ status: "failed", exitCode: 4 })
  })

  it("is known to be possible without one, for Azure's registries alone", () => {
    expect(canLogInToAcr(HOST)).toBe(false)
    set({ AZURE_CREDENTIALS: "{}" })
    expect(canLogInToAcr(HOST)).toBe(true)
    expect(canLogInToAcr({ host: "registry.example.com" })).toBe(false)
    expect(canLogInToAcr("nobody")).toBe(false)
  })
})
