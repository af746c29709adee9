import { resolve } from "node:path"

/** How a registry is reached. */
export interface RegistryOptions {
  /** A file with the certificate authority that vouches for it. */
  authority?: string
  plainHttp?: boolean
}

/** The first of these environment variables that holds something. */
const firstSet = (...names: string[]): string | undefined => names.find((name) => process.env[name])

/** As whom the registry is reached: names that CI hosts and clouds commonly use, in this order. */
const USERS = ["REGISTRY_USERNAME", "ACR_USERNAME", "AZURE_CLIENT_ID"]
const PASSWORDS = ["REGISTRY_PASSWORD", "ACR_PASSWORD", "AZURE_CLIENT_SECRET"]

/** The arguments of the module's functions that say so. Secrets are named: the engine reads them itself. */
export function registryArguments({ authority, plainHttp }: RegistryOptions): string[] {
  const user = firstSet(...USERS)
  const password = user && PASSWORDS[USERS.indexOf(user)]
  return [
    ...(user === undefined ? [] : [`--username=${process.env[user]}`]),
    ...(password !== undefined && process.env[password] ? [`--password=env://${password}`] : []),
    ...(authority === undefined ? [] : [`--authority=${resolve(authority)}`]),
    ...(plainHttp ? ["--plain-http"] : []),
  ]
}

/** With what releases are signed, by the names that cosign itself uses. CI hosts have secrets that aren't set empty. */
export const signerArguments = (): string[] =>
  (
    [
      ["key", "COSIGN_PRIVATE_KEY"],
      ["passphrase", "COSIGN_PASSWORD"],
      ["token", "SIGSTORE_ID_TOKEN"],
    ] as const
  ).flatMap(([argument, name]) => (process.env[name] ? [`--${argument}=env://${name}`] : []))
