import { afterEach, describe, expect, it, vi } from "vitest"
import { kubeconfigOfAks } from "../../../src/deploy/aks.js"
import type { DeployInputs } from "../../../src/deploy/environment.js"
import { parseConfig } from "../../../src/lib/config/parse.js"

afterEach(() => void vi.unstubAllGlobals())

const KUBECONFIG = `users:
  - name: clusterUser
    user: { token: cluster-user }
`

/** A fake of Azure, which records requests. */
function azure(): string[] {
  const asked: string[] = []
  vi.stubGlobal("fetch", (url: string | URL, init: RequestInit) => {
    asked.push(`${String(url).replace(/\?.*/, "")} ${typeof init.body === "string" ? init.body : ""}`)
    const body = String(url).includes("/oauth2/")
      ? { access_token: "token" }
      : { kubeconfigs: [{ value: Buffer.from(KUBECONFIG).toString("base64") }] }
    return Promise.resolve(new Response(JSON.stringify(body), { status: 200 }))
  })
  return asked
}

const inputs = (settings: string, given: Record<string, string>): DeployInputs =>
  ({
    config: parseConfig(settings),
    environment: "staging",
    secrets: Object.entries(given).map(([name, text]) => ({
      name,
      secret: { plaintext: () => Promise.resolve(text) },
    })),
  }) as unknown as DeployInputs

const ACCOUNT = {
  AZURE_CLIENT_ID: "app",
  AZURE_TENANT_ID: "tenant",
  AZURE_CLIENT_SECRET: "s3cret",
  AZURE_SUBSCRIPTION_ID: "sub",
  STAGING_AZURE_SUBSCRIPTION_ID: "sub-staging",
}

describe("kubeconfigOfAks", () => {
  it("requests the environment's cluster with its own account", async () => {
    const asked = azure()
    const settings = "deploy: { aks: { staging: audio/upscaler, production: audio/other } }\n"
    const given = { ...ACCOUNT, PRODUCTION_AZURE_CLIENT_SECRET: "other" }
    expect(await kubeconfigOfAks(inputs(settings, given))).toBe(KUBECONFIG)
    expect(asked[0]).toMatch(/^https:\/\/login\.microsoftonline\.com\/tenant\/.*client_secret=s3cret/)
    expect(asked[1]).toMatch(
      /\/subscriptions\/sub-staging\/resourceGroups\/audio\/.*\/managedClusters\/upscaler\//,
    )
    expect(asked).toHaveLength(2)
  })

  it("sends no request without a cluster or an account", async () => {
    const asked = azure()
    const elsewhere = "deploy: { aks: { production: audio/upscaler } }\n"
    expect(await kubeconfigOfAks(inputs(elsewhere, ACCOUNT))).toBeUndefined()
    const here = "deploy: { aks: { staging: audio/upscaler } }\n"
    expect(await kubeconfigOfAks(inputs(here, { PRODUCTION_AZURE_CLIENT_ID: "app" }))).toBeUndefined()
    expect(asked).toEqual([])
  })
})
