/** The right that a refused request takes, by the registry's own words or by what regctl was doing. */

interface MissingRight {
  /** As the registry calls it: `metadata/read` of a repository. */
  name: string
  /** True if the registry itself names it. */
  certain: boolean
  remedy: string
}

/** What regctl was doing, with the right of a token of Azure's registry, and that of others. */
const DOING: readonly (readonly [pattern: RegExp, doing: string, azure: string, other: string])[] = [
  [/failed to list tags/, "listing tags", "metadata/read", "pull"],
  [/failed to delete/, "deleting", "content/delete", "delete"],
  [/failed to (?:send|put|push|mount)|blob post|blob put|blob upload/, "writing", "content/write", "push"],
  [/failed to (?:get|request|list)|error getting source/, "reading", "content/read", "pull"],
]

/** A scope or detail in a refusal: `repository:shop/api:metadata_read`, or Azure's `"Action":"metadata_read"`. */
const NAMED = /\brepository:([\w./-]{1,200}):([a-z_]{1,40})\b|"Action": ?"([a-z_]{1,40})"/

/** Reads the right that a refused run of regctl lacks; undefined if its output doesn't show what it was doing. */
export function missingRight(output: string): MissingRight | undefined {
  const isAzure = /\.azurecr\.(?:io|cn|us)\b/.test(output)
  const found = DOING.find(([pattern]) => pattern.test(output))
  const [, , scope, action] = NAMED.exec(output) ?? []
  const named = scope ?? action
  if (named === undefined && found === undefined) return undefined
  const [, doing = "this", azure = "", other = ""] = found ?? []
  // Azure calls a right `metadata_read` in its answers, and `metadata/read` where it is given.
  const name = named?.replace("_", "/") ?? (isAzure ? azure : other)
  return {
    name,
    certain: named !== undefined,
    remedy: isAzure
      ? `give the token the right ${name}, which ${doing} takes: az acr scope-map update --add-repository REPOSITORY ${rights(name)} (a role such as AcrPull has it)`
      : `see whether the user may ${name} there, which ${doing} takes`,
  }
}

/** Writing takes reading too, of layers that are there already. */
const rights = (name: string): string => (name === "content/write" ? "content/read content/write" : name)
