/** The service principal that logs in to Azure for a cluster, from the secrets that Terraform gets too. */
import { fail } from "../errors/catalogue.js"
import { ExitCode } from "../errors/entry.js"
import { azureVariables, useOf } from "../secrets/credentials.js"
import type { AksCluster, ServicePrincipal } from "./azure.js"

export interface AzureAccount {
  principal: ServicePrincipal
  subscriptionId: string
}

/** The parts of such an account, by Terraform's names, with the name for messages. */
const NEEDED = {
  ARM_TENANT_ID: "AZURE_TENANT_ID",
  ARM_CLIENT_ID: "AZURE_CLIENT_ID",
  ARM_SUBSCRIPTION_ID: "AZURE_SUBSCRIPTION_ID",
} as const
const PROOFS = ["ARM_CLIENT_SECRET", "ARM_OIDC_TOKEN"]

/** The part of the settings that names a cluster: `resource-group/cluster`. */
export function aksCluster(place: string, subscriptionId: string): AksCluster {
  const [resourceGroup = "", name = ""] = place.split("/")
  return { subscriptionId, resourceGroup, name }
}

/** True for a secret that says something of an account. */
export function isOfAccount(secret: string): boolean {
  const use = useOf(secret)
  const known = [...Object.keys(NEEDED), ...PROOFS]
  return use.kind === "azure" || (use.kind === "environment" && known.includes(use.variable))
}

/**
 * The account that secrets stand for; undefined without any. What comes first goes before what comes later: those of an
 * environment's own before those for all, which also decides between a password and a token. Fails with AZURE_LOGIN
 * for an account that isn't whole, and AZURE_CREDENTIALS.
 */
export function azureAccount(secrets: readonly { name: string; text: string }[]): AzureAccount | undefined {
  const all = secrets.filter(({ name, text }) => isOfAccount(name) && text.trim() !== "").flatMap(variablesOf)
  if (all.length === 0) return undefined
  const find = (names: readonly string[]) => all.find(([name]) => names.includes(name))
  const proof = find(PROOFS)
  const lacking = [
    ...Object.entries(NEEDED).flatMap(([name, told]) => (find([name]) === undefined ? [told] : [])),
    ...(proof === undefined ? ["AZURE_CLIENT_SECRET or AZURE_OIDC_TOKEN"] : []),
  ]
  if (lacking.length > 0) throw fail("AZURE_LOGIN", [`${lacking.join(", ")} not given`, ExitCode.badInput])
  const value = (name: keyof typeof NEEDED): string => find([name])?.[1] ?? ""
  const [kind, text = ""] = proof ?? []
  return {
    principal: {
      tenantId: value("ARM_TENANT_ID"),
      clientId: value("ARM_CLIENT_ID"),
      ...(kind === "ARM_OIDC_TOKEN" ? { assertion: text } : { clientSecret: text }),
    },
    subscriptionId: value("ARM_SUBSCRIPTION_ID"),
  }
}

function variablesOf({ name, text }: { name: string; text: string }): [name: string, value: string][] {
  const use = useOf(name)
  if (use.kind === "azure") return Object.entries(azureVariables(text))
  return use.kind === "environment" ? [[use.variable, text.trim()]] : []
}
