/** Service principal that logs in to Azure for a cluster, from the same secrets as Terraform's. */
import { fail } from "../errors/catalogue.js"
import { ExitCode } from "../errors/entry.js"
import { azureVariables, useOf } from "../secrets/credentials.js"
import type { AksCluster, ServicePrincipal } from "./azure.js"

export interface AzureAccount {
  principal: ServicePrincipal
  subscriptionId: string
}

/** Parts of an account by Terraform's names, with their names in messages. */
const NEEDED = {
  ARM_TENANT_ID: "AZURE_TENANT_ID",
  ARM_CLIENT_ID: "AZURE_CLIENT_ID",
  ARM_SUBSCRIPTION_ID: "AZURE_SUBSCRIPTION_ID",
} as const
const PROOFS = ["ARM_CLIENT_SECRET", "ARM_OIDC_TOKEN"]

/** Parses the cluster in the settings: `resource-group/cluster`. */
export function aksCluster(place: string, subscriptionId: string): AksCluster {
  const [resourceGroup = "", name = ""] = place.split("/")
  return { subscriptionId, resourceGroup, name }
}

/** True for a secret that belongs to an account. */
export function isOfAccount(secret: string): boolean {
  const use = useOf(secret)
  const known = [...Object.keys(NEEDED), ...PROOFS]
  return use.kind === "azure" || (use.kind === "environment" && known.includes(use.variable))
}

/**
 * Builds the account from secrets; undefined without any.
 *
 * Earlier secrets take precedence over later ones: those of an environment over those for all, which also decides
 * between a password and a token. Fails with AZURE_LOGIN for an incomplete account, and AZURE_CREDENTIALS.
 */
export function azureAccount(secrets: readonly { name: string; text: string }[]): AzureAccount | undefined {
  const all = secrets.filter(({ name, text }) => isOfAccount(name) && text.trim() !== "").flatMap(variablesOf)
  if (all.length === 0) return undefined
  const find = (names: readonly string[]) => all.find(([name]) => names.includes(name))
  const proof = find(PROOFS)
  const lacking = [
    ...Object.entries(NEEDED).flatMap(([name, label]) => (find([name]) === undefined ? [label] : [])),
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
