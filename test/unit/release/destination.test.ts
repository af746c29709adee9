import type { Secret } from "@dagger.io/dagger"
import { describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { accessTo, type Destination, destinationOfFields } from "../../../src/registry/destination.js"

const OWN = "team.azurecr.io"
const config = parseConfig(`release: { registry: ${OWN} }\n`)
const password = { id: () => Promise.resolve("a secret") } as unknown as Secret
const login = { username: "robot", password }

const to = (more: Partial<Destination> = {}): Destination => ({
  embedded: false,
  plainHttp: false,
  ...login,
  ...more,
})

describe("accessTo", () => {
  it("has user and password for the registry of the settings", () => {
    expect(accessTo(OWN, to(), config)).toMatchObject({ host: OWN, ...login })
  })

  it.each(["evil.example.com", `${OWN}.evil.com`, `${OWN}:8443`, "docker.io"])(
    "has none for %s, whose name somebody else may have chosen",
    (host) => {
      const access = accessTo(host, to(), config)
      expect(access).toMatchObject({ host, username: "" })
      expect(access.password).toBeUndefined()
      expect(accessTo(host, to(), parseConfig("")).password).toBeUndefined()
    },
  )

  it("has them for the registry that the caller names, and then for no other", () => {
    const fields = { ...login, plainHttp: false, embedded: false, loginHost: "other.example.com" }
    const named = destinationOfFields(fields)
    expect(accessTo("other.example.com", named, config)).toMatchObject(login)
    expect(accessTo(OWN, named, config).password).toBeUndefined()
    expect(accessTo("other.example.com", to({ registry: "other.example.com" }), config)).toMatchObject(login)
  })
})
