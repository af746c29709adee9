import { existsSync, readdirSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import type { EngineChoice } from "../../kit/engine/choice.js"
import type { Variables } from "../../lib/variables.js"
import { type DoctorFinding, warning } from "./finding.js"

/** Folders in which administrators keep authorities of their own: of Debian, of Fedora. */
const AUTHORITIES = ["/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors"]

/** Warns about each container runtime that is installed and doesn't answer. */
export const silentFindings = ({ kind, why, silent }: EngineChoice): DoctorFinding[] =>
  silent.map(({ name, reason }) => {
    const instead = kind === "kit" ? "Slipway makes an engine of its own" : why
    return warning(
      name,
      `is here, but doesn't answer: ${reason}`,
      `start it, and see that this user may use it; until then: ${instead}`,
    )
  })

/**
 * Warns if an engine in a container doesn't know the authorities that this machine trusts: behind a proxy that reads
 * TLS every download would fail. `dagger` mounts one folder of its own for them as it makes the container.
 */
export function authorityFindings(
  env: Variables = process.env,
  folders: readonly string[] = AUTHORITIES,
): DoctorFinding[] {
  const known = new Set(authoritiesIn(knownFolder(env)).map(({ text }) => text))
  const unknown = folders.flatMap(authoritiesIn).filter(({ text }) => !known.has(text))
  if (unknown.length === 0) return []
  const files = unknown.map(({ file }) => file).join(", ")
  const remedy = `copy them to ${knownFolder(env)}, and remove the container dagger-engine-…: the next run makes it again`
  return [warning("authorities", `the engine's container doesn't trust ${files}`, remedy)]
}

const knownFolder = (env: Variables): string =>
  join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "dagger/ca-certificates")

const authoritiesIn = (folder: string): { file: string; text: string }[] =>
  !existsSync(folder)
    ? []
    : readdirSync(folder)
        .filter((name) => /\.(?:crt|pem)$/.test(name))
        .map((name) => ({ file: join(folder, name), text: readFileSync(join(folder, name), "utf8").trim() }))
