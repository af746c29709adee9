/** Where this run keeps secrets that the environment doesn't hold, or holds only for a while. */
const registered: Record<string, string> = {}

/** Says where secrets are, by the names of the variables that they would be in. */
export function registerSecretAddresses(addresses: Readonly<Record<string, string>>): void {
  Object.assign(registered, addresses)
}

/** The address of a secret by the name of its variable; undefined where there is none. CI hosts set some empty. */
export const secretAddress = (name: string): string | undefined =>
  registered[name] ?? (process.env[name] ? `env://${name}` : undefined)

/** Those of these secrets that there are. */
export const secretAddresses = (names: readonly string[]): string[] =>
  names.flatMap((name) => secretAddress(name) ?? [])

/**
 * The same arguments of `dagger`, with each of `--secrets` kept apart by its address. The engine (0.21.8) knows secrets
 * by their text: of two with the same, even in two sessions, it tells the address of either one, and the module takes
 * its name from that. https://github.com/dagger/dagger/blob/v0.21.8/core/schema/secret.go
 *
 * Other arguments stay as they are: what was done with a secret kept apart is kept for its next text too. The module
 * reads `--secrets` anew each time, and hands them on by their names.
 */
export const withCacheKeys = (args: readonly string[]): string[] =>
  // One with a query may have a key, and the engine would write the query anew.
  args.map((arg) =>
    /^--secrets=[^?]+$/.test(arg)
      ? `${arg}?cacheKey=${encodeURIComponent(arg.replace("--secrets=", ""))}`
      : arg,
  )
