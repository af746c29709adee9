import { describe, expect, it, test } from "vitest"
import {
  azureSettings,
  azureVariables,
  canLogIn,
  environmentSecrets,
  forTool,
  needsAzure,
  scrub,
  secretParts,
  useOf,
} from "../../../src/lib/secrets/credentials.js"

describe("useOf", () => {
  test.each<[name: string, use: ReturnType<typeof useOf>]>([
    ["AZURE_CREDENTIALS", { kind: "azure" }],
    ["AZURE_CLIENT_ID", { kind: "environment", variable: "ARM_CLIENT_ID" }],
    ["AZURE_CLIENT_SECRET", { kind: "environment", variable: "ARM_CLIENT_SECRET" }],
    ["ACTIONS_ID_TOKEN_REQUEST_URL", { kind: "environment", variable: "ARM_OIDC_REQUEST_URL" }],
    ["ARM_CLIENT_ID", { kind: "environment", variable: "ARM_CLIENT_ID" }],
    ["TF_VAR_password", { kind: "environment", variable: "TF_VAR_password" }],
    ["TF_BACKEND", { kind: "backend" }],
    ["tfbackend", { kind: "backend" }],
    ["state.hcl", { kind: "backend" }],
    ["tfvars", { kind: "variables" }],
    ["x.tfvars.json", { kind: "variables" }],
    ["mytfvars", { kind: "environment", variable: "mytfvars" }],
    ["__proto__", { kind: "environment", variable: "__proto__" }],
  ])("returns the use of %s", (name, use) => {
    expect(useOf(name)).toEqual(use)
  })
})

describe("environmentSecrets", () => {
  const names = (environment: string, environments: string[], ...given: string[]): string[] =>
    environmentSecrets(
      given.map((name) => ({ name })),
      environment,
      environments,
    ).map(({ name }) => name)
  const both = ["staging", "production"]

  it("prefers an environment's own secrets, and returns none of another's", () => {
    const given = ["TF_VAR_a", "STAGING_TF_VAR_a", "PRODUCTION_TF_VAR_a", "TF_VAR_b", "staging.tfvars"]
    expect(names("staging", both, ...given)).toEqual(["TF_VAR_a", "tfvars", "TF_VAR_b"])
    expect(names("production", both, ...given)).toEqual(["TF_VAR_a", "TF_VAR_b"])
    const [own] = environmentSecrets(
      [
        { name: "STAGING_X", secret: 1 },
        { name: "X", secret: 2 },
      ],
      "staging",
      both,
    )
    expect(own).toEqual({ name: "X", secret: 1 })
  })

  it("assigns a secret to the environment with the longest matching name only", () => {
    const environments = ["prod", "prod-eu"]
    expect(names("prod", environments, "PROD_EU_TF_VAR_a", "PROD_TF_VAR_b")).toEqual(["TF_VAR_b"])
    expect(names("prod-eu", environments, "PROD_EU_TF_VAR_a", "PROD-EU.tfvars")).toEqual([
      "TF_VAR_a",
      "tfvars",
    ])
  })

  it("doesn't treat the tool's own names as an environment's", () => {
    for (const environment of ["azure", "arm", "tf", "pg", "actions"]) {
      const given = ["AZURE_CLIENT_ID", "ARM_CLIENT_ID", "TF_VAR_a", "PG_CONN_STR", "AZURE_CREDENTIALS"]
      expect(names(environment, [environment], ...given)).toEqual(given)
    }
    expect(names("azure", ["azure"], "AZURE_TF_VAR_a")).toEqual(["TF_VAR_a"])
  })

  it("requires a name behind the environment's", () => {
    expect(names("staging", both, "STAGING_", "STAGINGX", "staging")).toEqual([
      "STAGING_",
      "STAGINGX",
      "staging",
    ])
  })
})

