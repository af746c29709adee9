import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AzureOptions, type ServicePrincipal } from "../../../src/lib/kube/azure.js"
import { ACR_TOKEN_USER, acrRefreshToken } from "../../../src/lib/kube/azureRegistry.js"
import { azureVariables } from "../../../src/lib/secrets/credentials.js"
import type { Variables } from "../../lib/variables.js"
import { secretAddress } from "../../module/secretAddress.js"
import { hasLogin, type Recipient, registerRegistryLogin } from "./credentials.js"

/** Registries in Azure's public cloud, whose login service issues the tokens. */
const PUBLIC_CLOUD = /\.azurecr\.io$/i

/**
 * Logs in to the registry of Azure that a run publishes to by AZURE_CREDENTIALS or a federated token, if no user and
 * password are set. Returns what ends it.
 *
 * Fails with AZURE_LOGIN, AZURE_CREDENTIALS and ACR_LOGIN.
 */
export async function logInToAcr(
  recipient: Recipient,
  env: Variables = process.env,
  options: Partial<AzureOptions> = {},
  address?: string,
): Promise<() => void> {
  const nothing = () => undefined
  if (!isOfPublicCloud(recipient) || hasLogin(recipient)) return nothing
  const principal = principalIn(env)
  if (principal === undefined) return nothing
  const token = await acrRefreshToken(principal, recipient.host, options, address)
  const folder = mkdtempSync(join(tmpdir(), "slipway-registry-"))
  const file = join(folder, "ACR_PASSWORD")
  writeFileSync(file, token, { mode: 0o600 })
  const { host } = recipient
  const end = registerRegistryLogin({ host, user: ACR_TOKEN_USER, password: `file://${file}` })
  return () => {
    end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs something with a login to a registry of Azure, as `logInToAcr` makes one, and ends it afterwards. */
export async function whileLoggedIn<T>(
  recipient: Recipient,
  run: () => Promise<T>,
  logIn = logInToAcr,
): Promise<T> {
  const logOut = await logIn(recipient)
  try {
    return await run()
  } finally {
    logOut()
  }
}

/** True if the environment can log in to a registry of Azure by a token. */
export const canLogInToAcr = (recipient: Recipient, env: Variables = process.env): boolean =>
  isOfPublicCloud(recipient) &&
  !hasLogin(recipient) &&
  (Boolean(env["AZURE_CREDENTIALS"]) || principalIn(env) !== undefined)

const isOfPublicCloud = (recipient: Recipient): recipient is { host: string } =>
  typeof recipient === "object" && PUBLIC_CLOUD.test(recipient.host)

/** The service principal of the environment; undefined without one. AZURE_CREDENTIALS precede the other variables. */
function principalIn(env: Variables): ServicePrincipal | undefined {
  const json = env["AZURE_CREDENTIALS"]
  const { ARM_TENANT_ID, ARM_CLIENT_ID, ARM_CLIENT_SECRET } = json ? azureVariables(json) : {}
  const tenantId = ARM_TENANT_ID ?? env["AZURE_TENANT_ID"] ?? ""
  const clientId = ARM_CLIENT_ID ?? env["AZURE_CLIENT_ID"] ?? ""
  if (tenantId === "" || clientId === "") return undefined
  if (ARM_CLIENT_SECRET !== undefined) return { tenantId, clientId, clientSecret: ARM_CLIENT_SECRET }
  const assertion = textOf(secretAddress("AZURE_OIDC_TOKEN"), env)
  return assertion === "" ? undefined : { tenantId, clientId, assertion }
}

/** The text of a secret that is a file or a variable. */
function textOf(address: string | undefined, env: Variables): string {
  if (address?.startsWith("file://")) return readFileSync(address.slice("file://".length), "utf8").trim()
  return env["AZURE_OIDC_TOKEN"] ?? ""
}
