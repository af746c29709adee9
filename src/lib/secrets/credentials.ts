import { fail } from "../errors/catalogue.js"
import { fields, parseJson } from "../text/json.js"

export { scrub } from "./scrub.js"

/** Use of a secret by the tool. */
export type SecretUse =
  /** Environment variable of this name. */
  | { kind: "environment"; variable: string }
  /** File of variables. */
  | { kind: "variables" }
  /** File with the backend configuration. */
  | { kind: "backend" }
  /** Azure's JSON, which contains several values. */
  | { kind: "azure" }

/** Azure's variables by the names that its provider and backend use. */
const AZURE: Readonly<Record<string, string>> = {
  AZURE_CLIENT_ID: "ARM_CLIENT_ID",
  AZURE_CLIENT_SECRET: "ARM_CLIENT_SECRET",
  AZURE_SUBSCRIPTION_ID: "ARM_SUBSCRIPTION_ID",
  AZURE_TENANT_ID: "ARM_TENANT_ID",
  AZURE_OIDC_TOKEN: "ARM_OIDC_TOKEN",
  // With these, a job on GitHub requests such a token itself.
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "ARM_OIDC_REQUEST_TOKEN",
  ACTIONS_ID_TOKEN_REQUEST_URL: "ARM_OIDC_REQUEST_URL",
}

/** Keys in the output of `az ad sp create-for-rbac --sdk-auth`. */
const AZURE_JSON: Readonly<Record<string, string>> = {
  clientId: "ARM_CLIENT_ID",
  clientSecret: "ARM_CLIENT_SECRET",
  subscriptionId: "ARM_SUBSCRIPTION_ID",
  tenantId: "ARM_TENANT_ID",
}

/** Returns the use of a secret, by its name. */
export function useOf(name: string): SecretUse {
  if (name === "AZURE_CREDENTIALS") return { kind: "azure" }
  if (name === "TF_BACKEND" || /(?:^|\.)(?:tfbackend|hcl)$/.test(name)) return { kind: "backend" }
  if (/(?:^|\.)tfvars(?:\.json)?$/.test(name)) return { kind: "variables" }
  return { kind: "environment", variable: (Object.hasOwn(AZURE, name) && AZURE[name]) || name }
}

/**
 * Selects the secrets of an environment, by the names under which they are used.
 *
 * Those whose name begins with the environment's are for it alone, and take precedence over those for all.
 * `STAGING_TF_VAR_password` is `TF_VAR_password` of staging.
 */
export function environmentSecrets<T extends { name: string }>(
  secrets: readonly T[],
  environment: string,
  environments: readonly string[],
): T[] {
  // The longest name first: a secret of `prod-eu` doesn't belong to `prod`.
  const names = [...new Set([...environments, environment])].sort((a, b) => b.length - a.length)
  const prefixes = names.map((name) => [name, prefixPattern(name)] as const)
  const owned = secrets.map((secret) => {
    // Even with an environment called azure, AZURE_CLIENT_ID is for all.
    const own = isForTool(secret.name) ? undefined : prefixes.find(([, prefix]) => prefix.test(secret.name))
    return { secret, own }
  })
  const special = owned.flatMap(({ secret, own }) =>
    own?.[0] === environment ? [{ ...secret, name: secret.name.replace(own[1], "") }] : [],
  )
  const replaced = new Set(special.map(({ name }) => name))
  const general = owned.flatMap(({ secret, own }) =>
    own === undefined && !replaced.has(secret.name) ? [secret] : [],
  )
  return [...special, ...general]
}

const prefixPattern = (environment: string): RegExp =>
  new RegExp(`^${environment.replaceAll("-", "[-_]")}[_.-](?=.)`, "i")

/** Parses the variables in Azure's JSON. Fails with AZURE_CREDENTIALS. */
export function azureVariables(text: string): Record<string, string> {
  const parsed = fields(parseJson(text))
  const known = Object.entries(AZURE_JSON).flatMap(([key, variable]) => {
    const value = parsed[key]
    return typeof value === "string" && value !== "" ? [[variable, value] as const] : []
  })
  if (known.length === 0) throw fail("AZURE_CREDENTIALS", [])
  return Object.fromEntries(known)
}

