import { totalmem } from "node:os"
import { findHost } from "../engine/host.js"
import { freeGigabytes, NEEDED_GIGABYTES } from "../engine/machine.js"
import { HOME } from "../lib/home.js"
import { run } from "../lib/shell.js"
import { atLeast } from "../lib/version.js"

const LEAST_NODE = "20.10"
const LEAST_GO = "1.26"
const LEAST_MEMORY_GIGABYTES = 4

interface Finding {
  what: string
  found: string
  /** What to do, where something is wrong. */
  remedy?: string
}

/** Prints what matters of this machine. Returns 3 when something would stop a run. */
export async function doctor(): Promise<number> {
  const host = await findHost()
  const findings = [
    { what: "engine", found: `${host.kind}: ${host.why}` },
    version("node", process.versions.node, LEAST_NODE),
    ...(host.kind === "kit" ? await kitNeeds() : []),
    enough("disk", freeGigabytes(HOME), NEEDED_GIGABYTES),
    enough("memory", Math.floor(totalmem() / 1e9), LEAST_MEMORY_GIGABYTES),
  ]
  for (const { what, found, remedy } of findings)
    console.log(`${remedy ? "✗" : "✓"} ${what.padEnd(8)} ${found}${remedy ? `\n  → ${remedy}` : ""}`)
  return findings.some(({ remedy }) => remedy) ? 3 : 0
}

/** To make an engine takes root on Linux, Debian's package tools and a Go compiler. */
async function kitNeeds(): Promise<Finding[]> {
  const { stdout: go } = await run({ nothrow: true })`go env GOVERSION`
  const { exitCode: apt } = await run({ nothrow: true })`apt-get --version`
  const root = process.getuid?.() === 0
  return [
    version("go", go.trim().replace(/^go/, "") || "none", LEAST_GO),
    {
      what: "user",
      found: root ? "root" : "not root",
      ...(root ? {} : { remedy: "run as root, or install dagger and a container runtime" }),
    },
    {
      what: "apt",
      found: apt === 0 ? "here" : "none",
      ...(apt === 0 ? {} : { remedy: "the engine is made from Debian packages: use Debian 12 or later" }),
    },
  ]
}

const version = (what: string, found: string, least: string): Finding => ({
  what,
  found,
  ...(atLeast(found, least) ? {} : { remedy: `install ${what} ${least} or later` }),
})

const enough = (what: string, gigabytes: number, least: number): Finding => ({
  what,
  found: `${gigabytes} GB`,
  ...(gigabytes >= least ? {} : { remedy: `${least} GB are needed` }),
})
