import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import type { Environment } from "../../../src/lib/config/environments.js"
import { stopVariable } from "../../../src/lib/load/breaking.js"
import {
  type Kind,
  mostUsers,
  profileOf,
  profileText,
  rampArguments,
  secondsOf,
} from "../../../src/lib/load/profile.js"

describe("profileOf", () => {
  it("returns the pipeline's requirements by default", () => {
    const load = profileOf("load", DEFAULTS, 1, "production")
    expect([secondsOf(load), mostUsers(load), load.p95, load.errors]).toEqual([720, 20, 2000, 10])
    expect(rampArguments(load).slice(0, 3)).toEqual(["--vus=1", "--stage=60000ms:10", "--stage=300000ms:10"])
    expect(mostUsers(profileOf("stress", DEFAULTS, 1, "staging"))).toBe(400)
    expect(profileText(load)).toBe("up to 20 users in 12 min")
  })

  it("stresses production with a part of the users that is safe there, and mentions it", () => {
    const stress = profileOf("stress", DEFAULTS, 1, "production")
    expect([mostUsers(stress), secondsOf(stress)]).toEqual([100, 720])
    expect(profileText(stress)).toBe("up to 100 users in 12 min, with 25 % of its users")
    expect(mostUsers(profileOf("load", DEFAULTS, 1, "production"))).toBe(20)
  })

  it("stops at the break in production's stress test alone", () => {
    const of = (...[kind, environment]: [Kind, Environment]) =>
      stopVariable(profileOf(kind, DEFAULTS, 1, environment))
    expect(of("stress", "production")).toBe("12 2000 10")
    expect(of("stress", "staging")).toBeUndefined()
    expect(of("load", "production")).toBeUndefined()
  })

  it("scales durations and iterations, and mentions it", () => {
    const short = profileOf("load", DEFAULTS, 0.01, "production")
    expect(rampArguments(short)[1]).toBe("--stage=600ms:10")
    expect(short.iterations).toBe(1)
    expect(profileText(short)).toBe("up to 20 users in 7.2 s, shortened to 0.01 of its length")
    expect(rampArguments(profileOf("load", DEFAULTS, 1e-9, "production"))[1]).toBe("--stage=1ms:10")
  })

  it.each([0, -1, 1.01, NaN, Infinity])("refuses the scale %d", (scale) => {
    expect(() => profileOf("load", DEFAULTS, scale, "production")).toThrow(`invalid scale "${scale}"`)
  })
})
