import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import {
  recipientIn,
  configuredRecipient,
  registryArguments,
  signerArguments,
} from "../../../dagger/cli/commands/credentials.js"
import { secretProblem } from "../../../dagger/cli/commands/secretOptions.js"
import { withCacheKeys } from "../../../dagger/module/secretAddress.js"

const REGISTRY = ["REGISTRY", "ACR"].flatMap((prefix) => [`${prefix}_USERNAME`, `${prefix}_PASSWORD`])
const AZURE = ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
const COSIGN = ["COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD", "SIGSTORE_ID_TOKEN"]

const set = (variables: Record<string, string>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A folder with this slipway.yaml. */
function sourceOf(settings: string | undefined): string {
  const source = mkdtempSync(join(scratch, "s-"))
  if (settings !== undefined) writeFileSync(join(source, "slipway.yaml"), settings)
  return source
}

beforeEach(() => {
  for (const name of [...REGISTRY, ...AZURE, ...COSIGN]) vi.stubEnv(name, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

const AZURE_HOST = { host: "team.azurecr.io" }
const OTHER_HOST = { host: "registry.example.com" }

describe("registryArguments", () => {
  it("are empty if nothing is set", () => {
    expect(registryArguments({}, AZURE_HOST)).toEqual([])
  })

  it.each([
    ["REGISTRY_USERNAME", "REGISTRY_PASSWORD"],
    ["ACR_USERNAME", "ACR_PASSWORD"],
    ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"],
  ])("pass the value of %s, and only the name of %s", (user, password) => {
    set({ [user]: "robot$ci", [password]: "s3cret" })
    expect(registryArguments({}, AZURE_HOST)).toEqual([
      "with-registry",
      "--username=robot$ci",
      `--password=env://${password}`,
    ])
  })

  it("pass the first user that is set, with its own password", () => {
    set({ AZURE_CLIENT_ID: "id", AZURE_CLIENT_SECRET: "s", ACR_USERNAME: "acr", ACR_PASSWORD: "p" })
    expect(registryArguments({}, AZURE_HOST)).toEqual([
      "with-registry",
      "--username=acr",
      "--password=env://ACR_PASSWORD",
    ])
    set({ REGISTRY_USERNAME: "me" })
    expect(registryArguments({}, AZURE_HOST)).toEqual(["with-registry", "--username=me"])
  })

  it("treat empty variables, which CI hosts set, as unset", () => {
    set({ REGISTRY_USERNAME: "", REGISTRY_PASSWORD: "", ACR_USERNAME: "acr", ACR_PASSWORD: "" })
    expect(registryArguments({}, AZURE_HOST)).toEqual(["with-registry", "--username=acr"])
  })

  it("pass no password without a user", () => {
    set({ REGISTRY_PASSWORD: "s3cret", ACR_PASSWORD: "s3cret", AZURE_CLIENT_SECRET: "s3cret" })
    expect(registryArguments({}, AZURE_HOST)).toEqual([])
  })

  it("keep a user that looks like an option in its argument", () => {
    set({ REGISTRY_USERNAME: "--password=x y" })
    expect(registryArguments({}, OTHER_HOST)).toEqual(["with-registry", "--username=--password=x y"])
  })

  it.each([
    ["team.azurecr.io", true],
    ["TEAM.AzureCR.io:443", true],
    ["team.azurecr.cn", true],
    ["team.azurecr.us", true],
    ["registry.example.com", false],
    ["team.azurecr.io.example.com", false],
    ["teamazurecr.io", false],
    ["azurecr.io", false],
    ["team.azurecr.de", false],
    ["localhost:5000", false],
  ])("pass an Azure account to %s: %s", (host, sent) => {
    for (const [user, password] of [
      ["ACR_USERNAME", "ACR_PASSWORD"],
      ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"],
    ] as const) {
      set({ [user]: "a", [password]: "s3cret" })
      expect(registryArguments({}, { host })).toEqual(
        sent ? ["with-registry", "--username=a", `--password=env://${password}`] : [],
      )
      set({ [user]: "", [password]: "" })
    }
  })

  it("pass no Azure account to an unknown host, and no login without a recipient", () => {
    set({ ACR_USERNAME: "acr", ACR_PASSWORD: "p", AZURE_CLIENT_ID: "id", AZURE_CLIENT_SECRET: "s" })
    expect(registryArguments({}, "whom the sources name")).toEqual([])
    set({ REGISTRY_USERNAME: "me", REGISTRY_PASSWORD: "p" })
    const login = ["with-registry", "--username=me", "--password=env://REGISTRY_PASSWORD"]
    expect(registryArguments({}, "whom the sources name")).toEqual(login)
    expect(registryArguments({}, OTHER_HOST)).toEqual(login)
    expect(registryArguments({}, "nobody")).toEqual([])
  })

  it("contain no login for the embedded registry", () => {
    set({ REGISTRY_USERNAME: "me", REGISTRY_PASSWORD: "p" })
    expect(registryArguments({ embedded: true }, OTHER_HOST)).toEqual(["with-registry", "--embedded"])
  })

  it("pass the certificate authority and plain HTTP", () => {
    expect(registryArguments({ authority: "ca.pem", plainHttp: true }, "nobody")).toEqual([
      "with-registry",
      `--authority=${resolve("ca.pem")}`,
      "--plain-http",
    ])
    expect(registryArguments({ authority: "/etc/ca.pem", plainHttp: false }, OTHER_HOST)).toEqual([
      "with-registry",
      "--authority=/etc/ca.pem",
    ])
  })
})

describe("configuredRecipient", () => {
  it.each<[settings: string | undefined, recipient: ReturnType<typeof configuredRecipient>]>([
    ["release: { registry: team.azurecr.io }\n", { host: "team.azurecr.io" }],
    ["release: { registry: 'registry.example.com:5000' }\n", { host: "registry.example.com:5000" }],
    ["name: audio\n", "nobody"],
    ["", "nobody"],
    [undefined, "nobody"],
    ["release: { registry: team.azurecr.io, bogus: 1 }\n", "nobody"],
  ])("of %j", (settings, recipient) => {
    expect(configuredRecipient(sourceOf(settings))).toEqual(recipient)
  })

  it.each(["https://git.example.com/audio.git#v1.2.3", "git@git.example.com:audio.git"])(
    "of %s",
    (address) => {
      expect(configuredRecipient(address)).toBe("whom the sources name")
    },
  )
})

describe("recipientIn", () => {
  const source = sourceOf("release: { registry: registry.example.com }\n")

  it.each([
    ["registry.example.com/audio:1", "registry.example.com", true],
    ["Registry.Example.com/audio:1", "Registry.Example.com", true],
    ["registry.example.com:444/audio:1", "registry.example.com:444", false],
    ["evil.example.com/audio:1", "evil.example.com", false],
    ["evil.registry.example.com/audio:1", "evil.registry.example.com", false],
    ["registry.example.com.evil.example.com/audio:1", "registry.example.com.evil.example.com", false],
  ])("of %s", (reference, host, known) => {
    expect(recipientIn(reference, source)).toEqual({ recipient: { host }, known })
  })

  it("returns an unknown recipient without settings, at an address, and for an invalid reference", () => {
    const there = "registry.example.com/audio:1"
    expect(recipientIn(there, sourceOf(undefined)).known).toBe(false)
    expect(recipientIn(there, "https://git.example.com/audio.git").known).toBe(false)
    expect(recipientIn("registry.example.com/audio@evil.example.com/x", source)).toEqual({
      recipient: "nobody",
      known: false,
    })
  })
})

describe("secrets", () => {
  it("get their address as cache key, only in --secrets and without another key", () => {
    const others = ["--password=env://A", "--secrets=env://A?cacheKey=x", "--secrets=op://v/i?ttl=5m", "ci"]
    expect(withCacheKeys(["--secrets=env://A", ...others, "--secrets=file:///a b&c"])).toEqual([
      "--secrets=env://A?cacheKey=env%3A%2F%2FA",
      ...others,
      "--secrets=file:///a b&c?cacheKey=file%3A%2F%2F%2Fa%20b%26c",
    ])
  })

  it.each(["env://TOKEN", "file:///run/token", "op://vault/item/field", "env://TOKEN?cacheKey=name"])(
    "accept the address %s",
    (address) => {
      expect(secretProblem(address)).toBeUndefined()
    },
  )

  it.each(["hunter2", "", "env://", "env://A,env://B", 'cmd://echo "x"', "cmd://echo 'x'", "cmd://echo `x`"])(
    "refuse %j without repeating it",
    (address) => {
      expect(secretProblem(address)).toMatch(/^--secret takes/)
      expect(secretProblem("hunter2")).not.toContain("hunter2")
    },
  )
})

describe("signerArguments", () => {
  it("are empty if nothing is set", () => {
    expect(signerArguments({}, true)).toEqual([])
  })

  it("pass the names of the secrets that are set, and never their values", () => {
    set({ COSIGN_PRIVATE_KEY: "k3y", COSIGN_PASSWORD: "s3cret", SIGSTORE_ID_TOKEN: "t0ken" })
    expect(signerArguments({}, true)).toEqual([
      "with-signer",
      "--key=env://COSIGN_PRIVATE_KEY",
      "--passphrase=env://COSIGN_PASSWORD",
      "--token=env://SIGSTORE_ID_TOKEN",
    ])
  })

  it("pass no secret for a verification", () => {
    set({ COSIGN_PRIVATE_KEY: "k3y", SIGSTORE_ID_TOKEN: "t0ken" })
    expect(signerArguments({}, false)).toEqual([])
    expect(signerArguments({ key: "/k.pub", identity: "me", issuer: "https://e.com" }, false)).toEqual([
      "with-signer",
      "--public-key=/k.pub",
      "--identity=me",
      "--issuer=https://e.com",
    ])
  })

  // CI hosts set missing secrets to an empty text; an empty token would take precedence over the key.
  it("treat empty variables as unset", () => {
    set({ COSIGN_PRIVATE_KEY: "k3y", COSIGN_PASSWORD: "", SIGSTORE_ID_TOKEN: "" })
    expect(signerArguments({}, true)).toEqual(["with-signer", "--key=env://COSIGN_PRIVATE_KEY"])
    set({ COSIGN_PRIVATE_KEY: "", SIGSTORE_ID_TOKEN: "t0ken" })
    expect(signerArguments({}, true)).toEqual(["with-signer", "--token=env://SIGSTORE_ID_TOKEN"])
  })
})
