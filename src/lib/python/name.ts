import type { Manifests } from "./project.js"

/** The name of a service as a DNS label: the one chosen, else its project's. Undefined where it has none. */
export function serviceName(manifests: Manifests, chosen?: string): string | undefined {
  const table = /^\[(?:project|tool\.poetry)\][ \t]*(?:#.*)?$([^]*?)(?=^\[|$(?![^]))/m
  const [, body = ""] = table.exec(manifests["pyproject.toml"] ?? "") ?? []
  const [, project = ""] = /^name\s*=\s*["']([^"'\n]+)["']/m.exec(body) ?? []
  const label = project
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "")
  return chosen ?? (label === "" ? undefined : label)
}
