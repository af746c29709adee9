import { resolve } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { registryArguments, signerArguments } from "../../../dagger/commands/credentials.js"

const REGISTRY = ["REGISTRY", "ACR"].flatMap((prefix) => [`${prefix}_USERNAME`, `${prefix}_PASSWORD`])
const AZURE = ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"]
const COSIGN = ["COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD", "SIGSTORE_ID_TOKEN"]

const set = (variables: Record<string, string>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

beforeEach(() => {
  for (const name of [...REGISTRY, ...AZURE, ...COSIGN]) vi.stubEnv(name, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

describe("registryArguments", () => {
  it("are none where nothing is set", () => {
    expect(registryArguments({})).toEqual([])
  })

  it.each([
    ["REGISTRY_USERNAME", "REGISTRY_PASSWORD"],
    ["ACR_USERNAME", "ACR_PASSWORD"],
    ["AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"],
  ])("give the user of %s, and only the name of %s", (user, password) => {
    set({ [user]: "robot$ci", [password]: "s3cret" })
    expect(registryArguments({})).toEqual(["--username=robot$ci", `--password=env://${password}`])
  })

  it("keep to the first user that is set, with the password that belongs to it", () => {
    set({ AZURE_CLIENT_ID: "id", AZURE_CLIENT_SECRET: "s", ACR_USERNAME: "acr", ACR_PASSWORD: "p" })
    expect(registryArguments({})).toEqual(["--username=acr", "--password=env://ACR_PASSWORD"])
    set({ REGISTRY_USERNAME: "me" })
    expect(registryArguments({})).toEqual(["--username=me"])
  })

  it("take what is empty for not set, as CI hosts have it", () => {
    set({ REGISTRY_USERNAME: "", REGISTRY_PASSWORD: "", ACR_USERNAME: "acr", ACR_PASSWORD: "" })
    expect(registryArguments({})).toEqual(["--username=acr"])
  })

  it("give no password without a user", () => {
    set({ REGISTRY_PASSWORD: "s3cret", ACR_PASSWORD: "s3cret", AZURE_CLIENT_SECRET: "s3cret" })
    expect(registryArguments({})).toEqual([])
  })

  it("keep a user in its argument, whatever it looks like", () => {
    set({ REGISTRY_USERNAME: "--password=x y" })
    expect(registryArguments({})).toEqual(["--username=--password=x y"])
  })

  it("say how the registry is reached", () => {
    expect(registryArguments({ authority: "ca.pem", plainHttp: true })).toEqual([
      `--authority=${resolve("ca.pem")}`,
      "--plain-http",
    ])
    expect(registryArguments({ authority: "/etc/ca.pem", plainHttp: false })).toEqual([
      "--authority=/etc/ca.pem",
    ])
  })
})

describe("signerArguments", () => {
  it("are none where nothing is set", () => {
    expect(signerArguments()).toEqual([])
  })

  it("name what is set, and never say what it is", () => {
    set({ COSIGN_PRIVATE_KEY: "k3y", COSIGN_PASSWORD: "s3cret", SIGSTORE_ID_TOKEN: "t0ken" })
    expect(signerArguments()).toEqual([
      "--key=env://COSIGN_PRIVATE_KEY",
      "--passphrase=env://COSIGN_PASSWORD",
      "--token=env://SIGSTORE_ID_TOKEN",
    ])
  })

  // A CI host sets what it hasn't got to nothing; an empty token would be preferred to the key.
  it("take what is empty for not set", () => {
    set({ COSIGN_PRIVATE_KEY: "k3y", COSIGN_PASSWORD: "", SIGSTORE_ID_TOKEN: "" })
    expect(signerArguments()).toEqual(["--key=env://COSIGN_PRIVATE_KEY"])
    set({ COSIGN_PRIVATE_KEY: "", SIGSTORE_ID_TOKEN: "t0ken" })
    expect(signerArguments()).toEqual(["--token=env://SIGSTORE_ID_TOKEN"])
  })
})
