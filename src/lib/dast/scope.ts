import type { Config } from "../config/config.js"
import { glob } from "../security/glob.js"

type Scoped = Pick<Config["dast"], "include" | "exclude">

/** Returns a predicate for the paths to scan, given without their query. */
export function scope({ include, exclude }: Scoped): (path: string) => boolean {
  const [included, excluded] = [include.map(glob), exclude.map(glob)]
  return (path) =>
    (included.length === 0 || included.some((matches) => matches(path))) &&
    !excluded.some((matches) => matches(path))
}

/** Candidate paths to start a scan at, the best first: the root, the fixed beginnings of patterns, the health check. */
export function beginnings(dast: Scoped, health: string): string[] {
  const fixed = dast.include.map((pattern) => {
    const wildcard = pattern.search(/[*?]/)
    return wildcard < 0 ? pattern : pattern.slice(0, pattern.lastIndexOf("/", wildcard) + 1)
  })
  const withoutQuery = (path: string): string => path.replace(/[?#].*$/s, "")
  return [...new Set(["/", ...fixed, health])].filter((path) => scope(dast)(withoutQuery(path)))
}

/**
 * Regular expressions of whole URLs that ZAP excludes.
 *
 * ZAP scans everything below its starting address, whatever else a context includes; so all that isn't included is
 * excluded explicitly.
 */
export function excluded(url: string, { include, exclude }: Scoped): string[] {
  const base = escaped(url)
  const others = include.length === 0 ? [] : [`^${base}(?!(?:${include.map(regex).join("|")})(?:\\?.*)?$).*$`]
  return [...exclude.map((pattern) => `^${base}${regex(pattern)}(?:\\?.*)?$`), ...others]
}

/** Regular expression of all URLs of a service, but of no host whose name only has the same beginning. */
export const within = (url: string): string => `^${escaped(url)}(?:[/?#].*)?$`

/** Converts a glob to a regular expression for both Java and JavaScript. */
function regex(pattern: string): string {
  const names = (pattern.endsWith("/") ? `${pattern}**` : pattern).split("/")
  return names
    .map((name, index) => {
      const last = index === names.length - 1
      if (name === "**") return last ? ".*" : "(?:[^/?]*/)*"
      return `${[...name].map(character).join("")}${last ? "" : "/"}`
    })
    .join("")
}

const character = (char: string): string => (char === "*" ? "[^/?]*" : char === "?" ? "[^/?]" : escaped(char))

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
