import { shellWords } from "../text/shellQuote.js"

/** What a run was made with, so that it can be made again. */
export interface RunInputs {
  /** The module as it was called: a folder, or an address with a version. */
  module: string
  source: SourceInputs
  /** What was said beside, by the names of `ci`, `withInfra`, `withDeploy` and `withNotify`; nothing secret. */
  arguments: Arguments
  /** Where secrets came from, such as `env://TOKEN`, by the arguments that they were given for. */
  secrets: Readonly<Record<string, readonly string[]>>
}

export interface SourceInputs {
  /** As it was called: a folder, or a git address. */
  address: string
  /** The repository's web address; empty where none is known. */
  origin: string
  /** The commit; empty where none is known. */
  commit: string
  /** The folder within the repository; empty for all of it. */
  path: string
  /** Whether the content was not that of the commit; null where nobody looked. */
  dirty: boolean | null
  /** Of the content, where it was not that of the commit. */
  digest: string
}

export type Arguments = Readonly<Record<string, string | true | readonly string[]>>

/** Leaves out what is empty, which is what arguments are by default. */
export const withoutEmpty = (
  all: Readonly<Record<string, string | boolean | readonly string[]>>,
): Arguments =>
  Object.fromEntries(
    Object.entries(all).filter(
      (entry): entry is [string, string | true | readonly string[]] =>
        entry[1] !== false && (entry[1] === true || entry[1].length > 0),
    ),
  )

/** What a `dagger call …` says by one of these flags; empty where it says nothing. */
export function flagOf(invocation: string, ...flags: readonly string[]): string {
  const words = shellWords(invocation)
  for (const [index, word] of words.entries()) {
    const flag = flags.find((known) => word === known || word.startsWith(`${known}=`))
    if (flag !== undefined) return word === flag ? (words[index + 1] ?? "") : word.slice(flag.length + 1)
  }
  return ""
}
