import type { Secret } from "@dagger.io/dagger"
import type { Signer, Wanted } from "./cosign.js"
import type { Destination } from "./destination.js"
import { EMBEDDED } from "./embedded.js"

/** Returns the words of a command for the same registry: `with-registry` and its arguments, or none. */
export async function registryWords(destination: Destination): Promise<string[]> {
  const { embedded, username, password, plainHttp } = destination
  const words = embedded
    ? [EMBEDDED]
    : [
        ...(username === "" ? [] : [`--username=${username}`]),
        ...(await secretWord("password", password)),
        ...(plainHttp ? ["--plain-http"] : []),
      ]
  return words.length === 0 ? [] : ["with-registry", ...words]
}

/** Returns the words of a command for the same signer and trust: `with-signer` and its arguments, or none. */
export async function signerWords(signer: Signer, { identity, issuer }: Wanted): Promise<string[]> {
  const words = [
    ...(await secretWord("key", signer.key)),
    ...(await secretWord("passphrase", signer.passphrase)),
    ...(await secretWord("token", signer.token)),
    ...(identity ? [`--identity=${identity}`] : []),
    ...(issuer ? [`--issuer=${issuer}`] : []),
  ]
  return words.length === 0 ? [] : ["with-signer", ...words]
}

/** Returns the option for a secret, by its address. */
const secretWord = async (name: string, value: Secret | undefined): Promise<string[]> =>
  value === undefined ? [] : [`--${name}=${(await value.uri()) || `env://${name.toUpperCase()}`}`]