const TOKENS = ["ARM_OIDC_TOKEN", "ARM_OIDC_REQUEST_TOKEN"]

/** Settings of the login besides secrets: a token is only used without a password. */
export function azureSettings(variables: Iterable<string>): Record<string, string> {
  const known = new Set(variables)
  const byToken = !known.has("ARM_CLIENT_SECRET") && TOKENS.some((name) => known.has(name))
  return known.has("ARM_CLIENT_ID") && byToken ? { ARM_USE_OIDC: "true" } : {}
}

/** Variables that suffice alone, among them keys of a state's storage. */
const ALONE = ["ARM_USE_MSI", "ARM_ACCESS_KEY", "ARM_SAS_TOKEN"]

/** True if these variables suffice for a login to Azure. */
export function canLogIn(variables: Iterable<string>): boolean {
  const known = new Set(variables)
  const proves = ["ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE", ...TOKENS].some((name) => known.has(name))
  return (known.has("ARM_CLIENT_ID") && proves) || ALONE.some((name) => known.has(name))
}

/** True for a configuration that can't be planned without a login to Azure. */
export const needsAzure = (texts: readonly string[]): boolean =>
  texts.some((text) => AZURE_BLOCK.test(text) || AZURE_KEY.test(text))

const AZURE_BLOCK =
  /^[ \t]*(?:terraform[ \t]*\{[ \t]*)?(?:backend|provider)[ \t]+"(?:azurerm|azapi|azuread)"/m

/** Key of an Azure provider or backend in JSON. */
const AZURE_KEY = /"(?:azurerm|azapi|azuread)"[ \t]*:[ \t]*[[{]/

/** Returns the texts that reveal a secret: its text, long lines, passwords in addresses, and values of a file. */
export function secretParts({ kind }: SecretUse, text: string): string[] {
  const values = kind === "environment" ? [] : quotedValues(text)
  const lines = text.split("\n")
  return [
    ...long([text], kind === "environment" ? 4 : 8),
    ...long(lines.length > 1 ? lines : [], 16),
    ...long(values, 8),
    ...long([text, ...values].flatMap(passwords), 4),
  ]
}

const quotedValues = (text: string): string[] =>
  // Also matches up to a missing quote, as further tries would take quadratic time.
  [...text.matchAll(/"((?:[^"\\\n]|\\.)*)("?)/g)].flatMap(([quoted, value = "", end]) => {
    if (end === "") return []
    const meant = parseJson(quoted)
    return typeof meant === "string" && meant !== value ? [value, meant] : [value]
  })

/** Passwords in the user part of a URL, and after the word. */
const passwords = (text: string): string[] =>
  [
    ...text.matchAll(/:\/\/[^/?#\s:@]*:([^/?#\s@]+)@/g),
    ...text.matchAll(/\b(?:password|accountkey|sharedaccesskey)=([^\s;&"']+)/gi),
  ].flatMap(([, password = ""]) => [password, decoded(password)])

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const long = (texts: readonly string[], least: number): string[] =>
  texts.map((text) => text.trim()).filter((text) => text.length >= least)

/** Environment variables for the tool, also with an environment's name and `_` before them. */
const NAMES = [
  "TF_VAR_\\w+",
  "TF_BACKEND",
  "PG_CONN_STR",
  "AZURE_CREDENTIALS",
  ...Object.keys(AZURE),
  ...Object.values(AZURE),
  "ARM_\\w+",
]
const PLAIN = new RegExp(`^(?:${NAMES.join("|")})$`)
const FOR_TOOL = new RegExp(`^(?=\\w+$)(?:[A-Z0-9_]+_)?(?:${NAMES.join("|")})$`)

/** Variables of an environment for the tool, without empty ones: CI hosts set secrets that don't exist to that. */
export const forTool = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(env)
    .filter((name) => FOR_TOOL.test(name) && env[name])
    .sort()

/** True for a name that belongs to no environment, whatever their names are. */
const isForTool = (name: string): boolean => PLAIN.test(name)
