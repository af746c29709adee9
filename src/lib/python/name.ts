import type { Manifests } from "./project.js"

/** The name of a service as a DNS label: the one chosen, else its project's. Undefined where it has none. */
export function serviceName(manifests: Manifests, chosen?: string): string | undefined {
  const text = manifests["pyproject.toml"] ?? ""
  const project = nameIn(text, /^\[project\][ \t]*(?:#.*)?$([^]*?)(?=^\[|$(?![^]))/m)
  const poetry = nameIn(text, /^\[tool\.poetry\][ \t]*(?:#.*)?$([^]*?)(?=^\[|$(?![^]))/m)
  const label = (project ?? poetry ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "")
  return chosen ?? (label === "" ? undefined : label)
}

const nameIn = (text: string, table: RegExp): string | undefined =>
  /^[ \t]*name\s*=\s*["']([^"'\n]+)["']/m.exec(table.exec(text)?.[1] ?? "")?.[1]
