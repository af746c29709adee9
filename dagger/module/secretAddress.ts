/** Addresses of secrets that the environment doesn't hold, or that expire, by variable. */
const registered: Record<string, string> = {}

/** Registers addresses of secrets by the names of the variables that usually hold them. */
export function registerSecretAddresses(addresses: Readonly<Record<string, string>>): void {
  Object.assign(registered, addresses)
}

/** The address of a secret by its variable's name; undefined if unset or empty, as CI hosts set missing secrets. */
export const secretAddress = (name: string): string | undefined =>
  registered[name] ?? (process.env[name] ? `env://${name}` : undefined)

/** The addresses of those of these secrets that are set. */
export const secretAddresses = (names: readonly string[]): string[] =>
  names.flatMap((name) => secretAddress(name) ?? [])

/**
 * Adds a cache key to each `--secrets` and `--index-secrets` argument, so that the engine distinguishes secrets by address.
 *
 * The engine (0.21.8) identifies secrets by their text: for two equal ones, even of different sessions, it may return
 * the address of either, from which the module takes the name.
 * https://github.com/dagger/dagger/blob/v0.21.8/core/schema/secret.go
 *
 * Other arguments remain unchanged, since results for a secret with a cache key stay cached when its text changes. The
 * module reads `--secrets` again each time, and passes them on by name.
 */
export const withCacheKeys = (args: readonly string[]): string[] =>
  // A query may contain a key already, and the engine would rewrite it.
  args.map((arg) =>
    /^--(?:index-)?secrets=[^?]+$/.test(arg)
      ? `${arg}?cacheKey=${encodeURIComponent(arg.replace(/^--(?:index-)?secrets=/, ""))}`
      : arg,
  )
