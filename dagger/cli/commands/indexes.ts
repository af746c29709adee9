import { homedir } from "node:os"
import { resolve } from "node:path"
import { indexVariables, isNetrcText, NETRC } from "../../../src/lib/python/indexSecrets.js"
import { type Group, usesSecret } from "../../../src/lib/pipeline/stages.js"
import { optionalArgument } from "../../module/arguments.js"

/** Options for package indexes that want a user and a password. */
export interface IndexOptions {
  /** A netrc: a file, or the address of a secret. */
  netrc?: string
  /** Addresses of variables for commands that install packages. */
  indexSecret?: string[]
}

/**
 * The module's arguments with the credentials of package indexes, for a run of these groups; none for a fork's.
 *
 * Options take precedence over the environment. `~/.netrc` is read only if one of them names it.
 */
export function indexArguments(options: IndexOptions, groups: readonly Group[], fork = false): string[] {
  if (fork || !usesSecret(groups, "indexSecrets")) return []
  const netrc = options.netrc === undefined ? netrcOf(process.env[NETRC]) : addressOf(options.netrc)
  const variables = indexVariables(process.env).map((name) => `env://${name}`)
  const addresses = new Set([...variables, ...(options.indexSecret ?? [])])
  return [
    ...optionalArgument("netrc", netrc),
    ...[...addresses].map((address) => `--index-secrets=${address}`),
  ]
}

/** The address of the netrc in a variable: its text, as CI hosts hold secrets, or a path, as pip and uv read it. */
const netrcOf = (value: string | undefined): string | undefined =>
  value ? (isNetrcText(value) ? `env://${NETRC}` : addressOf(value)) : undefined

const addressOf = (netrc: string): string =>
  // No shell replaces the `~` of `--netrc=~/.netrc`.
  /^[a-z][a-z0-9+.-]*:\/\//.test(netrc) ? netrc : `file://${resolve(netrc.replace(/^~(?=\/)/, homedir()))}`
