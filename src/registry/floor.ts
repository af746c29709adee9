import { type Container, dag, type File } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { ExitCode, fail } from "../lib/errors/catalogue.js"
import { type Floor, parseFloor } from "../lib/release/floorSpec.js"
import { parsePolicyAddress } from "../lib/release/policyAddress.js"
import { isSameHost } from "../lib/release/reference.js"
import { registryFailure } from "../lib/release/registryError.js"
import { oneLine } from "../lib/text/words.js"
import { messageOf } from "../lib/run/execError.js"
import { type RegistryAccess, registryTools } from "./access.js"
import { tryRegctl } from "./regctl.js"

/** Where the floor of releases is, if there is one. */
export interface PolicySource {
  file?: File | undefined
  /** Empty for none. */
  address: string
}

/**
 * Reads the floor that releases are held to; undefined if none was asked for.
 *
 * Fails with POLICY_INVALID, POLICY_UNPINNED, POLICY_ADDRESS and POLICY_UNREADABLE: a floor that can't be read lets
 * nothing pass.
 */
export async function readFloor(
  policy: PolicySource | undefined,
  access: RegistryAccess,
  config: Config,
): Promise<Floor | undefined> {
  if (policy?.file !== undefined) return parseFloor(await policy.file.contents())
  if (policy === undefined || policy.address === "") return undefined
  const { address } = policy
  const place = parsePolicyAddress(address)
  if (place.kind === "oci") {
    const own = isSameHost(place.host, access.host)
    const reached = own ? access : { host: place.host, username: "", plainHttp: false }
    return parseFloor(await artifactText(place.reference, await registryTools(reached, config)))
  }
  const { url, commit, path } = place
  const read = dag.git(url).commit(commit).tree().file(path).contents()
  const text = await read.catch((error: unknown) => {
    throw fail("POLICY_UNREADABLE", [address, oneLine(messageOf(error)), ExitCode.infrastructure])
  })
  return parseFloor(text)
}

/** Returns the only file of an artifact, as `oras push` and `regctl artifact put` make it. */
async function artifactText(reference: string, tools: Container): Promise<string> {
  const run = await tryRegctl(tools, ["artifact", "get", reference])
  if (run.exitCode === 0) return run.stdout
  const { reason, exitCode } = registryFailure(run)
  throw fail("POLICY_UNREADABLE", [reference, reason, exitCode])
}
