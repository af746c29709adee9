/**
 * Compiles a glob pattern to a predicate on paths.
 *
 * `*` matches any characters but a slash, `?` one of them, `**` as a whole name any number of folders. Everything else
 * matches itself. A pattern that ends in a slash matches all files below.
 *
 * @example glob("app/**\/*.py")("app/api/v1/main.py") // true
 */
export function glob(pattern: string): (path: string) => boolean {
  const names = split(pattern.endsWith("/") ? `${pattern}**` : pattern)
  // What lies below a folder is something, and not the folder itself.
  const segments = [...names, ...(names.at(-1) === "**" ? ["*"] : [])].map((name) => [...name])
  return (path) =>
    matches(
      segments,
      split(path).map((name) => [...name]),
      {
        isMany: (segment) => segment.length === 2 && segment.every((character) => character === "*"),
        one: matchesName,
      },
    )
}

const split = (path: string): string[] => path.replace(/^(?:\.\/+)+/, "").split("/")

const matchesName = (pattern: readonly string[], name: readonly string[]): boolean =>
  matches(pattern, name, {
    isMany: (character) => character === "*",
    one: (character, other) => character === "?" || character === other,
  })

/**
 * Matches a list against a pattern of which some elements stand for any number. It is enough to let the last of these
 * take more, since what comes before it found the earliest place that it can have: no more than the product of both
 * lengths, whatever the pattern.
 */
function matches<P, T>(
  pattern: readonly P[],
  list: readonly T[],
  { isMany, one }: { isMany: (element: P) => boolean; one: (element: P, other: T) => boolean },
): boolean {
  let [at, position] = [0, 0]
  /** Behind the last element that stands for many, and how far it reaches. */
  let retry: [at: number, position: number] | undefined
  while (position < list.length) {
    const element = pattern[at]
    if (at < pattern.length && isMany(element as P)) retry = [++at, position]
    else if (at < pattern.length && one(element as P, list[position] as T)) {
      at++
      position++
    } else if (retry === undefined) return false
    else {
      retry = [retry[0], retry[1] + 1]
      ;[at, position] = retry
    }
  }
  return pattern.slice(at).every(isMany)
}
