import { shellWords } from "../text/shellQuote.js"

/** Inputs of a run, by which it can be repeated. */
export interface RunInputs {
  /** Module as it was called: a folder, or an address with a version. */
  module: string
  source: SourceInputs
  /** Other arguments, by the names of `ci`, `withInfra`, `withDeploy` and `withNotify`; nothing secret. */
  arguments: Arguments
  /** Addresses of secrets, such as `env://TOKEN`, by argument. */
  secrets: Readonly<Record<string, readonly string[]>>
}

export interface SourceInputs {
  /** As it was called: a folder, or a git address. */
  address: string
  /** Web address of the repository; empty if unknown. */
  origin: string
  /** Commit; empty if unknown. */
  commit: string
  /** Folder within the repository; empty for all of it. */
  path: string
  /** True if the content differed from the commit's; null if unknown. */
  dirty: boolean | null
  /** Digest of the content, if it differed from the commit's. */
  digest: string
}

export type Arguments = Readonly<Record<string, string | true | readonly string[]>>

/** Removes empty arguments, which are the default. */
export const withoutEmpty = (
  all: Readonly<Record<string, string | boolean | readonly string[]>>,
): Arguments =>
  Object.fromEntries(
    Object.entries(all).filter(
      (entry): entry is [string, string | true | readonly string[]] =>
        entry[1] !== false && (entry[1] === true || entry[1].length > 0),
    ),
  )

/** Flags of `dagger call` that name the module: of 0.21 and 1.0, of 0.21, of 1.0. */
export const MODULE_FLAGS = ["-m", "--mod", "--load-module"] as const

/** Value of the first of these flags in a `dagger call …`; empty without one. */
export function flagOf(invocation: string, ...flags: readonly string[]): string {
  const words = shellWords(invocation)
  for (const [index, word] of words.entries()) {
    const flag = flags.find((known) => word === known || word.startsWith(`${known}=`))
    if (flag !== undefined) return word === flag ? (words[index + 1] ?? "") : word.slice(flag.length + 1)
  }
  return ""
}