describe("Azure", () => {
  const id = { clientId: "i", clientSecret: "s", subscriptionId: "u", tenantId: "t" }

  it("azureVariables parses Azure's JSON", () => {
    const text = JSON.stringify({ ...id, activeDirectoryEndpointUrl: "https://x", extra: 1 })
    expect(azureVariables(text)).toEqual({
      ARM_CLIENT_ID: "i",
      ARM_CLIENT_SECRET: "s",
      ARM_SUBSCRIPTION_ID: "u",
      ARM_TENANT_ID: "t",
    })
    expect(azureVariables('{"clientId":"i","clientSecret":""}')).toEqual({ ARM_CLIENT_ID: "i" })
  })

  it.each(["", "x", "null", "[]", "{}", '{"clientId":7}', '"clientId"', '{"__proto__":{"clientId":"i"}}'])(
    "azureVariables rejects %j without quoting it",
    (text) => {
      expect(() => azureVariables(text)).toThrow(
        "AZURE_CREDENTIALS is not JSON with clientId, clientSecret, subscriptionId and tenantId",
      )
    },
  )

  it("azureSettings uses a token only without a password", () => {
    expect(azureSettings(["ARM_CLIENT_ID", "ARM_OIDC_TOKEN"])).toEqual({ ARM_USE_OIDC: "true" })
    expect(azureSettings(["ARM_CLIENT_ID", "ARM_OIDC_REQUEST_TOKEN"])).toEqual({ ARM_USE_OIDC: "true" })
    expect(azureSettings(["ARM_CLIENT_ID", "ARM_OIDC_TOKEN", "ARM_CLIENT_SECRET"])).toEqual({})
    expect(azureSettings(["ARM_OIDC_TOKEN"])).toEqual({})
  })

  it.each<[string[], boolean]>([
    [["ARM_CLIENT_ID", "ARM_CLIENT_SECRET"], true],
    [["ARM_CLIENT_ID", "ARM_CLIENT_CERTIFICATE"], true],
    [["ARM_CLIENT_ID", "ARM_OIDC_REQUEST_TOKEN"], true],
    [["ARM_USE_MSI"], true],
    [["ARM_ACCESS_KEY"], true],
    [["ARM_CLIENT_ID"], false],
    [["ARM_CLIENT_SECRET", "ARM_TENANT_ID"], false],
    [["ARM_OIDC_REQUEST_TOKEN"], false],
    [[], false],
  ])("canLogIn(%j) is %s", (variables, can) => {
    expect(canLogIn(variables)).toBe(can)
  })

  it.each<[string, boolean]>([
    ['terraform {\n  backend "azurerm" {}\n}', true],
    ['terraform { backend "azurerm" {} }', true],
    ['provider "azurerm" {\n  features {}\n}', true],
    ['provider "azapi" {}', true],
    ['{"provider": {"azurerm": {"features": {}}}}', true],
    ['{"terraform": {"backend": {"azurerm": {}}}}', true],
    ['# provider "azurerm" {}', false],
    ['provider "azurerms" {}', false],
    ['resource "x" "azurerm" {}', false],
    ["", false],
  ])("needsAzure(%j) is %s", (text, needs) => {
    expect(needsAzure(["", text])).toBe(needs)
  })
})

describe("secretParts", () => {
  const environment = { kind: "environment", variable: "X" } as const

  it("returns a value of sufficient length", () => {
    expect(secretParts(environment, " hunter2\n")).toEqual(["hunter2"])
    expect(secretParts(environment, "yes")).toEqual([])
    expect(secretParts(environment, "")).toEqual([])
  })

  it("returns the password of an address, raw and decoded", () => {
    expect(secretParts(environment, "postgres://u:p%40ss@db/x?sslmode=disable")).toEqual(
      expect.arrayContaining(["p%40ss", "p@ss"]),
    )
    expect(secretParts(environment, "host=db password=hunter2 user=u")).toContain("hunter2")
    expect(secretParts(environment, "AccountName=a;AccountKey=abc+/d==;x=y")).toContain("abc+/d==")
    expect(secretParts({ kind: "backend" }, 'conn_str = "postgres://u:hunter2@db/x"')).toContain("hunter2")
    expect(secretParts(environment, "x://u:%zz%@h")).toContain("%zz%")
  })

  it("returns the lines of a key", () => {
    const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nx\n"
    expect(secretParts(environment, key)).toContain("MIIEvQIBADANBgkqhkiG")
  })

  it("returns a file's quoted values, raw and decoded", () => {
    const parts = secretParts({ kind: "variables" }, 'a = "s3cr\\"et-1"\nb = "short"\nc = ["longer-one"]\n')
    expect(parts).toEqual(expect.arrayContaining(['s3cr\\"et-1', 's3cr"et-1', "longer-one"]))
    expect(parts).not.toContain("short")
    expect(secretParts({ kind: "azure" }, '{"clientSecret":"abcdefgh"}')).toContain("abcdefgh")
  })
})

