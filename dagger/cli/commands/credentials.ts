import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { parseReference } from "../../../src/lib/release/reference.js"
import { optionalArgument } from "../../module/arguments.js"
import { secretAddresses } from "../../module/secretAddress.js"
import { configuredRegistry, isAddress } from "./sourceFolder.js"

/** Options of the connection to a registry. */
export interface RegistryOptions {
  /** File with the certificate authority of the registry. */
  authority?: string
  plainHttp?: boolean
  /** Use the embedded registry, which lasts as long as the engine's cache. */
  embedded?: boolean
}

/** The registry that may get the environment's credentials. */
export type Recipient = "nobody" | "whom the sources name" | { host: string }

/** Variables with the registry's credentials, by precedence. */
const LOGINS = [
  { user: "REGISTRY_USERNAME", password: "REGISTRY_PASSWORD", azure: false },
  { user: "ACR_USERNAME", password: "ACR_PASSWORD", azure: true },
  { user: "AZURE_CLIENT_ID", password: "AZURE_CLIENT_SECRET", azure: true },
]

/** Registries of Azure, in all its clouds: only these may get the password of an Azure account. */
const AZURE = /\.azurecr\.(?:io|cn|us)(?::[0-9]+)?$/i

/** A login that was made for a registry, with the address of its password: a file. */
export interface RegistryLogin {
  host: string
  user: string
  password: `file://${string}`
}

const made = new Map<string, RegistryLogin>()

/** Uses a login for its registry where the environment has none; returns what ends that. */
export function registerRegistryLogin(login: RegistryLogin): () => void {
  made.set(login.host, login)
  return () => {
    if (made.get(login.host) === login) made.delete(login.host)
  }
}

/** True if the environment has a user for the registry. */
export const hasLogin = (recipient: Recipient): boolean => variablesFor(recipient) !== undefined

/** The call of `with-registry` for these options, if any. Names the secrets: the engine reads them itself. */
export function registryArguments(
  { authority, plainHttp, embedded }: RegistryOptions,
  recipient: Recipient,
): string[] {
  const flags = [
    ...(embedded ? ["--embedded"] : loginArguments(recipient)),
    ...optionalArgument("authority", authority && resolve(authority)),
    ...(plainHttp ? ["--plain-http"] : []),
  ]
  return flags.length === 0 ? [] : ["with-registry", ...flags]
}

/** The arguments for user and password. */
export function loginArguments(recipient: Recipient): string[] {
  if (recipient === "nobody") return []
  const login = variablesFor(recipient)
  const own = typeof recipient === "object" ? made.get(recipient.host) : undefined
  if (login === undefined) return own ? [`--username=${own.user}`, `--password=${own.password}`] : []
  const { user, password } = login
  return [
    `--username=${process.env[user]}`,
    ...(process.env[password] ? [`--password=env://${password}`] : []),
  ]
}

const variablesFor = (recipient: Recipient) => {
  const azure = typeof recipient === "object" && AZURE.test(recipient.host)
  // The id of an account without a secret logs in by a token alone.
  const isSet = ({ user, password }: (typeof LOGINS)[number]) =>
    process.env[user] && (user !== "AZURE_CLIENT_ID" || process.env[password])
  return LOGINS.find((known) => (azure || !known.azure) && isSet(known))
}

/** The values of user and password, for a host that slipway.yaml names. */
export function loginOf(recipient: { host: string }): { user?: string; password?: string } {
  const login = variablesFor(recipient)
  if (login !== undefined) return { user: process.env[login.user], password: process.env[login.password] }
  const own = made.get(recipient.host)
  if (own === undefined) return {}
  return { user: own.user, password: readFileSync(own.password.replace(/^file:\/\//, ""), "utf8") }
}

/** The registry that a source is published to. */
export function configuredRecipient(source: string, service?: string): Recipient {
  if (isAddress(source)) return "whom the sources name"
  const host = configuredRegistry(source, service)
  return host === undefined ? "nobody" : { host }
}

/** The registry that a command on a source logs in to: nobody's if it is the embedded one. */
export const loginRecipient = (
  { embedded }: Pick<RegistryOptions, "embedded">,
  source: string,
  service?: string,
): Recipient => (embedded ? "nobody" : configuredRecipient(source, service))

/** The registry of a reference; `known` if slipway.yaml names it too, since anybody can choose a reference. */
export function recipientIn(reference: string, source: string): { recipient: Recipient; known: boolean } {
  const host = hostOf(reference)
  if (host === undefined) return { recipient: "nobody", known: false }
  return { recipient: { host }, known: configuredRegistry(source)?.toLowerCase() === host.toLowerCase() }
}

/** The host of a reference; undefined for an invalid one, which the module reports. */
function hostOf(reference: string): string | undefined {
  try {
    return parseReference(reference).host
  } catch {
    return undefined
  }
}

/** Options for signing or verifying a release. */
export interface SignerOptions {
  /** File with cosign's public key. */
  key?: string
  identity?: string
  issuer?: string
}

/** Variables with the signer's secrets, named as in cosign. */
const SIGNER = [
  ["key", "COSIGN_PRIVATE_KEY"],
  ["passphrase", "COSIGN_PASSWORD"],
  ["token", "SIGSTORE_ID_TOKEN"],
] as const

/**
 * The call of `with-signer` for these options, if any.
 *
 * Only a run that signs gets the signer's secrets. Empty variables count as unset: CI hosts set missing secrets so.
 */
export function signerArguments({ key, identity, issuer }: SignerOptions, signs: boolean): string[] {
  const secrets = signs ? SIGNER : []
  const flags = [
    ...secrets.flatMap(([argument, name]) =>
      secretAddresses([name]).map((address) => `--${argument}=${address}`),
    ),
    ...optionalArgument("public-key", key && resolve(key)),
    ...optionalArgument("identity", identity),
    ...optionalArgument("issuer", issuer),
  ]
  return flags.length === 0 ? [] : ["with-signer", ...flags]
}
