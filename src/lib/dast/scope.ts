import type { Config } from "../config/config.js"
import { glob } from "../security/glob.js"

type Scoped = Pick<Config["dast"], "include" | "exclude">

/** Returns true if a path, without its query, is to be scanned. */
export function scope({ include, exclude }: Scoped): (path: string) => boolean {
  const [included, excluded] = [include.map(glob), exclude.map(glob)]
  return (path) =>
    (included.length === 0 || included.some((matches) => matches(path))) &&
    !excluded.some((matches) => matches(path))
}

/** The paths that a scan may begin at, the best first: what is asked for health, and what patterns begin with. */
export function beginnings(dast: Scoped, health: string): string[] {
  const fixed = dast.include.map((pattern) => pattern.replace(/[^/]*[*?].*$/s, ""))
  const withoutQuery = (path: string): string => path.replace(/[?#].*$/s, "")
  return [...new Set(["/", ...fixed, health])].filter((path) => scope(dast)(withoutQuery(path)))
}

/**
 * What ZAP is to leave out, as regular expressions of whole URLs. It takes all below the address that it begins at,
 * whatever else a context includes: what isn't included is left out in so many words.
 */
export function excluded(url: string, { include, exclude }: Scoped): string[] {
  const base = escaped(url)
  const others = include.length === 0 ? [] : [`^${base}(?!(?:${include.map(regex).join("|")})(?:\\?.*)?$).*$`]
  return [...exclude.map((pattern) => `^${base}${regex(pattern)}(?:\\?.*)?$`), ...others]
}

/** All of a service, and nothing of a host whose name only begins like its. */
export const within = (url: string): string => `^${escaped(url)}(?:[/?#].*)?$`

/** A glob as a regular expression that both Java and JavaScript know. */
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
