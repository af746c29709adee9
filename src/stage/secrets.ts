import { dag, type Secret } from "@dagger.io/dagger"
import { fail } from "../lib/errors/catalogue.js"
import { variablesFor } from "../lib/pipeline/deliverySecrets.js"

/** A secret with its name. */
export interface NamedSecret {
  name: string
  secret: Secret
}

/**
 * Names secrets by the last part of their address, such as `TOKEN` of `env://TOKEN`.
 *
 * The engine (0.21.8) has names only for secrets of setSecret. Fails with SECRET_TWICE and SECRET_UNREAD.
 */
export async function namedSecrets(secrets: readonly Secret[]): Promise<NamedSecret[]> {
  const named = await Promise.all(secrets.map(namedSecret))
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw fail("SECRET_TWICE", [twice.name])
  return named
}

async function namedSecret(secret: Secret): Promise<NamedSecret> {
  const [given, uri] = await Promise.all([secret.name(), secret.uri()])
  if (given !== "") return { name: given, secret }
  const name = uri.replace(/\?.*$/s, "").replace(/^.*\//s, "")
  try {
    return { name, secret: dag.setSecret(name, await secret.plaintext()) }
  } catch (cause) {
    throw fail("SECRET_UNREAD", [uri.replace(/\?.*$/s, "")], { cause })
  }
}

/** Returns an environment's own secret, else the common one. */
export const secretNamed = (
  secrets: readonly NamedSecret[],
  environment: string,
  name: string,
): NamedSecret | undefined =>
  variablesFor(environment, name)
    .map((variable) => secrets.find((secret) => secret.name === variable))
    .find((secret) => secret !== undefined)
