import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { fail } from "../../../src/lib/errors/catalogue.js"

/** The engine's two networks: towards the host (a /24, by its first three numbers) and the containers' (CIDR). */
export interface Networks {
  link: string
  containers: string
}

interface Range {
  address: number
  bits: number
}

const toNumber = (address: string): number =>
  address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)

function parseRange(cidr: string): Range {
  const [address = "", bits = "32"] = cidr.split("/")
  return { address: toNumber(address), bits: Number(bits) }
}

/** True if two CIDR ranges overlap. */
export function overlap(a: string, b: string): boolean {
  const [x, y] = [parseRange(a), parseRange(b)]
  const size = 2 ** (32 - Math.min(x.bits, y.bits))
  return Math.floor(x.address / size) === Math.floor(y.address / size)
}

/** The IPv4 routes in /proc/net/route's format, as CIDR, without the default route. */
export function parseRoutes(table: string): string[] {
  const dotted = (hex: string) => [6, 4, 2, 0].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(".")
  const ones = (hex: string) => parseInt(hex, 16).toString(2).replaceAll("0", "").length
  return table
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/\s+/))
    .map(([, destination = "", , , , , , mask = ""]) => `${dotted(destination)}/${ones(mask)}`)
    .filter((cidr) => !cidr.endsWith("/0"))
}

/** Chooses two networks that overlap with none in use, so that containers reach everything that the host does. */
export function chooseNetworks(used: string[]): Networks {
  const free = (cidr: string) => !used.some((range) => overlap(cidr, range))
  // Dagger's default first, then neighbouring ranges.
  const containers = Array.from({ length: 128 }, (_, i) => `10.${87 + i}.0.0/16`).find(free)
  const link = Array.from({ length: 256 }, (_, i) => `10.0.${(2 + i) % 256}`).find(
    (prefix) => free(`${prefix}.0/24`) && !(containers && overlap(`${prefix}.0/24`, containers)),
  )
  if (!containers || !link) throw fail("NO_NETWORK", [used])
  return { link, containers }
}

/** Networks in use on this host: those of its interfaces, its routes and its name servers. */
export function usedRanges(): string[] {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const servers = readFileSync("/etc/resolv.conf", "utf8").matchAll(
    /^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm,
  )
  return [
    ...interfaces.flatMap(({ family, cidr }) => (family === "IPv4" && cidr ? [cidr] : [])),
    ...parseRoutes(readFileSync("/proc/net/route", "utf8")),
    ...Array.from(servers, ([, address]) => `${address ?? ""}/32`),
  ]
}
