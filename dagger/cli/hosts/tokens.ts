import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { CiHost } from "../../../src/lib/config/wrappers.js"
import { type Group, type SecretInput, usesSecret } from "../../../src/lib/pipeline/stages.js"
import { type Http, httpClient, type HttpRequest } from "../../../src/lib/http/client.js"
import { fields, parseJson, text } from "../../../src/lib/text/json.js"
import { say } from "../../lib/progress.js"
import type { Variables } from "../../lib/variables.js"

/** Renewal interval: hosts' tokens are valid for five or ten minutes, and a run takes longer. */
const RENEWED_MINUTES = 4

/** The request for an OIDC token of the job's identity. */
export interface TokenRequest {
  /** The variable that usually holds the token. */
  name: "AZURE_OIDC_TOKEN" | "SIGSTORE_ID_TOKEN"
  request: Pick<HttpRequest, "method" | "url" | "headers" | "json">
  /** The response's field with the token. */
  field: string
}

const AUDIENCES = { AZURE_OIDC_TOKEN: "api://AzureADTokenExchange", SIGSTORE_ID_TOKEN: "sigstore" } as const

/** The requests for the tokens that the host issues and that these groups use. */
export function tokenRequests(host: CiHost, env: Variables, groups: readonly Group[]): TokenRequest[] {
  const azure = Boolean(env["AZURE_CLIENT_ID"]) && !env["AZURE_CLIENT_SECRET"] && !env["AZURE_CREDENTIALS"]
  const requests = host === "github" ? githubRequests(env, azure) : host === "azure" ? azureRequests(env) : []
  return requests.filter(({ name }) => USES[name].some((secret) => usesSecret(groups, secret)))
}

const USES: Readonly<Record<TokenRequest["name"], readonly SecretInput[]>> = {
  AZURE_OIDC_TOKEN: ["infra", "deploy", "password"],
  SIGSTORE_ID_TOKEN: ["token"],
}

/** https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token */
function githubRequests(env: Variables, azure: boolean): TokenRequest[] {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env
  if (!address || !token || !URL.canParse(address)) return []
  const request = (name: TokenRequest["name"]): TokenRequest => {
    const url = new URL(address)
    url.searchParams.set("audience", AUDIENCES[name])
    const headers = { authorization: `Bearer ${token}` }
    return { name, field: "value", request: { method: "GET", url: url.href, headers } }
  }
  return [
    ...(azure ? [request("AZURE_OIDC_TOKEN")] : []),
    ...(env["COSIGN_PRIVATE_KEY"] ? [] : [request("SIGSTORE_ID_TOKEN")]),
  ]
}

/** https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity */
function azureRequests(env: Variables): TokenRequest[] {
  const { SYSTEM_OIDCREQUESTURI: address, SYSTEM_ACCESSTOKEN: token } = env
  const { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: connection } = env
  if (!address || !token || !connection || !URL.canParse(address)) return []
  const url = new URL(address)
  url.searchParams.set("api-version", "7.1")
  url.searchParams.set("serviceConnectionId", connection)
  const headers = { authorization: `Bearer ${token}` }
  return [
    {
      name: "AZURE_OIDC_TOKEN",
      field: "oidcToken",
      request: { method: "POST", url: url.href, headers, json: {} },
    },
  ]
}

/** Variables that the host sets under other names, by ours; without those that are set already. */
export function aliases(host: CiHost, env: Variables): Record<string, string> {
  const known: Record<string, string | undefined> =
    host === "azure"
      ? {
          AZURE_CLIENT_ID: env["AZURESUBSCRIPTION_CLIENT_ID"] ?? env["servicePrincipalId"],
          AZURE_TENANT_ID: env["AZURESUBSCRIPTION_TENANT_ID"] ?? env["tenantId"],
          AZURE_OIDC_TOKEN: env["idToken"],
        }
      : host === "circleci" && env["AZURE_CLIENT_ID"]
        ? { AZURE_OIDC_TOKEN: env["CIRCLE_OIDC_TOKEN_V2"] }
        : {}
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) => (value && !env[name] ? [[name, value]] : [])),
  )
}

/** Tokens in files named after them, renewed until `end`. */
export interface KeptTokens {
  /** Secret addresses by token name. */
  addresses: Record<string, string>
  end: () => void
}

/**
 * Requests tokens and renews them during the run: the engine reads the file each time that it needs the secret.
 *
 * A token that the host refuses is reported and omitted; the stage that needs it fails with its own error.
 */
export async function keepTokens(
  requests: readonly TokenRequest[],
  mask: (token: string) => void,
  http: () => Http = () => httpClient(),
): Promise<KeptTokens> {
  if (requests.length === 0) return { addresses: {}, end: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), "slipway-tokens-"))
  const renew = () => Promise.all(requests.map((each) => get(each, folder, mask, http())))
  const got = await renew()
  const timer = setInterval(() => void renew(), RENEWED_MINUTES * 60_000).unref()
  return {
    addresses: Object.fromEntries(got.flat().map((name) => [name, `file://${join(folder, name)}`])),
    end: () => {
      clearInterval(timer)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Requests a token and writes it to its file. Returns its name, or nothing on failure. */
async function get(
  { name, request, field }: TokenRequest,
  folder: string,
  mask: (token: string) => void,
  http: Http,
): Promise<string[]> {
  const answer = await http.send({ ...request, repeatable: true })
  const token = answer.kind === "failure" ? "" : text(fields(parseJson(answer.text))[field])
  if (token === "") {
    const reason = answer.kind === "failure" ? answer.reason : `it answered ${answer.status} without one`
    say(`the CI host gives no token for ${name}: ${reason}`)
    return []
  }
  mask(token)
  writeFileSync(join(folder, name), token, { mode: 0o600 })
  return [name]
}
