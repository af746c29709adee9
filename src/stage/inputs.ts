import type { Secret } from "@dagger.io/dagger"
import { type Arguments, flagOf, withoutEmpty, type RunInputs, type SourceInputs } from "../lib/run/inputs.js"

/** What is known of how a run was called. */
export interface Called {
  invocation: string
  source: Pick<SourceInputs, "origin" | "commit" | "path" | "digest">
  arguments: Parameters<typeof withoutEmpty>[0]
  secrets: Readonly<Record<string, readonly (Secret | undefined)[]>>
}

/** Writes down what a run is made with. Of secrets it says where they came from, as the caller wrote that. */
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
    module: flagOf(invocation, "--mod", "-m"),
    source: { address: flagOf(invocation, "--source"), ...source, dirty },
    arguments: withoutEmpty(all),
    secrets: named as RunInputs["secrets"],
  }
}

/** Where a secret came from; its name, where a module made it. */
const addressOf = async (secret: Secret): Promise<string> => (await secret.uri()) || (await secret.name())
