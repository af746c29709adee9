/** Where this run keeps secrets that the environment doesn't hold, or holds only for a while. */
const kept: Record<string, string> = {}

/** Says where secrets are, by the names of the variables that they would be in. */
export function keepSecretsAt(addresses: Readonly<Record<string, string>>): void {
  Object.assign(kept, addresses)
}

/** The address of a secret by the name of its variable; undefined where there is none. CI hosts set some empty. */
export const secretAddress = (name: string): string | undefined =>
  kept[name] ?? (process.env[name] ? `env://${name}` : undefined)

/** Those of these secrets that there are. */
export const secretAddresses = (names: readonly string[]): string[] =>
  names.flatMap((name) => secretAddress(name) ?? [])
