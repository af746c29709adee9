import type { Secret } from "@dagger.io/dagger"
import {
  type Arguments,
  flagOf,
  MODULE_FLAGS,
  withoutEmpty,
  type RunInputs,
  type SourceInputs,
} from "../lib/run/inputs.js"

/** The call of a run: its command, source, arguments and secrets. */
export interface Called {
  invocation: string
  source: Pick<SourceInputs, "origin" | "commit" | "path" | "digest">
  arguments: Parameters<typeof withoutEmpty>[0]
  secrets: Readonly<Record<string, readonly (Secret | undefined)[]>>
}

/** Returns the inputs of a run for its verdict; secrets only by their address, as the caller wrote it. */
export async function runInputs({ invocation, source, arguments: all, secrets }: Called): Promise<RunInputs> {
  const addresses = await Promise.all(
    Object.entries(secrets).map(
      async ([name, list]) =>
        [name, await Promise.all(list.filter((secret) => secret !== undefined).map(addressOf))] as const,
    ),
  )
  const named: Arguments = withoutEmpty(Object.fromEntries(addresses))
  const dirty = source.digest !== "" ? true : source.commit !== "" ? false : null
  return {
    module: flagOf(invocation, ...MODULE_FLAGS),
    source: { address: flagOf(invocation, "--source"), ...source, dirty },
    arguments: withoutEmpty(all),
    secrets: named as RunInputs["secrets"],
  }
}

/** Returns the address of a secret; its name if a module made it. */
const addressOf = async (secret: Secret): Promise<string> => (await secret.uri()) || (await secret.name())
