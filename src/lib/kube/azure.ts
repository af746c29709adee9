/** Kubeconfigs of clusters in Azure (AKS) for a service principal, by the two documented calls of Azure. */
import { parseDocument } from "yaml"
import { fail } from "../errors/catalogue.js"
import { ExitCode } from "../errors/entry.js"
import { type HttpAnswer, httpClient, type HttpFailure, type HttpOptions } from "../http/client.js"
import { scrub } from "../secrets/scrub.js"
import { problemLine } from "./findings.js"

export interface ServicePrincipal {
  tenantId: string
  clientId: string
  clientSecret?: string
  /** Token of the CI host, which Azure trusts by a federated credential; takes precedence over a secret. */
  assertion?: string
}

export interface AksCluster {
  subscriptionId: string
  resourceGroup: string
  name: string
}

export interface AzureOptions {
  /** Address of the login service, which issues tokens. */
  login: string
  /** Address of the management API. */
  management: string
  /** Scope of a token for that API. */
  audience: string
  http: Partial<HttpOptions>
}

export const AZURE_DEFAULTS: Readonly<AzureOptions> = Object.freeze({
  login: "https://login.microsoftonline.com",
  management: "https://management.azure.com",
  audience: "https://management.azure.com",
  http: {},
})

const API_DATE = "2025-10-01"

/** Application id that all AKS API servers share. */
const AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"

/**
 * Returns a kubeconfig of a cluster, for `readKubeconfig`.
 *
 * If it would run kubelogin, it contains a token instead, which is valid for about an hour.
 */
export async function aksKubeconfig(
  principal: ServicePrincipal,
  cluster: AksCluster,
  options: Partial<AzureOptions> = {},
): Promise<string> {
  const settings = { ...AZURE_DEFAULTS, ...options }
  const token = await azureToken(principal, `${settings.audience}/.default`, settings)
  const kubeconfig = await userCredential(token, cluster, settings)
  return await withToken(kubeconfig, (server) => azureToken(principal, `${server}/.default`, settings))
}

/** Requests an access token of the service principal for a scope. */
export async function azureToken(
  { tenantId, clientId, clientSecret, assertion }: ServicePrincipal,
  scope: string,
  options: Partial<AzureOptions> = {},
): Promise<string> {
  const { login, http } = { ...AZURE_DEFAULTS, ...options }
  if (!clientSecret && !assertion)
    throw fail("AZURE_LOGIN", ["there is neither a client secret nor a federated token", ExitCode.badInput])
  const proof: Record<string, string> = assertion
    ? { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion }
    : { client_secret: clientSecret ?? "" }
  const form = { grant_type: "client_credentials", client_id: clientId, scope, ...proof }
  const answer = await sendForm(`${login}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`, form, http)
  return tokenOf(answer, [clientSecret ?? "", assertion ?? ""])
}

/** Sends a form for a token, which changes nothing: the client itself sends JSON. */
export function sendForm(
  url: string,
  form: Readonly<Record<string, string>>,
  http: Partial<HttpOptions> = {},
): Promise<HttpAnswer | HttpFailure> {
  const body = new URLSearchParams(form).toString()
  const send = http.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args))
  return httpClient({ ...http, fetch: (to, init) => send(to, { ...init, body }) }).send({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    repeatable: true,
  })
}

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

function tokenOf(answer: HttpAnswer | HttpFailure, secrets: readonly string[]): string {
  if (answer.kind === "failure")
    throw fail("AZURE_LOGIN", [`Azure's login: ${answer.reason}`, ExitCode.infrastructure])
  const body = json(answer.text)
  if (answer.status === 200 && typeof body.access_token === "string" && body.access_token !== "")
    return body.access_token
  const description = typeof body.error_description === "string" ? body.error_description : ""
  // The rest is for Azure's support: ids of the request and its time.
  const said = description.split(/\n|Trace ID:/, 1)[0]?.trim()
  const reason = scrub(problemLine(said || `it answered ${answer.status}`), secrets)
  const code = answer.status >= 500 ? ExitCode.infrastructure : ExitCode.badInput
  throw fail("AZURE_LOGIN", [reason, code])
}

async function userCredential(
  token: string,
  { subscriptionId, resourceGroup, name }: AksCluster,
  { management, http }: AzureOptions,
): Promise<string> {
  const [subscription, group, cluster] = [subscriptionId, resourceGroup, name].map(encodeURIComponent)
  const place = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ContainerService/managedClusters/${cluster}`
  const answer = await httpClient(http).send({
    method: "POST",
    url: `${management}${place}/listClusterUserCredential?api-version=${API_DATE}&format=exec`,
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    // It only lists and changes nothing.
    repeatable: true,
  })
  if (answer.kind === "failure")
    throw fail("AKS_CREDENTIALS", [name, `Azure: ${answer.reason}`, ExitCode.infrastructure])
  const body = json(answer.text)
  if (answer.status !== 200) throw refused(name, answer.status, body, token)
  const [first] = Array.isArray(body.kubeconfigs) ? (body.kubeconfigs as { value?: unknown }[]) : []
  if (typeof first?.value !== "string" || first.value === "")
    throw fail("AKS_CREDENTIALS", [name, "Azure's answer holds no kubeconfig", ExitCode.infrastructure])
  return Buffer.from(first.value, "base64").toString()
}

function refused(name: string, status: number, body: Record<string, unknown>, token: string): Error {
  const { code, message } = (body.error ?? {}) as { code?: unknown; message?: unknown }
  const said = [code, message].filter((part) => typeof part === "string" && part !== "").join(": ")
  const reason = scrub(problemLine(said === "" ? `Azure answered ${status}` : said, 500), [token])
  return fail("AKS_CREDENTIALS", [
    name,
    reason,
    status >= 500 || status === 429 ? ExitCode.infrastructure : ExitCode.badInput,
  ])
}

/** Replaces each user's kubelogin, or the older plugin, by a token. */
async function withToken(text: string, tokenFor: (server: string) => Promise<string>): Promise<string> {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" })
  if (document.errors.length > 0) return text
  const { users } = (document.toJS() ?? {}) as { users?: unknown }
  const tokens = new Map<string, string>()
  for (const [index, entry] of (Array.isArray(users) ? (users as unknown[]) : []).entries()) {
    const server = serverOf((entry as { user?: User } | null)?.user)
    if (server === undefined) continue
    const token = tokens.get(server) ?? (await tokenFor(server))
    tokens.set(server, token)
    document.setIn(["users", index, "user"], document.createNode({ token }))
  }
  return tokens.size === 0 ? text : document.toString({ lineWidth: 0 })
}

interface User {
  exec?: { command?: unknown; args?: unknown }
  "auth-provider"?: { name?: unknown; config?: Record<string, unknown> }
}

/** Application id that a user's token must be for; undefined for a user without a token of Azure. */
function serverOf(user: User | null | undefined): string | undefined {
  const provider = user?.["auth-provider"]
  if (provider?.name === "azure") {
    const server = provider.config?.["apiserver-id"]
    return typeof server === "string" ? server : AKS_SERVER
  }
  const { command, args } = user?.exec ?? {}
  if (typeof command !== "string" || !/(?:^|[\\/])kubelogin(?:\.exe)?$/.test(command)) return undefined
  const words = Array.isArray(args) ? args.map(String) : []
  const named = words[words.indexOf("--server-id") + 1]
  return words.includes("--server-id") && named !== undefined ? named : AKS_SERVER
}

function json(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
