/** Login to a registry of Azure (ACR) by a token of Microsoft Entra, as https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md documents it. */
import { fail } from "../errors/catalogue.js"
import { ExitCode } from "../errors/entry.js"
import { scrub } from "../secrets/scrub.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { type AzureOptions, azureToken, sendForm, type ServicePrincipal } from "./azure.js"
import { problemLine } from "./findings.js"

/** The user whose password is a refresh token of the registry. */
export const ACR_TOKEN_USER = "00000000-0000-0000-0000-000000000000"

/** The scope of a token that a registry takes. */
const SCOPE = "https://containerregistry.azure.net/.default"

/**
 * Exchanges a service principal's token for a refresh token of the registry, which is its password for some hours.
 *
 * `host` is the registry's, such as `team.azurecr.io`; `address` stands for `https://` and that host. Fails with
 * AZURE_LOGIN and ACR_LOGIN.
 */
export async function acrRefreshToken(
  principal: ServicePrincipal,
  host: string,
  options: Partial<AzureOptions> = {},
  address = `https://${host}`,
): Promise<string> {
  const token = await azureToken(principal, SCOPE, options)
  const form = { grant_type: "access_token", service: host, tenant: principal.tenantId, access_token: token }
  const answer = await sendForm(`${address}/oauth2/exchange`, form, options.http)
  if (answer.kind === "failure") throw fail("ACR_LOGIN", [host, answer.reason, ExitCode.infrastructure])
  const body = fields(parseJson(answer.text))
  const refresh = text(body.refresh_token)
  if (answer.status === 200 && refresh !== "") return refresh
  const [error = {}] = objects(body.errors)
  const said = [text(error.code), text(error.message)].filter(Boolean).join(": ")
  const reason = scrub(problemLine(said || `it answered ${answer.status}`), [token])
  const code = answer.status >= 500 || answer.status === 429 ? ExitCode.infrastructure : ExitCode.badInput
  throw fail("ACR_LOGIN", [host, reason, code])
}
