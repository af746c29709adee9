import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { mostUsers, profileOf, profileText, rampArguments, secondsOf } from "../../../src/lib/load/profile.js"

describe("profileOf", () => {
  it("returns the pipeline's requirements by default", () => {
    const load = profileOf("load", DEFAULTS.load, 1)
    expect([secondsOf(load), mostUsers(load), load.p95, load.errors]).toEqual([720, 20, 2000, 10])
    expect(rampArguments(load).slice(0, 2)).toEqual(["--stage=60000ms:10", "--stage=300000ms:10"])
    expect(mostUsers(profileOf("stress", DEFAULTS.load, 1))).toBe(400)
    expect(profileText(load)).toBe("up to 20 users in 12 min")
  })

  it("scales durations and iterations, and mentions it", () => {
    const short = profileOf("load", DEFAULTS.load, 0.01)
    expect(rampArguments(short)[0]).toBe("--stage=600ms:10")
    expect(short.iterations).toBe(1)
    expect(profileText(short)).toBe("up to 20 users in 7.2 s, shortened to 0.01 of its length")
    expect(rampArguments(profileOf("load", DEFAULTS.load, 1e-9))[0]).toBe("--stage=1ms:10")
  })

  it.each([0, -1, 1.01, NaN, Infinity])("refuses the scale %d", (scale) => {
    expect(() => profileOf("load", DEFAULTS.load, scale)).toThrow(`invalid scale "${scale}"`)
  })
})