describe("scrub", () => {
  const SECRET = "p@ss <w>&\"rd'(1)!"

  it("removes each form of a secret", () => {
    const forms = [
      SECRET,
      JSON.stringify(SECRET),
      JSON.stringify(SECRET).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
      encodeURIComponent(SECRET),
      "p%40ss+%3Cw%3E%26%22rd%27%281%29%21",
      Buffer.from(SECRET).toString("base64"),
      Buffer.from(SECRET).toString("base64url"),
    ]
    for (const form of forms) {
      const clean = scrub(`a ${form} b`, [SECRET])
      // The last base64 digit stays, since the next byte would have a part in it.
      expect(clean, form).toMatch(/^a "?\*\*\*[\w+/]?=*"? b$/)
    }
  })

  it.each(["", "u", "us", "user:", "Bearer "])("removes base64 of a secret behind %j", (before) => {
    const whole = Buffer.from(`${before}${SECRET}xyz`).toString("base64")
    const clean = scrub(whole, [SECRET])
    expect(clean).toContain("***")
    expect(clean.length).toBeLessThan(whole.length - SECRET.length)
  })

  it("removes overlapping and nested secrets as a whole", () => {
    expect(scrub("abcdefghi", ["abcdef", "defghi"])).toBe("***")
    expect(scrub("xabcdefx", ["cd1e", "abcdef", "bcde"])).toBe("x***x")
    expect(scrub("xabcdex", ["abcdef", "bcde"])).toBe("xa***x")
    expect(scrub("aaaaaaaaa-aaaa", ["aaaa"])).toBe("***-***")
    expect(scrub("abcabcdabcabcdabcabce", ["abcabce"])).toBe("abcabcdabcabcd***")
    expect(scrub("one1two2", ["one1", "two2"])).toBe("******")
  })

  it("keeps everything else", () => {
    expect(scrub("nothing", [])).toBe("nothing")
    expect(scrub("nothing", [""])).toBe("nothing")
    expect(scrub("", ["secret"])).toBe("")
    expect(scrub("$& $1 ***", ["secret"])).toBe("$& $1 ***")
    expect(scrub("a.c abc", ["a.c "])).toBe("***abc")
  })

  it("accepts any text as a secret", () => {
    expect(scrub("x \uD800abc y", ["\uD800abc"])).toBe("x *** y")
    expect(scrub("x 😀😀 y", ["😀😀"])).toBe("x *** y")
    expect(scrub("x __proto__ y", ["__proto__"])).toBe("x *** y")
  })

  it("takes linear time for any secrets and text", () => {
    const before = process.cpuUsage()
    const many = Array.from({ length: 2000 }, (_, index) => `secret-${index * 7919}-value`)
    expect(scrub("secret-".repeat(300_000), many)).toHaveLength(2_100_000)
    const long = `${"a".repeat(20_000)}b`
    expect(scrub("a".repeat(2_000_000), [long])).toHaveLength(2_000_000)
    expect(scrub("ab".repeat(1_000_000), ["abab", "baba"])).toBe("***")
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000, "milliseconds").toBeLessThan(20_000)
  }, 60_000)
})

describe("forTool", () => {
  it("returns non-empty variables for the tool", () => {
    const env = {
      TF_VAR_a: "1",
      STAGING_TF_VAR_b: "1",
      PRE_PROD_ARM_CLIENT_ID: "1",
      AZURE_CREDENTIALS: "1",
      ARM_CLIENT_ID: "1",
      PG_CONN_STR: "1",
      STAGING_TF_BACKEND: "1",
      ACTIONS_ID_TOKEN_REQUEST_URL: "1",
      AZURE_TENANT_ID: "",
      ARM_TENANT_ID: undefined,
    }
    const others = {
      PATH: "1",
      FARM_X: "1",
      TF_LOG: "1",
      GITHUB_TOKEN: "1",
      xTF_VAR_a: "1",
      AZURE_OTHER: "1",
    }
    expect(forTool({ ...env, ...others })).toEqual([
      "ACTIONS_ID_TOKEN_REQUEST_URL",
      "ARM_CLIENT_ID",
      "AZURE_CREDENTIALS",
      "PG_CONN_STR",
      "PRE_PROD_ARM_CLIENT_ID",
      "STAGING_TF_BACKEND",
      "STAGING_TF_VAR_b",
      "TF_VAR_a",
    ])
  })
})
