import { describe, expect, it } from "vitest"
import { chooseNetworks, overlap, parseRoutes } from "../../../dagger/kit/engine/network.js"

describe("overlap", () => {
  it.each([
    ["10.87.0.0/16", "10.87.3.1/16", true],
    ["10.87.0.0/16", "10.88.0.0/16", false],
    ["10.0.0.0/8", "10.87.3.0/24", true],
    ["10.87.3.0/24", "10.0.0.0/8", true],
    ["10.0.2.0/24", "10.0.2.255", true],
    ["10.0.2.0/24", "10.0.3.0", false],
    ["192.168.0.0/31", "192.168.0.2/31", false],
    ["0.0.0.0/0", "203.0.113.9/32", true],
    ["255.255.255.255", "255.255.255.254/31", true],
    ["127.255.0.0/16", "128.0.0.0/16", false],
  ])("of %s and %s: %s", (a, b, expected) => {
    expect(overlap(a, b)).toBe(expected)
    expect(overlap(b, a)).toBe(expected)
  })
})

describe("parseRoutes", () => {
  const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   "
  const route = (destination: string, mask: string) =>
    `eth0\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0      `

  it("reverses the kernel's hexadecimal numbers", () => {
    const table = [header, route("000200C0", "00FFFFFF"), route("0000570A", "0000FFFF"), ""].join("\n")
    expect(parseRoutes(table)).toEqual(["192.0.2.0/24", "10.87.0.0/16"])
  })

  it("omits the default route and keeps routes to single hosts", () => {
    const table = [header, route("00000000", "00000000"), route("0A0200C0", "FFFFFFFF")].join("\n")
    expect(parseRoutes(table)).toEqual(["192.0.2.10/32"])
  })

  it("returns nothing for a table without routes", () => {
    expect(parseRoutes(`${header}\n`)).toEqual([])
    expect(parseRoutes("")).toEqual([])
  })
})

describe("chooseNetworks", () => {
  it("returns Dagger's own range if it is free", () => {
    expect(chooseNetworks([])).toEqual({ link: "10.0.2", containers: "10.87.0.0/16" })
  })

  it("returns the next range if one is in use", () => {
    expect(chooseNetworks(["10.87.3.1/16", "10.0.2.3/32"])).toEqual({
      link: "10.0.3",
      containers: "10.88.0.0/16",
    })
  })

  it("gives up after 128 ranges", () => {
    const used = Array.from({ length: 169 }, (_, i) => `10.${87 + i}.0.0/16`)
    expect(() => chooseNetworks(used)).toThrow("NO_NETWORK")
    expect(chooseNetworks(used.slice(0, 127)).containers).toBe("10.214.0.0/16")
  })

  it("fails with a remedy if all ranges are in use", () => {
    expect(() => chooseNetworks(["10.0.0.0/8"])).toThrow(
      "10.0.0.0/8\n→ remove an unused route below 10.0.0.0/8",
    )
  })
})
