import { describe, expect, it } from "vitest"
import { aksCluster, azureAccount, isOfAccount } from "../../../src/lib/kube/azureAccount.js"

const secrets = (given: Record<string, string>) =>
  Object.entries(given).map(([name, text]) => ({ name, text }))

const NAMES = { AZURE_CLIENT_ID: "app", AZURE_TENANT_ID: "tenant", AZURE_SUBSCRIPTION_ID: "sub" }
const JSON_TEXT = JSON.stringify({
  clientId: "app-j",
  clientSecret: "s3cret-j",
  tenantId: "tenant-j",
  subscriptionId: "sub-j",
  resourceManagerEndpointUrl: "https://management.azure.com/",
})

describe("azureAccount", () => {
  it("is undefined without any secret of Azure", () => {
    expect(azureAccount([])).toBeUndefined()
    expect(
      azureAccount(secrets({ DATABASE_URL: "x", AZURE_CREDENTIALS: " ", TF_VAR_a: "b" })),
    ).toBeUndefined()
  })

  it.each<[what: string, given: Record<string, string>, principal: object, subscription: string]>([
    [
      "the JSON",
      { AZURE_CREDENTIALS: JSON_TEXT },
      { tenantId: "tenant-j", clientId: "app-j", clientSecret: "s3cret-j" },
      "sub-j",
    ],
    [
      "names, without the line's end of a file",
      { ...NAMES, AZURE_CLIENT_SECRET: "s3cret\n" },
      { tenantId: "tenant", clientId: "app", clientSecret: "s3cret" },
      "sub",
    ],
    [
      "a token",
      { ...NAMES, AZURE_OIDC_TOKEN: "t.o.k" },
      { tenantId: "tenant", clientId: "app", assertion: "t.o.k" },
      "sub",
    ],
    [
      "the JSON with a name that goes before",
      { AZURE_SUBSCRIPTION_ID: "other", AZURE_CREDENTIALS: JSON_TEXT },
      { tenantId: "tenant-j", clientId: "app-j", clientSecret: "s3cret-j" },
      "other",
    ],
    [
      "a token of its own, and a password for all",
      { AZURE_OIDC_TOKEN: "t.o.k", ...NAMES, AZURE_CLIENT_SECRET: "s3cret" },
      { tenantId: "tenant", clientId: "app", assertion: "t.o.k" },
      "sub",
    ],
  ])("is built from %s", (_, given, principal, subscriptionId) => {
    expect(azureAccount(secrets(given))).toEqual({ principal, subscriptionId })
  })

  it("names all missing parts without quoting a secret", () => {
    const given = secrets({ AZURE_CLIENT_ID: "app", AZURE_CLIENT_SECRET: "s3cret" })
    expect(() => azureAccount(given)).toThrow(
      /AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID not given\n→ .*AZURE_LOGIN/,
    )
    expect(() => azureAccount(secrets(NAMES))).toThrow(/AZURE_CLIENT_SECRET or AZURE_OIDC_TOKEN not given/)
    expect(() => azureAccount(secrets({ AZURE_CREDENTIALS: "s3cret" }))).toThrow(
      /^AZURE_CREDENTIALS is not JSON/,
    )
    expect(() => azureAccount(given)).not.toThrow(/s3cret/)
  })
})

describe("isOfAccount", () => {
  it.each(["AZURE_CREDENTIALS", "AZURE_CLIENT_SECRET", "ARM_TENANT_ID", "AZURE_OIDC_TOKEN"])(
    "is true for %s",
    (name) => {
      expect(isOfAccount(name)).toBe(true)
    },
  )

  it.each(["KUBECONFIG", "DATABASE_URL", "ARM_ACCESS_KEY", "TF_BACKEND", "a.tfvars", "constructor"])(
    "is false for %s",
    (name) => {
      expect(isOfAccount(name)).toBe(false)
    },
  )
})

describe("aksCluster", () => {
  it("splits resource group and cluster", () => {
    const parts = { subscriptionId: "sub", resourceGroup: "audio.prod", name: "upscaler" }
    expect(aksCluster("audio.prod/upscaler", "sub")).toEqual(parts)
  })
})
